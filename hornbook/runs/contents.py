"""Which files belong to a run, and whether a directory holds anything else."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hornbook.errors import RunError, SettingsError
from hornbook.paths import exists
from hornbook.runs.lock import LOCK, is_marked
from hornbook.runs.record import RunRecord
from hornbook.storage import PART
from hornbook.tasks import task_named, tasks

__all__ = [
    "COMPARED",
    "EXPERIMENTS",
    "SWEPT",
    "TRIED",
    "begun_only",
    "clear",
    "experiment_in",
    "never_made",
    "strangers",
]

OWN = {
    LOCK,
    "run.json",
    "metrics.jsonl",
    "health.jsonl",
    "report.html",
    "model.safetensors",
    "frozen.safetensors",
    "checkpoint.safetensors",
    "summary.json",
    "notes.json",
}
TRIED = "tried.json"
"In a folder of runs among which one was chosen: what each of them came to."
COMPARED = "compared.json"
"In a folder of runs that are compared: of what, and what was looked at."
SWEPT = "sweep.json"
"In a folder of a search over settings: what is varied, and what was looked at."
EXPERIMENTS = {TRIED: "best", COMPARED: "compare", SWEPT: "sweep"}
"Files that stand in folders of many runs, and who made these: they are not listed one by one."
IS_PART = re.compile(PART + "$")


def strangers(path: Path) -> list[str]:
    """What stands in a directory and is not a run's: no more than these may be lost with it.

    Args:
        path: of a run, or of what a kill left of one that had only begun.

    Returns:
        Names, sorted: of files that no run has, and of links; `run.json` alone where there are none
        and it cannot be read, for then nothing tells that this is a run.
    """
    there, ours = list(contents(path)), begun_only(path)
    known = {LOCK} if ours else {LOCK, *OWN}  # a beginning holds nothing that was learned
    if not {name for name, _ in there} <= known:  # only then need all tasks be asked
        known |= {name for task in tasks().values() for name in task.files}
    with contextlib.suppress(RunError, SettingsError):
        record = RunRecord.read(path / "run.json")
        known |= record.data.files.keys() | task_named(record.task).files
        ours = True
    folders = {str(parent) for name in known for parent in PurePosixPath(name).parents}
    found, empty = [], True
    for name, mode in there:
        if name == LOCK and is_unwritten(path / LOCK):
            continue  # a kill came between making the lock and writing into it
        empty = False
        if stat.S_ISDIR(mode):
            known_kind = name in folders
        else:
            known_kind = stat.S_ISREG(mode) and (
                name in known or bool(IS_PART.match(PurePosixPath(name).name))
            )
        if not known_kind:
            found.append(name)
    return sorted(found) if found or ours or empty else ["run.json"]


def is_unwritten(lock: Path) -> bool:
    """Whether a lock file is empty: nothing is lost with it."""
    with contextlib.suppress(OSError):
        found = lock.lstat()
        return stat.S_ISREG(found.st_mode) and not found.st_size
    return False


def contents(path: Path) -> Iterator[tuple[str, int]]:
    """Name and mode of everything in a directory, which another process may be changing."""
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            item = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):  # it has just gone
                yield item.relative_to(path).as_posix(), item.lstat().st_mode


def experiment_in(folder: Path) -> str:
    """Who made the runs in a folder, if it is that of an experiment with many; else empty."""
    return next((who for name, who in EXPERIMENTS.items() if exists(folder / name)), "")


def begun_only(path: Path) -> bool:
    """Whether a kill ended a process of ours here before there was a run."""
    return not (path / "run.json").exists() and is_marked(path)


def never_made(path: Path) -> bool:
    """Whether a kill ended a process of ours here before it had made a model in one pass: one that
    is counted, fitted, mixed or imported. Nothing was learned, and there is nothing to resume.
    """
    try:
        record = RunRecord.read(path / "run.json")
    except (RunError, SettingsError):
        return False
    if record.training is not None or os.path.lexists(path / "summary.json"):
        return False  # a run that was whole and has lost its model is not ours to replace
    return record.start.kind == "import" or not os.path.lexists(path / "model.safetensors")


def clear(path: Path) -> None:
    """Delete what a run, or the beginning of one, holds, but not the lock.

    Raises:
        OSError: if something cannot be deleted.
    """
    record = path / "run.json"
    for item in sorted(path.rglob("*"), reverse=True):  # what a folder holds before the folder
        if item.is_dir() and not item.is_symlink():
            item.rmdir()
        elif item.name != LOCK and item != record:
            item.unlink()
    record.unlink(missing_ok=True)  # last: after a kill it tells that all of this is a run's
