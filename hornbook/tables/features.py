"""Features: what models read of a column, a category or a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.column_words import names_labels
from hornbook.tables.frame import Categories, Numbers
from hornbook.tables.number_form import NumberForm
from hornbook.tables.written import ALIKE

__all__ = [
    "LARGEST",
    "SPECIAL",
    "CategoryFeature",
    "NumberFeature",
    "Scale",
    "category_of",
    "named",
    "number_of",
]

SPECIAL = ("(unseen)", "(missing)")
"What the first two codes of each category stand for."

LARGEST = 1e6  # standard deviations: what is farther away is taken to be that far


PLAIN = NumberForm()
NO_ORDER: tuple[tuple[float, ...], None] = (), None


@dataclass(frozen=True)
class Scale:
    """How the numbers that labels are became their places in an order.

    What is beyond the lowest or highest of train is taken to be one step beyond it, for what a
    model says far from all that it has seen is not knowledge.
    """

    mean: float
    std: float
    low: float
    high: float
    "The lowest and highest of train, each a mean step between two labels farther out."

    def places(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """The places of numbers, 0 of NaN; shape (n,)."""
        found = (np.clip(values, self.low, self.high) - self.mean) / self.std
        return np.nan_to_num(found).clip(-LARGEST, LARGEST).astype(np.float32)


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
    read as numbers too. Of a label that is none the mean, as of an unseen one."""

    scale: Scale | None = None
    "Of `values`: where a number that no label is has its place; None where it has none."

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
        """The number of each code, the mean of unseen and missing ones; empty without `values`.

        An unseen one that is a number has a place of its own: `places`.
        """
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

    def places(self, given: Categories, written: NumberForm) -> npt.NDArray[np.float32]:
        """Of each unseen category that is a number its place in the order; 0 of all others.

        Args:
            given: shape (n,).
            written: how the column writes numbers.

        Returns:
            Shape (n,).
        """
        if self.scale is None:
            return np.zeros(len(given.codes), np.float32)
        known = set(self.labels)
        values = np.array([
            np.nan if label in known else written.value_of(label) for label in given.labels
        ], np.float64)  # fmt: skip
        table = np.append(self.scale.places(values), np.float32(0))
        found: npt.NDArray[np.float32] = table[given.codes]
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
    ends: tuple[float, float] | None = None
    "The lowest and the highest of train; None of older mappers, and where train has one value."

    @property
    def name(self) -> str:
        """What to call it."""
        return named(self.column, self.part)

    def is_far(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Which values are farther beyond the ends of train than these are from each other.

        What is a little beyond is usual in new rows; another unit, or a slip of the point, is far.
        Shape (n,).
        """
        if self.ends is None:
            return np.zeros(len(values), bool)
        low, high = self.ends
        with np.errstate(over="ignore"):  # an end beyond all floats is one that nothing passes
            found: npt.NDArray[np.bool_] = (values < low - (high - low)) | (
                values > high + (high - low)
            )
        return found

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
    column: str,
    part: str,
    values: Categories,
    min_count: int,
    written: NumberForm = PLAIN,
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
    order, scale = NO_ORDER if part or names_labels(column) else order_of(kept, values, written)
    return [CategoryFeature(column, part, kept, order, scale)]


def order_of(
    labels: tuple[str, ...], values: Categories, written: NumberForm
) -> tuple[tuple[float, ...], Scale | None]:
    """The numbers that labels are, standardised over rows, and how; NO_ORDER where they tell none.

    A code alone does not say that 7 lies between 6 and 8. Two numbers have no more order than two
    codes. A few rows may have a text among numbers: it gets the place of what is not known.
    """
    numbers = np.array([written.value_of(label) for label in labels])
    some = numbers[~np.isnan(numbers)]
    if len(some) < 3:
        return NO_ORDER
    of_label = dict(zip(labels, numbers, strict=True))
    table = np.array([*(of_label.get(label, np.nan) for label in values.labels), np.nan])
    told = np.isin(values.codes, [values.labels.index(label) for label in labels])
    found = table[values.codes]
    if (~np.isnan(found)).sum() < ALIKE * told.sum():
        return NO_ORDER
    scales = number_of("", "", Numbers(found))
    if not scales:  # so near each other, for their size, that a float hardly tells them apart
        return NO_ORDER
    (of,) = scales
    step = float(some.max() / (len(some) - 1) - some.min() / (len(some) - 1))
    low, high = float(some.min()) - step, float(some.max()) + step
    scale = Scale(of.mean, of.std, low, high) if np.isfinite([low, high]).all() else None
    encoded = of.encode(Numbers(numbers))
    return tuple(map(float, np.where(np.isnan(numbers), np.float32(0), encoded))), scale


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
    low, high = float(known.min()) * unit, float(known.max()) * unit
    if not std > 1e-12 * max(abs(mean), 1e-12):
        if not some_missing:
            return []
        std = 1.0  # only the flag tells anything
    ends = (low, high) if low < high else None
    return [NumberFeature(column, part, median, mean, std, some_missing, ends)]
