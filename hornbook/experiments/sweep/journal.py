"""The journal of a sweep: a file of JSON lines that Optuna adds to, in a folder of one owner.

Optuna's own file has a lock beside it, which a kill leaves behind and Ctrl-C can cut in two; and
what a full disk cut short stays in the middle of it when more is added. Here the folder's lock
keeps others out, Optuna's storage has one of threads, and a line is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError, RunError
from hornbook.extras import needing
from hornbook.storage import refuse_irregular

with needing("optuna", "A sweep"):
    from optuna.storages import JournalStorage
    from optuna.storages.journal import BaseJournalBackend

__all__ = ["OwnedJournal", "damage_told", "open_journal"]


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
            ValueError: if a line is not JSON.
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
    with damage_told(path):
        return JournalStorage(OwnedJournal(path))


@contextlib.contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """A context in which a journal is read.

    Raises:
        RunError: if it cannot be read, or holds what Optuna never wrote.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"Cannot read {path}: {error.strerror or error}.") from error
    except HornbookError:
        raise
    except Exception as error:  # whatever Optuna comes to over lines that are not its own
        why = f"{type(error).__name__}: {error}"
        raise RunError(
            f"{path} is damaged: {why}.",
            hint="Restore it from an intact copy, or delete it: the same sweep takes up the runs "
            "that are there, and trains no finished one again.",
        ) from error
