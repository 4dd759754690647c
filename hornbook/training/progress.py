"""How far a training has come: what a display is told between two evaluations."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True)
class Progress:
    """How far a training has come, told a few times a second."""

    step: int
    "Number of updates done."
    steps: int
    "Total number of updates."
    loss: float | None
    "Mean loss of the batches since the last evaluation; None right after one."
    rate: float
    "Learning rate of the next update."
    seconds: float
    "Training time so far, including the time before a resume."
