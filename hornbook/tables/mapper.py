"""From columns to what models read: codes of categories and standardised numbers.

A mapper is fitted on train alone and kept with the run, so that dev, test and every later file are
read in the same way. Code 0 is a category that train has not, code 1 a missing value; missing
numbers become the median, and a flag says so where train has some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSONObject
from hornbook.tables.date_parts import CATEGORIES, NUMBERS, DateParts
from hornbook.tables.features import (
    LARGEST,
    CategoryFeature,
    NumberFeature,
    category_of,
    named,
    number_of,
)
from hornbook.tables.frame import Categories, Dates, Frame, Numbers
from hornbook.tables.kinds import ASKED, Column, ColumnKind
from hornbook.tables.mapper_fields import a_column, a_scale, a_text, finite, texts, the_ends
from hornbook.tables.options import TableOptions

__all__ = ["Mapped", "Mapper"]


@dataclass(frozen=True)
class Mapped:
    """Rows as models read them."""

    codes: npt.NDArray[np.int32]
    "Shape (n, category features)."
    numbers: npt.NDArray[np.float32]
    "Standardised, then the flags, 0 or 1; shape (n, number features + flags)."
    places: npt.NDArray[np.float32] | None = None
    """Of unseen categories that are numbers their places in the order, 0 of all others; shape (n,
    categories with an order). None where none has a place of its own."""

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def with_places(self) -> npt.NDArray[np.float32]:
        """The numbers, and the places behind them."""
        if self.places is None:
            return self.numbers
        return np.concatenate([self.numbers, self.places], 1)

    def take(self, rows: npt.NDArray[Any] | slice) -> Mapped:
        """Some rows."""
        places = None if self.places is None else self.places[rows]
        return Mapped(self.codes[rows], self.numbers[rows], places)


@dataclass(frozen=True)
class Mapper:
    """How columns become features."""

    columns: tuple[Column, ...]
    "Of the table, but for the target, in their order; what was left out too."
    categories: tuple[CategoryFeature, ...]
    numbers: tuple[NumberFeature, ...]

    @cached_property
    def flags(self) -> tuple[NumberFeature, ...]:
        """The numbers with a flag of missing values."""
        return tuple(one for one in self.numbers if one.flagged)

    @property
    def number_names(self) -> tuple[str, ...]:
        """What to call each column of `Mapped.numbers`."""
        flags = (f"{one.name} is missing" for one in self.flags)
        return (*(one.name for one in self.numbers), *flags)

    @cached_property
    def needed(self) -> tuple[Column, ...]:
        """The columns that features come from."""
        used = {one.column for one in self.categories} | {one.column for one in self.numbers}
        return tuple(column for column in self.columns if column.name in used)

    @classmethod
    def fit(cls, columns: Sequence[Column], train: Frame, min_count: int = 2) -> Mapper:
        """A mapper of the rows of train.

        Args:
            columns: of the table; what is left out is not in the frame.
            train: at least one row.
            min_count: a category with fewer rows is read as an unseen one.
        """
        categories: list[CategoryFeature] = []
        numbers: list[NumberFeature] = []
        for column in columns:
            if column.name not in train.columns:
                continue
            given = train.columns[column.name]
            parts: list[tuple[str, Categories | Numbers]]
            if isinstance(given, Dates):
                of = DateParts(given)
                parts = [(part, of.part(part)) for part in (*CATEGORIES, *NUMBERS)]
            else:
                parts = [("", given)]
            for part, values in parts:
                if isinstance(values, Categories):
                    categories += category_of(column.name, part, values, min_count, column.written)
                else:
                    numbers += number_of(column.name, part, values)
        return cls(tuple(columns), tuple(categories), tuple(numbers))

    def apply(self, frame: Frame) -> Mapped:
        """Rows as models read them.

        Args:
            frame: with all columns in `needed`.
        """
        parts = Parts(frame)
        codes = np.empty((frame.n, len(self.categories)), np.int32)
        for place, category in enumerate(self.categories):
            given = parts.part(category.column, category.part)
            assert isinstance(given, Categories)
            codes[:, place] = category.encode(given)
        numbers = np.empty((frame.n, len(self.number_names)), np.float32)
        flag = len(self.numbers)
        for place, number in enumerate(self.numbers):
            value = parts.part(number.column, number.part)
            assert isinstance(value, Numbers)
            numbers[:, place] = number.encode(value)
            if number.flagged:
                numbers[:, flag] = np.isnan(value.values)
                flag += 1
        return Mapped(codes, numbers, self.places(parts, frame.n))

    def places(self, parts: Parts, n: int) -> npt.NDArray[np.float32] | None:
        """The places of unseen categories, as of `Mapped`."""
        ordered = [one for one in self.categories if one.order]
        if not any(one.scale for one in ordered):
            return None
        written = {column.name: column.written for column in self.columns}
        found = np.empty((n, len(ordered)), np.float32)
        for place, one in enumerate(ordered):
            given = parts.part(one.column, one.part)
            assert isinstance(given, Categories)
            found[:, place] = one.places(given, written[one.column])
        return found if found.any() else None

    @property
    def asked(self) -> TableOptions:
        """The options that said how columns are read: of a bundled table, its own."""

        def named(kind: ColumnKind) -> tuple[str, ...]:
            return tuple(c.name for c in self.columns if (c.kind, c.reason) == (kind, ASKED))

        return TableOptions(
            categorical=named("category"), numerical=named("number"), ignore=named("left out")
        )

    def as_dict(self) -> JSONObject:
        """The mapper as JSON."""
        return {
            "columns": [asdict(one) for one in self.columns],
            "categories": [
                {**asdict(one), "labels": list(one.labels), "values": list(one.values)}
                for one in self.categories
            ],
            "numbers": [asdict(one) for one in self.numbers],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Mapper:
        """What `as_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: if it is something else.
        """
        columns = [a_column(one) for one in value["columns"]]
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("two columns have the same name")
        categories = [
            CategoryFeature(
                a_text(one["column"]), a_text(one["part"]), texts(one["labels"]),
                tuple(map(finite, one.get("values", ()))),  # older ones have none
                a_scale(one.get("scale")),
            )
            for one in value["categories"]
        ]  # fmt: skip
        orders = [one.values for one in categories]
        if any(abs(value) > LARGEST for values in orders for value in values):
            raise ValueError("a category has an order beyond what a mapper writes")
        if any(len(one.values) not in (0, len(one.labels)) for one in categories):
            raise ValueError("the numbers of a category are not as many as its labels")
        if any(one.scale and not one.values for one in categories):
            raise ValueError("a category has a scale and no order")
        numbers = [
            NumberFeature(
                a_text(one["column"]), a_text(one["part"]), finite(one["median"]),
                finite(one["mean"]), finite(one["std"]), one["flagged"] is True,
                the_ends(one.get("ends")),
            )
            for one in value["numbers"]
        ]  # fmt: skip
        kinds = {column.name: column.kind for column in columns}
        of_categories = [(one.column, one.part, "category", CATEGORIES) for one in categories]
        of_numbers = [(one.column, one.part, "number", NUMBERS) for one in numbers]
        for column, part, whole, parts in (*of_categories, *of_numbers):
            of_date = kinds.get(column) == "date" and part in parts
            if not of_date and (kinds.get(column) != whole or part):
                raise ValueError(f"{named(column, part)!r} does not fit its column")
        if any(one.std <= 0 for one in numbers):
            raise ValueError("a standard deviation is not above 0")
        features = [(column, part) for column, part, *_ in (*of_categories, *of_numbers)]
        if len(set(features)) < len(features):
            raise ValueError("a feature occurs twice")
        return cls(tuple(columns), tuple(categories), tuple(numbers))


class Parts:
    """The columns of a frame, and the parts of its dates."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.dates: dict[str, DateParts] = {}

    def part(self, column: str, part: str) -> Categories | Numbers:
        """A column, or a part of its dates."""
        given = self.frame.columns[column]
        if not isinstance(given, Dates):
            return given
        if column not in self.dates:
            self.dates[column] = DateParts(given)
        return self.dates[column].part(part)
