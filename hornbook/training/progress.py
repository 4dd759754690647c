"""How far a training has come: what a display is told between two evaluations."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True)
class Progress:
    """How far a training has come, told a few times a second."""

    step: int
    "Updates done."
    steps: int
    "Updates in all."
    loss: float | None
    "Mean loss of the batches since the last record; None right after one."
    rate: float
    "The learning rate of the next update."
    seconds: float
    "Time in training so far, that before a resume included."
