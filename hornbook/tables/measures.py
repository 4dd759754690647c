"""How good predictions of a column are: errors of numbers, scores of classes; with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, difference_interval, ratio_interval

__all__ = ["ClassScores", "NumberErrors", "Scores", "paired_interval"]

Floats = npt.NDArray[np.float64]
Transform = Callable[[Floats], Floats]
BLOCKS = 1_000  # groups of rows without groups, once there are more rows
BINS = 15  # of probabilities, in which calibration is measured
LEAST = 1e-15  # probability that is reckoned with


def blocks_of(n: int, groups: npt.NDArray[np.int32] | None) -> npt.NDArray[np.int64]:
    """The group of each row, from 0, shape (n,): as given, or rows themselves.

    Of very many rows each group is a random thousandth: means over so many independent rows vary
    as much.
    """
    if groups is not None:
        _, inverse = np.unique(groups, return_inverse=True)
        return inverse.astype(np.int64)
    rows = np.arange(n, dtype=np.int64)
    return rows if n <= BLOCKS else np.random.default_rng(0).permutation(rows) % BLOCKS


@dataclass(frozen=True)
class Scores:
    """Losses of rows, of which the deciding figure is a mean.

    Attributes:
        groups: of each row, None where rows are independent; shape (n,).
    """

    groups: npt.NDArray[np.int32] | None

    @property
    def losses(self) -> Floats:
        """What the deciding figure is the mean of, shape (n,)."""
        raise NotImplementedError

    @property
    def of(self) -> Transform:
        """What is reported of that mean."""
        raise NotImplementedError

    def sums(self) -> tuple[Floats, Floats]:
        """Of each group the sum of its losses, and how many rows it has."""
        blocks = blocks_of(len(self.losses), self.groups)
        counts: Floats = np.bincount(blocks).astype(np.float64)
        return np.bincount(blocks, self.losses).astype(np.float64), counts

    @cached_property
    def figure(self) -> float:
        """The deciding figure."""
        return float(self.of(np.array(self.losses.mean())))

    @cached_property
    def interval(self) -> Interval | None:
        """Where the deciding figure would lie with other rows, or other groups; None with one."""
        return ratio_interval(*self.sums(), of=self.of)


def paired_interval(one: Scores, other: Scores) -> Interval | None:
    """The interval of the figure of `one` less that of `other`, on the same rows.

    None where these are of one group.
    """
    (sums, weights), (others, _) = one.sums(), other.sums()
    return difference_interval(sums, others, weights, of=one.of)


def same(values: Floats) -> Floats:
    """No transformation."""
    return values


@dataclass(frozen=True)
class NumberErrors(Scores):
    """Errors of predicted numbers.

    Shapes: both (n,), in the units of the table.
    """

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

    @property
    def of(self) -> Transform:
        """The root."""
        return np.sqrt

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


@dataclass(frozen=True)
class ClassScores(Scores):
    """Scores of predicted probabilities of classes.

    Shapes: `probabilities` (n, classes), `target` (n,) of classes by number.
    """

    probabilities: Floats
    target: npt.NDArray[Any]

    @cached_property
    def losses(self) -> Floats:
        """-ln of the probability of what was there."""
        picked = self.probabilities[np.arange(len(self.target)), self.target]
        found: Floats = -np.log(np.maximum(picked, LEAST))
        return found

    @property
    def of(self) -> Transform:
        """The mean itself."""
        return same

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether the likeliest class was there, shape (n,)."""
        found: npt.NDArray[np.bool_] = self.probabilities.argmax(1) == self.target
        return found

    @property
    def calibration_error(self) -> float:
        """How far, on average, the probability of the likeliest class is from how often it is
        there (ECE, 15 bins).
        """
        sure = self.probabilities.max(1)
        bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
        apart = np.bincount(bins, sure - self.right, minlength=BINS)
        return float(np.abs(apart).sum() / len(sure))

    def as_dict(self) -> dict[str, float]:
        """All figures by name."""
        found = {
            "loss": self.figure,
            "accuracy": float(self.right.mean()),
            "calibration_error": self.calibration_error,
        }
        if self.probabilities.shape[1] == 2 and 0 < self.target.sum() < len(self.target):
            found["auc"] = area(self.probabilities[:, 1], self.target == 1)
        return found


def area(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """The chance that a row of the class has a higher score than one of the other; ties count half.

    It is the area under the ROC curve, by the sum of ranks (Mann and Whitney 1947).
    """
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]  # from 1; tied ones have the mean of theirs
    n = int(positive.sum())
    above = float(ranks[positive].sum()) - n * (n + 1) / 2
    return above / (n * (len(scores) - n))
