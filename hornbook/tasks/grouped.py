"""A deciding figure in the parts that chance has drawn: lines, users, rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, ratio_interval, without_each

__all__ = ["AnswerPace", "Grouped", "GroupedBaseline"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grouped:
    """The deciding figure of a model on a split, group by group.

    It is Σ sums / Σ weights, or the root of that. Two models that were measured on the same groups
    are compared group by group, so that what is hard for both makes no difference.

    Shapes: (G,), the groups of a split in the same order for all models.
    """

    sums: Floats
    weights: Floats
    groups: str
    "What a group is, in the plural: `lines`, `users`."
    root: bool = False
    most: float = np.inf
    "That the figure can be: 1 of a share."

    @cached_property
    def figure(self) -> float:
        """The deciding figure."""
        return float(self.of(np.array(self.sums.sum() / self.weights.sum())))

    @cached_property
    def left_out(self) -> Floats:
        """The figure without each group in turn, shape (G,)."""
        weights = self.weights
        return self.of(without_each(self.sums, weights)) if len(weights) > 1 else np.empty(0)

    @property
    def interval(self) -> Interval | None:
        """Where the figure would lie with other groups of the same kind; None with one."""
        return ratio_interval(self.sums, self.weights, of=self.of, most=self.most)

    def of(self, values: Floats) -> Floats:
        """What is reported of a ratio."""
        return np.sqrt(values) if self.root else values


@dataclass(frozen=True)
class GroupedBaseline:
    """What is of no family and stands beside every model: a guess, trees."""

    name: str
    seconds: float
    "That it took."
    splits: Mapping[str, Grouped]
    "What it reaches on dev and test."


@dataclass(frozen=True)
class AnswerPace:
    """How fast a finished model answers, and how much of what it makes is new."""

    per_second: float
    of: str
    "What is counted, in the plural: `tokens`, `predictions`."
    new: float | None = None
    "Share of what it made that is not in the data; None if it makes nothing, or nothing can tell."
    made: int = 0
    "Of how many that share is."
