"""The folder of a sweep: owned by one process at a time, and never that of something else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hornbook.errors import RunError
from hornbook.experiments.owned import own
from hornbook.experiments.sweep.record import SweepRecord
from hornbook.paths import exists
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.contents import SWEPT, clear
from hornbook.runs.lock import LOCK, Lock

__all__ = ["JOURNAL", "PAGE", "RESULT", "RUNS", "TABLE", "Folder", "place_of_best"]

JOURNAL = "trials.journal"
"The trials as Optuna saves them, where it saves them to a file."
BEGINNING = (LOCK, JOURNAL, f"{JOURNAL}.lock")
"What a kill may leave of a sweep before it says what it is of."
RUNS = "trials"
"Folder of the runs."
TABLE, RESULT, PAGE = "trials.csv", "result.json", "report.html"
"What is written at the end."


class Folder:
    """A sweep's folder, owned by this process.

    Args:
        folder: where it is, or is to be.
        record: of the sweep.
        overwrite: replace another sweep that is there.

    Attributes:
        record: as it stands there.
    """

    def __init__(self, folder: Path, record: SweepRecord, *, overwrite: bool) -> None:
        self.folder, self.record, self.overwrite = folder, record, overwrite
        self.lock: Lock | None = None

    def __enter__(self) -> Folder:
        """Own it, and take up what is there.

        Raises:
            RunError: if another process owns it, something else is there, or it cannot be written.
        """
        if exists(self.folder / "run.json") or (
            self.folder.exists() and not exists(self.folder / SWEPT) and holds_others(self.folder)
        ):
            raise RunError(
                f"{self.folder} is there already, and holds no sweep.",
                hint="Choose another `out`.",
            )
        self.lock = own(self.folder)
        try:
            try:
                self.record = self.record.taken_up(self.folder)
            except RunError:
                if not self.overwrite:
                    raise
                self.clear()
        except BaseException:
            self.lock.release()
            raise
        return self

    def begin(self) -> None:
        """Keep what the sweep is, once all is there that it needs."""
        self.record.write(self.folder)

    def clear(self) -> None:
        """Delete another sweep, its runs among it."""
        for path in sorted((self.folder / RUNS).glob("*")):
            refuse_if_taken(path, overwrite=True)
            lock = Lock.take(path)
            try:
                clear(path)
            finally:
                lock.release()
            path.rmdir()
        for name in (JOURNAL, TABLE, RESULT, PAGE, SWEPT):
            (self.folder / name).unlink(missing_ok=True)

    def spent(self, seconds: float) -> None:
        """Take note of time."""
        self.record = replace(self.record, seconds=round(self.record.seconds + seconds, 2))
        self.record.write(self.folder)

    def __exit__(self, *_: object) -> None:
        """Give it up."""
        if self.lock is not None:
            self.lock.release()


def holds_others(folder: Path) -> bool:
    """Whether a directory holds anything but what a kill may leave of a sweep that had begun."""
    return not folder.is_dir() or any(path.name not in BEGINNING for path in folder.iterdir())


def place_of_best(folder: Path) -> Path:
    """Where the best run of a sweep is kept."""
    return folder.with_name(f"{folder.name}-best")
