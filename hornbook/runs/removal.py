"""Deleting a run for good: its own files, and nothing that stands beside them."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from hornbook.errors import RunError, SettingsError
from hornbook.paths import is_file
from hornbook.runs.claim import Claim
from hornbook.runs.contents import strangers
from hornbook.runs.lock import LOCK
from hornbook.runs.missing import no_run
from hornbook.runs.record import RunRecord

__all__ = ["Doomed", "looked_at_for_removal", "remove_run"]


@dataclass(frozen=True)
class Doomed:
    """What would be deleted with a run."""

    path: Path
    bytes: int
    "Of its own files."
    strangers: tuple[str, ...]
    "Names of what stands in the directory and is not the run's: it stays."


def looked_at_for_removal(path: str | Path) -> Doomed:
    """What would be deleted with a run; nothing is changed.

    Raises:
        RunError: if it is not a run, is reached through a link, or its record cannot be read.
    """
    folder = Path(path)
    if not is_file(folder / "run.json"):
        raise no_run(folder)
    if folder.is_symlink():
        raise RunError(
            f"{folder} is a link to {os.path.realpath(folder)}: the run itself has to be named.",
            hint="Name the directory that it leads to.",
        )
    if Path.cwd().is_relative_to(folder.absolute()):
        raise RunError(
            "The current directory cannot be removed.", hint="Change to another directory first."
        )
    try:
        RunRecord.read(folder / "run.json")
    except (RunError, SettingsError) as error:
        raise RunError(
            f"{error.message} So nothing tells which files in {folder} are the run's.",
            hint="Look at the directory, and delete it yourself.",
        ) from error
    foreign = strangers(folder)
    own = [item for item in folder.rglob("*") if is_own(item, folder, foreign)]
    size = sum(item.lstat().st_size for item in own if not item.is_dir())
    return Doomed(folder, size, tuple(foreign))


def remove_run(path: str | Path) -> Doomed:
    """Delete a run: its own files, and the directory, if nothing else stands in it.

    Returns:
        What was deleted, and what stays.

    Raises:
        RunError: as `looked_at_for_removal`; if another process is at work on the run; or something
            cannot be deleted.
    """
    doomed = looked_at_for_removal(path)
    claim = Claim.take_up(doomed.path)
    home, record = claim.home, claim.home / "run.json"
    try:
        for item in sorted(home.rglob("*"), reverse=True):  # what a folder holds before the folder
            if not is_own(item, home, doomed.strangers) or item in (record, home / LOCK):
                continue
            if item.is_dir() and not item.is_symlink():
                with contextlib.suppress(OSError):  # something of somebody else's is in it
                    item.rmdir()
            else:
                item.unlink()
        record.unlink()  # last: after a kill it tells that all of this is a run's
    except OSError as error:
        raise RunError(
            f"Cannot delete all of {doomed.path}: {error.strerror or error}.",
            hint="Some of its files may be gone already.",
        ) from error
    finally:
        claim.lock.release()
    with contextlib.suppress(OSError):
        home.rmdir()
    return doomed


def is_own(item: Path, folder: Path, foreign: tuple[str, ...] | list[str]) -> bool:
    """Whether something in a run's directory is the run's.

    Args:
        item: a file or a folder in it.
        folder: the run's directory.
        foreign: names of what is not.
    """
    name = item.relative_to(folder).as_posix()
    return not any(name == one or name.startswith(f"{one}/") for one in foreign)
