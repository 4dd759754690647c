"""The folder of an experiment, which one process owns at a time."""

from __future__ import annotations

from pathlib import Path

from hornbook.errors import RunError
from hornbook.runs.lock import Lock
from hornbook.storage import remove_parts

__all__ = ["own"]


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
