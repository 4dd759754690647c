"""What happens in the course of a sweep, told as it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hornbook.experiments.events import TrainingTogether
from hornbook.experiments.sweep.rows import Trial
from hornbook.runs.events import Event

__all__ = ["Opened", "SweepEvent", "Sweeping", "TrialBegan", "TrialEnded"]


@dataclass(frozen=True)
class Opened:
    """The sweep is there, and trials begin."""

    folder: str
    over: Mapping[str, str]
    "The range of each setting, as it is written."
    done: int
    "Trials that have ended before."
    most: int | None
    "Trials that there are to be; None: as many as there is time for."
    jobs: int
    note: str = ""
    "A sentence on whether trials are trained together; empty where nobody would expect that."


@dataclass(frozen=True)
class TrialBegan:
    """A trial is about to be made."""

    number: int
    values: Mapping[str, Any]
    "Of the settings that are varied."
    resumed: bool
    "Whether it was begun before, and goes on."


@dataclass(frozen=True)
class TrialEnded:
    """A trial has ended here."""

    trial: Trial
    best: Trial | None
    "The best so far."


SweepEvent: TypeAlias = Opened | TrialBegan | TrainingTogether | TrialEnded
Sweeping: TypeAlias = Callable[[Event | SweepEvent], None]
