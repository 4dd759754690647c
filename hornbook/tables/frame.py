"""Columns of a table, each as what it is: categories, numbers or dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.kinds import Column
from hornbook.tables.raw import Raw, at
from hornbook.tables.written_dates import NO_DATE, date_of

__all__ = ["Categories", "Dates", "Frame", "Numbers", "Typed", "typed"]

Rows = npt.NDArray[Any]
"Numbers of rows, or a mask."


@dataclass(frozen=True)
class Categories:
    """A column of categories."""

    codes: npt.NDArray[np.int32]
    "Places in `labels`, -1 where the value is missing; shape (n,)."
    labels: tuple[str, ...]

    def take(self, rows: Rows) -> Categories:
        """Some rows."""
        return Categories(self.codes[rows], self.labels)


@dataclass(frozen=True)
class Numbers:
    """A column of numbers."""

    values: npt.NDArray[np.float64]
    "NaN where the value is missing; shape (n,)."

    def take(self, rows: Rows) -> Numbers:
        """Some rows."""
        return Numbers(self.values[rows])


@dataclass(frozen=True)
class Dates:
    """A column of dates."""

    seconds: npt.NDArray[np.int64]
    "Since 1970, NO_DATE where the value is missing; shape (n,)."

    def take(self, rows: Rows) -> Dates:
        """Some rows."""
        return Dates(self.seconds[rows])


Typed = Categories | Numbers | Dates


class Taken(Mapping[str, Typed]):
    """Some rows of columns.

    Args:
        columns: by name.
        rows: which.
    """

    def __init__(self, columns: Mapping[str, Typed], rows: Rows) -> None:
        self.columns, self.rows = columns, rows

    def __getitem__(self, name: str) -> Typed:
        return self.columns[name].take(self.rows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


@dataclass(frozen=True)
class Frame:
    """Rows of a table by their columns."""

    n: int
    columns: Mapping[str, Typed]

    def some(self, rows: Rows) -> Frame:
        """Some rows, each column of them made when it is asked for, and not kept."""
        n = int(rows.sum()) if rows.dtype == bool else len(rows)
        return Frame(n, Taken(self.columns, rows))

    def take(self, rows: Rows) -> Frame:
        """Some rows."""
        made = {name: column.take(rows) for name, column in self.columns.items()}
        n = int(rows.sum()) if rows.dtype == bool else len(rows)
        return Frame(n, made)


def typed(raw: Raw, column: Column) -> tuple[Typed, npt.NDArray[np.bool_]]:
    """A column as what it is, and which cells are neither that nor missing.

    Args:
        raw: its cells.
        column: what it is read as; not left out.

    Returns:
        The column, in which such cells are missing, and a mask of shape (n,).
    """
    if column.kind == "number":
        values = raw.as_numbers()
        return Numbers(values), np.isnan(values) & ~raw.missing
    if column.kind == "date":
        seconds = as_seconds(raw, column.form)
        return Dates(seconds), (seconds == NO_DATE) & ~raw.missing
    codes, labels = raw.as_labels()
    return Categories(codes, labels), np.zeros(raw.n, bool)


def as_seconds(raw: Raw, form: str) -> npt.NDArray[np.int64]:
    """The cells of a column of dates, shape (n,).

    What is written as 2015-07-31 can be no other date, so it is read beside any other format.
    """
    if raw.declared == "date":
        numbers = raw.as_numbers()
        return np.where(np.isnan(numbers), NO_DATE, np.nan_to_num(numbers)).astype(np.int64)
    found = of_numbers(raw, form) if form in OF_NUMBERS else np.full(raw.n, NO_DATE, np.int64)
    if raw.codes is None:
        return found
    own = "iso" if form in OF_NUMBERS else form
    of_texts = np.array([date_or_iso(text, own) for text in raw.texts], np.int64)
    return np.where(found == NO_DATE, at(of_texts, raw.codes, NO_DATE), found).astype(np.int64)


YEAR_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
OF_NUMBERS = ("seconds", "milliseconds", "yyyymmdd")
"Formats of dates that are numbers."


def date_or_iso(text: str, form: str) -> int:
    """The date that a text is by a format or, with dashes, by ISO 8601; or NO_DATE."""
    found = date_of(text, form)
    if found == NO_DATE and YEAR_FIRST.match(text):
        return date_of(text, "iso")
    return found


def of_numbers(raw: Raw, form: str) -> npt.NDArray[np.int64]:
    """Dates that are written as numbers, shape (n,); NO_DATE of all else."""
    found = np.full(raw.n, NO_DATE, np.int64)
    numbers = raw.as_numbers()
    if form != "yyyymmdd":
        numbers = numbers / (1 if form == "seconds" else 1_000)
        known = ~np.isnan(numbers)
        found[known] = np.floor(numbers[known])
        return found
    known = ~np.isnan(numbers)
    values, inverse = np.unique(numbers[known], return_inverse=True)
    dates = np.array([date_of(f"{value:08.0f}", "iso") for value in values.tolist()], np.int64)
    found[known] = dates[inverse]
    return found
