"""Features: what models read of a column, a category or a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.frame import Categories, Numbers
from hornbook.tables.kinds import names_labels
from hornbook.tables.written import as_label
from hornbook.tables.written import number_of as as_number

__all__ = [
    "LARGEST",
    "SPECIAL",
    "CategoryFeature",
    "NumberFeature",
    "category_of",
    "named",
    "number_of",
]

SPECIAL = ("(unseen)", "(missing)")
"What the first two codes of each category stand for."

LARGEST = 1e6  # standard deviations: what is farther away is taken to be that far


@dataclass(frozen=True)
class CategoryFeature:
    """A category that models read."""

    column: str
    part: str
    "Of a date; empty of a column that is a category itself."
    labels: tuple[str, ...]
    "Of the codes from 2 on."
    values: tuple[float, ...] = ()
    """The numbers that the labels are, standardised as train has them; empty where they are not
    read as numbers too."""

    @property
    def name(self) -> str:
        """What to call it."""
        return named(self.column, self.part)

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return len(SPECIAL) + len(self.labels)

    @property
    def order(self) -> tuple[float, ...]:
        """The number of each code, the mean of unseen and missing ones; empty without `values`."""
        return (0.0,) * len(SPECIAL) + self.values if self.values else ()

    def label(self, code: int) -> str:
        """What a code stands for."""
        return SPECIAL[code] if code < len(SPECIAL) else self.labels[code - len(SPECIAL)]

    def encode(self, given: Categories) -> npt.NDArray[np.int32]:
        """The codes of some categories, whatever their labels are numbered by."""
        known = {label: number for number, label in enumerate(self.labels, len(SPECIAL))}
        table = [known.get(label, 0) for label in given.labels]
        found: npt.NDArray[np.int32] = np.array([*table, 1], np.int32)[given.codes]
        return found


@dataclass(frozen=True)
class NumberFeature:
    """A number that models read."""

    column: str
    part: str
    median: float
    mean: float
    std: float
    flagged: bool
    "Whether a flag says where it was missing."

    @property
    def name(self) -> str:
        """What to call it."""
        return named(self.column, self.part)

    def encode(self, given: Numbers) -> npt.NDArray[np.float32]:
        """Standardised, the median in place of missing values."""
        values = np.where(np.isnan(given.values), self.median, given.values)
        with np.errstate(over="ignore"):  # far away is far away
            scaled = ((values - self.mean) / self.std).clip(-LARGEST, LARGEST)
        return scaled.astype(np.float32)

    def decode(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """What standardised values stand for."""
        return np.asarray(values, np.float64) * self.std + self.mean


def named(column: str, part: str) -> str:
    """What to call a feature."""
    return f"{column}: {part}" if part else column


def category_of(
    column: str, part: str, values: Categories, min_count: int
) -> list[CategoryFeature]:
    """A category as a feature; nothing if train has one value of it only.

    Of a part of a date all labels that train has are kept, however few their rows.
    """
    known = values.codes[values.codes >= 0]
    counts = np.bincount(known, minlength=len(values.labels))
    if (counts > 0).sum() + (len(known) < len(values.codes)) < 2:
        return []
    least = 1 if part else min_count
    kept = tuple(label for label, n in zip(values.labels, counts, strict=True) if n >= least)
    order = () if part or names_labels(column) else order_of(kept, values)
    return [CategoryFeature(column, part, kept, order)]


def order_of(labels: tuple[str, ...], values: Categories) -> tuple[float, ...]:
    """The numbers that labels are, standardised over rows; empty where they tell no order.

    A code alone does not say that 7 lies between 6 and 8. Two numbers have no more order than two
    codes.
    """
    numbers = np.array([plain_number(label) for label in labels])
    if len(numbers) < 3 or np.isnan(numbers).any():
        return ()
    of_label = dict(zip(labels, numbers, strict=True))
    table = np.array([*(of_label.get(label, np.nan) for label in values.labels), np.nan])
    scales = number_of("", "", Numbers(table[values.codes]))
    if not scales:  # so near each other, for their size, that a float hardly tells them apart
        return ()
    return tuple(map(float, scales[0].encode(Numbers(numbers))))


def plain_number(label: str) -> float:
    """The number that a label is; NaN if it is none, or has zeros before it as codes have."""
    value = as_number(label)
    return value if value == value and as_label(value) == label else np.nan


def number_of(column: str, part: str, values: Numbers) -> list[NumberFeature]:
    """A number as a feature; nothing if train has one value of it only."""
    known = values.values[~np.isnan(values.values)]
    some_missing = len(known) < len(values.values)
    if not len(known):
        return []
    unit = max(1.0, float(np.abs(known).max()))  # so that no sum or square is beyond a float
    known = known / unit
    median = float(np.median(known))
    filled = np.where(np.isnan(values.values), median, values.values / unit)
    filled = filled if some_missing else known
    median, mean, std = median * unit, float(filled.mean()) * unit, float(filled.std()) * unit
    if not std > 1e-12 * max(abs(mean), 1e-12):
        if not some_missing:
            return []
        std = 1.0  # only the flag tells anything
    return [NumberFeature(column, part, median, mean, std, some_missing)]
