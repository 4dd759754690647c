"""What to say of a path at which there is no run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from hornbook.actions import Action
from hornbook.errors import RunError
from hornbook.paths import exists, is_file, is_folder
from hornbook.rendering import clip, many
from hornbook.runs.contents import experiment_in
from hornbook.sources.datasets import DATASETS
from hornbook.suggestions import nearest, parted, without_commas
from hornbook.tasks import presets

__all__ = ["no_run"]

MODELS = (".gguf", ".safetensors")
NAMED = 3  # runs that are named where several may be meant


def no_run(path: Path) -> RunError:
    """The error that a path is not a run's, with the run that was perhaps meant."""
    if is_model(path):
        return RunError(
            f"{clip(str(path), 200)} is a model of another format, not a run.",
            hint="Make a run of it:",
            action=Action("import_model", (str(path),)),
        )
    inside = names_of_runs(path)
    if who := experiment_in(path):
        what = f"holds the runs that {who} made; it is not a run itself"
        if not inside:  # they lie deeper
            return RunError(
                f"{clip(str(path), 200)} {what}.",
                hint="List them, and name one:",
                action=Action("list_runs", (str(path),)),
            )
        near = f"Name one of them ({', '.join(inside)}). "
    elif inside:
        return RunError(
            f"{clip(str(path), 200)} is a folder with {many(len(inside), 'run')}, not a run.",
            hint=f"Give one of them: {some(path / name for name in inside)}.",
            action=Action("list_runs", (str(path),)),
        )
    else:
        runs = [one for one in parted([str(path)]) if is_file(Path(one) / "run.json")]
        near = without_commas(str(path), runs) or runs_near(path)
        what = "is not a run directory" if exists(path) else "does not exist"
        if is_file(path):
            what = "is a file, not a run directory"
        elif path.name in DATASETS and path.parent == Path():
            what = "is a data set, not a run directory"
    return RunError(
        f"{clip(str(path), 200)} {what}.",
        hint=f"{near}Give the run directory that training printed; paths are relative to the "
        f"current directory, {Path.cwd()}.",
    )


def is_model(path: Path) -> bool:
    """Whether a path is of a model that others trained, or the name of one that was published."""
    if path.suffix in MODELS:
        return is_file(path)
    if str(path) in presets() and not exists(path):
        return True
    return exists(path / "config.json") and any(path.glob("*.safetensors"))


def names_of_runs(folder: Path) -> list[str]:
    """The runs in a folder, sorted; none if it cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        if is_folder(folder):
            return sorted(run.parent.name for run in folder.glob("*/run.json"))
    return []


def runs_near(path: Path) -> str:
    """Which run was perhaps meant by a path that is not one: beside it, or under runs/.

    Only the last parts are compared: all runs of a folder have the others in common.
    """
    if is_file(path.parent / "run.json"):
        return f"Did you mean {path.parent}? "  # which the file belongs to
    found = {
        folder / name: name
        for folder in (path.parent, Path("runs") / path.parent)
        for name in names_of_runs(folder)
    }
    found.pop(path, None)
    for same in (
        [run for run, name in found.items() if name == path.name],
        [run for run, name in found.items() if name.startswith(f"{path.name}-")],
    ):
        if len(same) == 1:
            return f"Did you mean {same[0]}? "
        if same:
            return f"Did you mean one of these: {some(same)}? "
    near = nearest(path.name.lower(), {name.lower() for name in found.values()})
    meant = [run for run, name in found.items() if name.lower() == near]
    return f"Did you mean {meant[0]}? " if meant else ""


def some(runs: Iterable[Path]) -> str:
    """A few of some runs by name, and how many more there are."""
    named = list(map(str, runs))
    more = len(named) - NAMED
    return ", ".join(named[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
