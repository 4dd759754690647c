"""Who is told while a run is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hornbook.runs.run import Run
from hornbook.storage import write_json

if TYPE_CHECKING:
    from hornbook.training.calibration import Calibration
    from hornbook.training.progress import Progress
    from hornbook.training.record import Record

__all__ = ["Watcher", "finish"]


class Watcher:
    """What can be told while a run is made; every method may be overridden, none must be."""

    def downloaded(self, done: int, total: int) -> None:
        """Bytes of a data set have come."""

    def began(self, run: Run, about: dict[str, Any]) -> None:
        """The data is read, the model built, the directory there."""

    def calibrated(self, calibration: Calibration) -> None:
        """How the net runs fastest here was measured."""

    def tried(self, done: int, of: int) -> None:
        """So many of the learning rates that the finder goes through are done."""

    def progressed(self, progress: Progress) -> None:
        """Training has come so far. Called a few times a second, and after the last update."""

    def recorded(self, record: Record, preview: Callable[[], list[str]]) -> None:
        """Losses were measured; `preview` draws a few samples."""

    def ended(self, run: Run, summary: dict[str, Any]) -> None:
        """The run is kept."""


def finish(run: Run, summary: dict[str, Any], watcher: Watcher) -> Run:
    """Write the summary, and open the run anew so that it reads what was kept."""
    write_json(run.directory.summary, summary)
    opened = Run(run.path)
    watcher.ended(opened, summary)
    return opened
