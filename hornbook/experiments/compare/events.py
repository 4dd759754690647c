"""What happens while models are compared, told as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.events import TrainingTogether
from hornbook.runs.events import Event

__all__ = [
    "Comparing",
    "Measuring",
    "Planned",
    "TrialBegan",
    "TrialEnded",
]


@dataclass(frozen=True)
class Planned:
    """What will be made is known."""

    data: str
    trials: int
    made: int
    "Of these, how many are made already."
    seconds: float | None
    "About how long the others will be trained in all; None if nothing tells."


@dataclass(frozen=True)
class TrialBegan:
    """A run is about to be made, or goes on."""

    data: str
    trial: Trial
    number: int
    "How many have begun, this one among them, and those that were there."
    of: int


@dataclass(frozen=True)
class TrialEnded:
    """A run is there, or was refused."""

    data: str
    trial: Trial
    number: int
    "How many have ended, this one among them."
    of: int
    reached: float | None
    "The deciding measure on dev; None if there is no run."
    refused: str
    known: bool
    "Whether it was there already."


@dataclass(frozen=True)
class Measuring:
    """All runs are made, and one is measured on whole splits."""

    data: str
    name: str
    number: int
    of: int


Comparing: TypeAlias = Callable[
    [Event | Planned | TrialBegan | TrialEnded | TrainingTogether | Measuring], None
]
