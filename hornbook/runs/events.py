"""What happens while a run is made, told as it happens to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hornbook.compute.pinned import released
from hornbook.runs.record import RunRecord, Summary
from hornbook.training.measures import Extent
from hornbook.training.progress import Progress
from hornbook.training.record import Record

if TYPE_CHECKING:
    from hornbook.runs.run import Run
    from hornbook.training.calibration import Calibration

__all__ = [
    "Began",
    "Calibrated",
    "Compiling",
    "Ended",
    "Estimated",
    "Evaluated",
    "Event",
    "Fetched",
    "Listener",
    "Loaded",
    "Noted",
    "Pieced",
    "Progressed",
    "Tried",
    "Warned",
    "apart",
    "nobody",
]


@dataclass(frozen=True)
class Fetched:
    """Bytes of a data set have come."""

    done: int
    total: int


@dataclass(frozen=True)
class Pieced:
    """Some of a large file was read; told many times a second."""

    what: str
    "What is done with it, as `Reading` or `Encoding`."
    done: int
    total: int
    "Bytes."


@dataclass(frozen=True)
class Loaded:
    """The data are read."""

    task: str
    why: str
    "Why the data belongs to that task."
    name: str
    about: Sequence[str]
    sizes: dict[str, int]


@dataclass(frozen=True)
class Calibrated:
    """How the net runs fastest here was measured, and what else was open is settled."""

    calibration: Calibration
    lowered: int = 0
    "Predictions per split to evaluate during training, where the default would cost too much."


@dataclass(frozen=True)
class Began:
    """The run directory is there, the model is built, and training begins, or goes on."""

    path: Path
    record: RunRecord
    parameters: int | None
    "None for a model that is fitted, since the number is not known yet."
    device: str
    resumed: bool
    frozen: int = 0
    "How many of them do not learn."
    at_the_end: Mapping[str, Extent] = field(default_factory=dict)
    "About how much of a split the last figures are of, where more is measured then than before."


@dataclass(frozen=True)
class Progressed:
    """Updates were made; told a few times a second."""

    progress: Progress


@dataclass(frozen=True)
class Estimated:
    """How long the rest of a training will take, as its first steps tell; told once."""

    seconds: float
    "Evaluations included."
    step: float
    "Seconds that a step takes."


@dataclass(frozen=True)
class Evaluated:
    """Losses were measured, in the course of training."""

    record: Record
    preview: Callable[[], Sequence[str]]
    "Returns a few lines that show what was learned so far."
    extents: Mapping[str, Extent] = field(default_factory=dict)
    "How much of each split was measured, as it was counted; the same each time."


@dataclass(frozen=True)
class Tried:
    """So many of the learning rates that the finder goes through are done."""

    done: int
    of: int


@dataclass(frozen=True)
class Noted:
    """Where a training begins, if that is not from a seed."""

    message: str


@dataclass(frozen=True)
class Compiling(Noted):
    """Steps are about to be compiled for this machine, for which everything waits."""


@dataclass(frozen=True)
class Warned:
    """Something that the user should know; it does not keep the result from being whole."""

    message: str
    "What, and why."


@dataclass(frozen=True)
class Ended:
    """The run is kept."""

    run: Run
    summary: Summary


Event: TypeAlias = (
    Fetched
    | Pieced
    | Loaded
    | Calibrated
    | Noted
    | Began
    | Estimated
    | Progressed
    | Evaluated
    | Tried
    | Warned
    | Ended
)
Listener = Callable[[Event], None]


def apart(listen: Listener) -> Listener:
    """A listener that is called with the settings of whoever gave it: it may do as it likes."""

    def told(event: Event) -> None:
        with released():
            listen(event)

    return listen if listen is nobody else told


def nobody(event: Event) -> None:
    """Listens to nothing."""
