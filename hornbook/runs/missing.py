"""What to say of a path at which there is no run."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hornbook.errors import RunError
from hornbook.paths import exists, is_file
from hornbook.rendering import clip
from hornbook.runs.contents import TRIED
from hornbook.suggestions import did_you_mean

__all__ = ["no_run"]


def no_run(path: Path) -> RunError:
    """The error that a path is not a run's, with the run that was perhaps meant."""
    near = runs_near(path)
    if exists(path / TRIED):
        what = "holds the runs that best tried; it is not a run itself"
        near = f"Name one of them ({', '.join(names_of_runs(path))}). "
    elif is_file(path):
        what = "is a file, not a run directory"
    else:
        what = "is not a run directory" if exists(path) else "does not exist"
    return RunError(
        f"{clip(str(path), 200)} {what}.",
        hint=f"{near}Give the run directory that training printed; paths are relative to the "
        f"current directory, {Path.cwd()}.",
    )


def names_of_runs(folder: Path) -> list[str]:
    """The runs in a folder, sorted."""
    return sorted(run.parent.name for run in folder.glob("*/run.json"))


def runs_near(path: Path) -> str:
    """Which run was perhaps meant by a path that is not one: beside it, or under runs/."""
    if is_file(path.parent / "run.json"):
        return f"Did you mean {path.parent}? "  # which the file belongs to
    found: list[Path] = []
    for folder in (path.parent, Path("runs") / path.parent):
        with contextlib.suppress(OSError, ValueError):
            found += [run.parent for run in folder.glob("*/run.json")]
    found = [run for run in found if run != path]
    same = [run for run in found if run.name == path.name]
    same = same or [run for run in sorted(found) if run.name.startswith(f"{path.name}-")]
    return f"Did you mean {same[0]}? " if same else did_you_mean(str(path), map(str, found))
