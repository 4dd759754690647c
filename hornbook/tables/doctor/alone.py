"""How well a column alone predicts the target, on rows that it was not fitted on.

The model is the mean of the target in each bin of the column, drawn towards the mean of all, or a
straight line, whichever is better: small, and honest, since it is measured on other rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.frame import Categories, Dates, Typed
from hornbook.tables.written_dates import NO_DATE

__all__ = ["Alone", "alone", "binned"]

BINS = 256  # of numbers, at most
ROWS_OF_A_BIN = 20
SHRINK = 1.0  # rows of the mean of all that are added to each bin


@dataclass(frozen=True)
class Alone:
    """What a column alone predicts."""

    score: float
    "R² of numbers; of classes the share of the loss of knowing nothing that is gone."
    accuracy: float = 0.0
    "Of classes: the share of rows whose class is guessed."


def alone(column: Typed, target: npt.NDArray[Any], classes: int) -> Alone:
    """How well a column predicts a target.

    Args:
        column: in a random order of the rows.
        target: numbers, or classes by number; shape (n,).
        classes: how many; 0 of numbers.
    """
    n = len(target)
    half = n // 2
    if half < 10:
        return Alone(0.0)
    codes = binned(column, half, max(2, min(BINS, half // ROWS_OF_A_BIN)))
    if classes:
        return of_classes(codes, target, classes, half)
    found = r_squared(target[half:], by_bins(codes, target, half))
    if not isinstance(column, Categories):
        values = column.seconds if isinstance(column, Dates) else column.values
        found = max(found, straight(values.astype(np.float64), target, half))
    return Alone(found)


def binned(column: Typed, fitted: int, bins: int) -> npt.NDArray[np.int64]:
    """A column as numbers of bins from 0, missing ones in bin 0; shape (n,).

    Args:
        column: of n rows.
        fitted: the first so many tell where bins end.
        bins: of numbers, at most.
    """
    if isinstance(column, Categories):
        return column.codes.astype(np.int64) + 1
    if isinstance(column, Dates):
        gone, values = column.seconds == NO_DATE, column.seconds.astype(np.float64)
    else:
        gone, values = np.isnan(column.values), column.values
    known = values[:fitted][~gone[:fitted]]
    if not len(known):
        return np.where(gone, 0, 1)
    ends = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    return np.where(gone, 0, np.searchsorted(ends, np.where(gone, 0, values)) + 1)


def by_bins(
    codes: npt.NDArray[np.int64], target: npt.NDArray[Any], half: int
) -> npt.NDArray[np.float64]:
    """The mean of each bin in the first half, for the rows of the second."""
    bins, mean = int(codes.max()) + 1, float(target[:half].mean())
    sums = np.bincount(codes[:half], target[:half], minlength=bins)
    counts = np.bincount(codes[:half], minlength=bins)
    means = (sums + SHRINK * mean) / (counts + SHRINK)
    return np.asarray(means[codes[half:]], np.float64)


def straight(values: npt.NDArray[np.float64], target: npt.NDArray[Any], half: int) -> float:
    """R² of a straight line."""
    known = np.isfinite(values)
    x, y = values[:half][known[:half]], target[:half][known[:half]]
    if len(x) < 10 or not known[half:].any():
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        spread = x.std()
        if not 0 < spread < np.inf:
            return 0.0
        slope = ((x - x.mean()) / spread * (y - y.mean())).mean()
        guess = y.mean() + slope * (values[half:] - x.mean()) / spread
    guess = np.where(np.isfinite(guess), guess, y.mean())
    return r_squared(target[half:], guess)


def r_squared(target: npt.NDArray[Any], guess: npt.NDArray[np.float64]) -> float:
    """The share of the spread that a guess explains; 0 if none."""
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.square(target - target.mean()).sum())
        left = float(np.square(target - guess).sum())
    return max(0.0, 1 - left / spread) if 0 < spread < np.inf and left < np.inf else 0.0


def of_classes(
    codes: npt.NDArray[np.int64], target: npt.NDArray[Any], classes: int, half: int
) -> Alone:
    """Of classes: how much less the loss is with the shares of each bin."""
    bins = int(codes.max()) + 1
    if bins * classes > 2**24:
        return Alone(0.0)
    table = np.bincount(codes[:half] * classes + target[:half], minlength=bins * classes)
    counts = table.reshape(bins, classes).astype(np.float64)
    shares = (counts.sum(0) + 1) / (half + classes)
    given = (counts + SHRINK * shares) / (counts.sum(1, keepdims=True) + SHRINK)
    rest, was = codes[half:], target[half:]
    nothing = float(-np.log(shares[was]).mean())
    loss = float(-np.log(given[rest, was]).mean())
    right = float((given[rest].argmax(1) == was).mean()) if bins * classes < 2**20 else 0.0
    return Alone(max(0.0, 1 - loss / nothing) if nothing > 0 else 0.0, right)
