"""The folder of an experiment, which one process owns at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from hornbook.errors import RunError
from hornbook.records import read_record
from hornbook.runs.lock import Lock
from hornbook.storage import SEAL, is_sound, read_json, remove_parts

__all__ = ["own", "read_kept"]

T = TypeVar("T")
RESTORE = "Restore it from an intact copy, or choose another `out`."


def own(folder: Path) -> Lock:
    """Own a folder, made if it is not there; what a kill left half written beside runs is deleted.

    Raises:
        RunError: if it cannot be made or written, or another process owns it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"Cannot create {folder}: {error.strerror or error}.",
            hint="Choose a directory that you can write to as `out`.",
        ) from error
    lock = Lock.take(folder)
    try:
        remove_parts(folder, aside="run.json")  # a run's own are its owner's, who may be another
    except BaseException:
        lock.release()
        raise
    return lock


def read_kept(kind: type[T], path: Path, newest: int) -> T:
    """The record of an experiment.

    Args:
        kind: of the record.
        path: of its file.
        newest: format that this version knows.

    Raises:
        RunError: if it is missing, damaged, or of another format.
    """
    held = read_json(path, restore=RESTORE)
    if held.get("format", newest) != newest:
        raise RunError(
            f"{path} has format {held.get('format')!r}; this hornbook reads {newest}.",
            hint="Upgrade hornbook, or choose another `out`.",
        )
    record = read_record(kind, {k: v for k, v in held.items() if k != SEAL}, str(path))
    if not is_sound(held):
        raise RunError(f"{path} is damaged: its checksum does not match.", hint=RESTORE)
    return record
