"""How good predictions of a column of numbers are: their errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from hornbook.tasks.scores import Floats, Scores

__all__ = ["NumberErrors"]


@dataclass(frozen=True)
class NumberErrors(Scores):
    """Errors of predicted numbers.

    Shapes: both (n,), in the units of the table.
    """

    root: ClassVar[bool] = True
    predicted: Floats
    target: Floats
    relative: bool = False
    "Whether shares of the target decide (RMSPE), as where its logarithm is learned."

    @cached_property
    def errors(self) -> Floats:
        """How far each prediction is off."""
        found: Floats = self.predicted - self.target
        return found

    @cached_property
    def losses(self) -> Floats:
        """Squared errors, or squares of their shares of the target."""
        errors = self.errors / self.target if self.relative else self.errors
        found: Floats = np.square(errors)
        return found

    def as_dict(self) -> dict[str, float]:
        """All figures by name."""
        errors, target = self.errors, self.target
        spread = float(np.square(target - target.mean()).sum())
        found = {
            "rmse": float(np.sqrt(np.square(errors).mean())),
            "mae": float(np.abs(errors).mean()),
        }
        if spread > 0:
            found["r2"] = 1 - float(np.square(errors).sum()) / spread
        if (target > 0).all():
            found["rmspe"] = float(np.sqrt(np.square(errors / target).mean()))
            found["mape"] = float(np.abs(errors / target).mean())
        return found
