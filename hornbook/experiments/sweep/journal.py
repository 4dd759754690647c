"""The journal of a sweep: a file of JSON lines that Optuna adds to, in a folder of one owner.

Optuna's own file has a lock beside it, which a kill leaves behind and Ctrl-C can cut in two; and
what a full disk cut short stays in the middle of it when more is added. Here the folder's lock
keeps others out, Optuna's storage has one of threads, and a line is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from hornbook.errors import RunError
from hornbook.extras import needing
from hornbook.storage import refuse_irregular

with needing("optuna", "A sweep"):
    from optuna.storages import JournalStorage
    from optuna.storages.journal import BaseJournalBackend

__all__ = ["OwnedJournal", "open_journal"]


class OwnedJournal(BaseJournalBackend):
    """What was written to a file that nobody else writes to.

    Args:
        path: of the file; what a kill left half written at its end is taken away.

    Raises:
        OSError: if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[bytes] = []
        if path.exists():
            with path.open("r+b") as file:
                *self.lines, cut_short = file.read().split(b"\n")
                if cut_short:
                    file.truncate(file.tell() - len(cut_short))

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        """What was written from a line on, the first being 0.

        Raises:
            ValueError: if a line is no JSON.
        """
        try:
            return [json.loads(line) for line in self.lines[log_number_from:]]
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines; they are on the disk afterwards.

        Raises:
            OSError: if they cannot be written; then nothing is.
        """
        lines = [json.dumps(one, separators=(",", ":")).encode() for one in logs]
        with self.path.open("ab", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            text, written = memoryview(b"".join(line + b"\n" for line in lines)), 0
            try:
                while written < len(text):  # a disk that is nearly full takes a part
                    written += file.write(text[written:])
                os.fsync(file.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    file.truncate(size)
                raise
        self.lines += lines


def open_journal(path: Path) -> JournalStorage:
    """The storage in a journal.

    Raises:
        RunError: if it cannot be read or written, or is damaged.
    """
    refuse_irregular(path.parent, path.name)
    try:
        return JournalStorage(OwnedJournal(path))
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
    except Exception as error:  # whatever Optuna comes to over lines that it never wrote
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> RunError:
    """The error that a journal holds what Optuna never wrote."""
    why = f"{type(error).__name__}: {error}"
    return RunError(
        f"{path} is damaged: {why}.",
        hint="Restore it from an intact copy, or search again in another folder: its runs, in "
        "trials/, are whole.",
    )
