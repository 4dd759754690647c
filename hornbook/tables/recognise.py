"""Whether a file is a table with a column to predict, by its first rows."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hornbook.errors import HornbookError
from hornbook.sources.formats import TEXTUAL
from hornbook.sources.parquet import ParquetRows, is_parquet
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tables.header import has_header, is_number
from hornbook.tables.written import (
    MISSING,
    NO_DATE,
    date_format,
    date_of,
    number_style,
    numbers_of,
)
from hornbook.tasks import Claim

__all__ = ["recognise"]

TOLD, LIKELY = 20, 1
"Strengths of a claim: the target is named; it looks like a table."
COLUMNS, NUMBERS = 3, 0.3  # least columns of a table, and share of them that are numbers
RAGGED = 0.1  # share of rows that may have too many or too few cells
TEXTS = set(TEXTUAL) - {"name", "title"}  # which stand in tables of other kinds too
COUNTS = {"count", "counts", "freq", "frequency", "births", "n", "number", "occurrences"}
FEW = 4  # most columns of names with counts: year, name, sex, count
LONG = 60  # characters: cells that are longer on average are text


def recognise(source: Source, options: Mapping[str, Any]) -> Claim | None:
    """Whether a source holds a table; None if it does not, or cannot be read.

    A data set with a name, none of which is a table, is not fetched for it.
    """
    if source.dataset is not None:
        return Claim(TOLD, "the data set is a table") if source.dataset.mode == "table" else None
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        if first.dataset is not None:
            return None
        rows = ParquetRows(first) if is_parquet(first) else Rows(first)
        if options.get("target") is not None:
            return Claim(TOLD, f"its column {options['target']!r} is the target")
        if looks_like_a_table(rows):
            settings = {"target": rows.names[-1]}
            return Claim(LIKELY, f"it is a table of {rows.width} columns", settings=settings)
    return None


def looks_like_a_table(rows: Rows | ParquetRows) -> bool:
    """Whether a file has named columns of numbers, dates and categories, and none of texts.

    Names with counts, and a text with a label, are of two columns; a column that is called as texts
    are, and whose cells are nearly all different texts, is what is to be learned.
    """
    data: Sequence[Sequence[str]] = rows.sample[1:] if rows.kind == "table" else rows.sample
    if rows.width < COLUMNS or len(data) < COLUMNS or not has_header(rows):
        return False
    if sum(len(row) != rows.width for row in data) > RAGGED * len(data):
        return False
    whole = [row for row in data if len(row) == rows.width]
    columns = dict(zip(rows.names, zip(*whole, strict=True), strict=False))
    if any(is_text(name, cells) for name, cells in columns.items()):
        return False
    called = {name.strip().lower() for name in columns}
    if called & COUNTS and called & set(TEXTUAL) and rows.width <= FEW:
        return False
    measured = sum(tells_amounts(cells) for cells in columns.values())
    return measured >= max(2, NUMBERS * rows.width)


def tells_amounts(cells: Sequence[str]) -> bool:
    """Whether cells are numbers or dates, but for missing ones."""
    known = [cell for cell in cells if cell.lower() not in MISSING]
    if not known:
        return False
    style = number_style(set(known), ";")
    if not np.isnan(numbers_of(known, style)).any():
        return True
    form = date_format(list(dict.fromkeys(known)))
    return bool(form) and all(date_of(cell, form) != NO_DATE for cell in known)


def is_text(name: str, cells: Sequence[str]) -> bool:
    """Whether cells are texts to be learned: long ones, or different ones called as texts are."""
    if sum(map(len, cells)) > LONG * len(cells):
        return True
    told = [cell for cell in cells if cell and not is_number(cell)]
    different = len(set(told)) > 0.9 * len(cells)
    words = sum(cell.count(" ") for cell in told)
    return different and (name.strip().lower() in TEXTS or words > 4 * len(cells))
