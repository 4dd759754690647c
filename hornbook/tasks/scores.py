"""How good predictions are, as tasks share it: losses of rows with intervals, scores of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, difference_interval, left_out_interval, ratio_interval
from hornbook.tasks.grouped import Grouped

__all__ = ["BINS", "BLOCKS", "LEAST", "ClassScores", "Scores", "area", "blocks_of",
           "paired_interval"]  # fmt: skip

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
    root: ClassVar[bool] = False
    "Whether the root of the mean is reported."

    @property
    def losses(self) -> Floats:
        """What the deciding figure is the mean of, shape (n,)."""
        raise NotImplementedError

    @property
    def of(self) -> Transform:
        """What is reported of that mean."""
        return np.sqrt if self.root else same

    def sums(self) -> tuple[Floats, Floats]:
        """Of each group the sum of its losses, and how many rows it has."""
        blocks = blocks_of(len(self.losses), self.groups)
        counts: Floats = np.bincount(blocks).astype(np.float64)
        return np.bincount(blocks, self.losses).astype(np.float64), counts

    def grouped(self) -> Grouped:
        """The deciding figure, group by group."""
        sums, counts = self.sums()
        what = "rows"
        if self.groups is not None:
            what = "groups of rows"
        elif len(self.losses) > BLOCKS:
            what = "random thousandths of the rows"
        return Grouped(sums, counts, what, root=self.root)

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

    @cached_property
    def accuracy_interval(self) -> Interval | None:
        """Where the share of right ones would lie with other rows, or other groups."""
        blocks = blocks_of(len(self.target), self.groups)
        right = np.bincount(blocks, self.right)
        return ratio_interval(right, np.bincount(blocks), most=1)

    @cached_property
    def confusion(self) -> npt.NDArray[np.int64]:
        """How often each class (row) was taken for each (column), shape (classes, classes)."""
        n = self.probabilities.shape[1]
        cells = self.target.astype(np.int64) * n + self.probabilities.argmax(1)
        return np.bincount(cells, minlength=n * n).reshape(n, n).astype(np.int64)

    @property
    def macro_f1(self) -> float:
        """The mean over classes of F1: 2 · right / (there + predicted); 0 of one that is neither.

        As scikit-learn's f1_score over all labels, with average="macro" and zero_division=0.
        """
        table = self.confusion.astype(np.float64)
        return float(mean_f1(np.diag(table), table.sum(1), table.sum(0)))

    @cached_property
    def macro_f1_interval(self) -> Interval | None:
        """Where it would lie with other rows, or other groups."""
        blocks, n = blocks_of(len(self.target), self.groups), self.probabilities.shape[1]
        guessed = self.probabilities.argmax(1)
        left = []
        for classes, some in ((self.target, self.right), (self.target, None), (guessed, None)):
            cells = blocks * n + classes
            counts = np.bincount(cells, some, minlength=(int(blocks.max()) + 1) * n)
            each: Floats = counts.reshape(-1, n).astype(np.float64)  # (G, classes)
            left.append(each.sum(0) - each)
        return left_out_interval(self.macro_f1, mean_f1(*left), most=1)

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


def mean_f1(right: Floats, there: Floats, guessed: Floats) -> Floats:
    """The mean F1 over the last axis, from counts of each class; 0 where there are none."""
    found: Floats = (2 * right / np.maximum(there + guessed, 1)).mean(-1)
    return found
