"""The first row of a table: whether it names the columns, and how they are found by name."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

from hornbook.errors import DataError
from hornbook.rendering import clip, listed
from hornbook.sources.parquet import ParquetRows
from hornbook.sources.rows import Rows
from hornbook.suggestions import did_you_mean, without_commas
from hornbook.tables.written import MISSING, number_of

__all__ = ["RENAME", "column_names", "has_header", "named_column", "named_or_numbered",
           "named_twice", "told_twice"]  # fmt: skip


def has_header(rows: Rows | ParquetRows) -> bool:
    """Whether the first row of a table names its columns.

    It does if it has texts and no numbers, unless most of these occur again in their columns; or if
    its numbers are years or the like, one after the other, as in a table with a column for each, or
    different whole ones beside texts that occur nowhere below, and one of which stands above
    numbers alone.
    """
    if rows.kind != "table":
        return True
    first, *others = rows.sample
    told = [place for place, cell in enumerate(first) if cell]
    values = [number_of(first[place]) for place in told]
    numbers = [value for value in values if not math.isnan(value)]
    if not told or len(numbers) == len(told):
        return False
    below = [[row[place] for row in others if place < len(row)] for place in told]
    if numbers and not one_after_another(numbers):
        texts = [(first[place], cells) for place, cells in zip(told, below, strict=True)
                 if not is_number(first[place])]  # fmt: skip
        return are_names(numbers) and above_numbers(texts)
    again = sum(first[place] in set(cells) for place, cells in zip(told, below, strict=True))
    return 2 * again <= len(told)


def one_after_another(numbers: Sequence[float]) -> bool:
    """Whether some numbers are whole, and each is one more than that before it."""
    steps = itertools.pairwise(numbers)
    return len(numbers) > 1 and numbers[0].is_integer() and all(b == a + 1 for a, b in steps)


def are_names(numbers: Sequence[float]) -> bool:
    """Whether numbers may be names of columns: whole, above 0, and each another."""
    whole = all(number.is_integer() and number > 0 for number in numbers)
    return whole and len(set(numbers)) == len(numbers)


def above_numbers(columns: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether texts of a first row are names: none occurs below, and one stands above numbers.

    A mark of what is missing is none: it may stand in a row of data.

    Args:
        columns: of each text the cells below it.
    """
    if any(text.lower() in MISSING or text in cells for text, cells in columns):
        return False
    told = [[cell for cell in cells if cell.lower() not in MISSING] for _, cells in columns]
    return any(cells and all(map(is_number, cells)) for cells in told)


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    return not math.isnan(number_of(cell))


def column_names(rows: Rows | ParquetRows) -> tuple[str, ...]:
    """What the columns are called: by the header, or numbers from 1.

    Raises:
        DataError: if two have the same name.
    """
    if not has_header(rows):
        return tuple(map(str, range(1, rows.width + 1)))
    names = named_or_numbered(rows)
    twice = next(iter(named_twice(names)), None)
    if twice is not None:
        raise DataError(f"{rows.where} has {told_twice(names, twice)}.", hint=RENAME)
    return names


RENAME = "Rename them, so that each has a name of its own."


def named_or_numbered(rows: Rows | ParquetRows) -> tuple[str, ...]:
    """What the columns are called by a header: one without a name is called by its place."""
    return tuple(name or f"column {place}" for place, name in enumerate(rows.names, 1))


def named_twice(names: Sequence[str]) -> list[str]:
    """The names that several columns have."""
    return [name for name, count in Counter(names).items() if count > 1]


def told_twice(names: Sequence[str], twice: str) -> str:
    """Which columns have a name that others have too, for people."""
    places = [str(place) for place, name in enumerate(names, 1) if name == twice]
    return f"{len(places)} columns named {twice!r}: number {', '.join(places)}"


def named_column(
    name: str, names: Sequence[str], where: str, setting: str, among: Sequence[str] = ()
) -> str:
    """The column that a setting names; `among`: all that it names, if it may name several.

    Raises:
        DataError: if there is none of this name.
    """
    if name in names:
        return name
    alike = [one for one in names if one.lower() == name.strip().lower()]
    if len(alike) == 1:
        return alike[0]
    how = (
        f"{where} has no header, so its columns are numbered from 1 to {len(names)}"
        if names == tuple(map(str, range(1, len(names) + 1)))
        else f"its columns are {listed(names)}"
    )
    several = without_commas(name, names, setting=setting, among=among) if among else ""
    raise DataError(
        f"{where} has no column {clip(name, 60)!r}; {how}.",
        hint=f"{several or did_you_mean(name, names)}Set `{setting}` to one of these.",
        setting=setting,
    )
