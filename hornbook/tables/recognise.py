"""Whether a file is a table with a column to predict, by its first rows."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from hornbook.errors import HornbookError
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tables.reading import has_header, is_number
from hornbook.tasks import Claim

__all__ = ["recognise"]

TOLD, LIKELY = 20, 3
"Strengths of a claim: the target is named; it looks like a table."
COLUMNS, NUMBERS = 3, 0.3  # least columns of a table, and share of them that are numbers
LONG = 60  # characters: cells that are longer on average are text


def recognise(source: Source, options: Mapping[str, Any]) -> Claim | None:
    """Whether a source holds a table; None if it does not, or cannot be read.

    A data set with a name, none of which is a table, is not fetched for it.
    """
    if source.dataset is not None:
        return None
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        if first.dataset is not None:
            return None
        rows = Rows(first)
        if options.get("target") is not None:
            return Claim(TOLD, f"its column {options['target']!r} was named as the target")
        if looks_like_a_table(rows):
            return Claim(LIKELY, f"it is a table of {rows.width} columns")
    return None


def looks_like_a_table(rows: Rows) -> bool:
    """Whether a file has named columns, several of numbers and none of long texts."""
    data: Sequence[Sequence[str]] = rows.sample[1:] if rows.kind == "table" else rows.sample
    if rows.width < COLUMNS or len(data) < COLUMNS or not has_header(rows):
        return False
    if any(len(row) != rows.width for row in data):
        return False
    columns = list(zip(*data, strict=True))
    of_numbers = sum(all(is_number(cell or "0") for cell in column) for column in columns)
    longest = max(sum(map(len, column)) / len(column) for column in columns)
    return of_numbers >= NUMBERS * rows.width and longest <= LONG
