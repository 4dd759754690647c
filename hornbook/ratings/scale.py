"""The scale of ratings: from where to where, and in which steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Scale", "ScaleFinder"]

DISTINCT = 1_000  # values: more are not steps
STEPS = 10_000  # most steps from the lowest to the highest
CLOSE = 1e-6  # what rounding may make of a multiple


@dataclass(frozen=True)
class Scale:
    """The lowest and the highest rating, and what lies between two neighbours."""

    low: float
    high: float
    step: float | None = None
    "The largest number of which all differences are multiples; None if they have no common one."

    def __str__(self) -> str:
        steps = f" in steps of {self.step:g}" if self.step else ""
        return f"{self.low:g} to {self.high:g}{steps}"


class ScaleFinder:
    """Finds the scale of values that come in pieces."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf
        self.seen: set[float] = set()

    def see(self, values: npt.NDArray[np.float64]) -> None:
        """Look at some values, at least one."""
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())
        if len(self.seen) <= DISTINCT:
            self.seen.update(np.unique(values).tolist())

    @property
    def found(self) -> Scale:
        """The scale of all that was seen."""
        step = common_step(sorted(self.seen)) if 1 < len(self.seen) <= DISTINCT else None
        return Scale(float(self.low), float(self.high), step)


def common_step(values: list[float]) -> float | None:
    """The largest number of which all differences of some values are multiples, if any is."""
    gaps = np.diff(values)
    step = float(gaps[0])
    for gap in gaps[1:].tolist():
        # Euclid, to within rounding.
        while gap > CLOSE * max(1.0, abs(values[0]), abs(values[-1])):
            step, gap = gap, step % gap
            if step - gap < CLOSE * step:
                gap = 0.0
    step, span = float(f"{step:.6g}"), values[-1] - values[0]
    return step if step * STEPS >= span else None
