"""What happens while the best model is looked for, and while several are trained, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hornbook.experiments.ladder import Rung
from hornbook.runs.events import Event

__all__ = ["Climbing", "RungBegan", "RungEnded", "TrainingTogether"]


@dataclass(frozen=True)
class RungBegan:
    """A model is about to be made."""

    name: str
    kind: str
    seconds: float | None
    "Time that it is given; None if it takes what it takes."
    resumed: bool
    "Whether it was begun before, and goes on."


@dataclass(frozen=True)
class RungEnded:
    """A model is there, or was refused."""

    rung: Rung
    known: bool
    "Whether it was there already."


@dataclass(frozen=True)
class TrainingTogether:
    """Several runs of a family are trained together."""

    family: str
    runs: int
    ended: int
    "How many of them have ended."


Climbing: TypeAlias = Callable[[Event | RungBegan | RungEnded], None]
