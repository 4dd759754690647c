"""Whether a file is a table with a column to predict, by its first rows."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hornbook.errors import HornbookError
from hornbook.rendering import clip
from hornbook.sources.formats import TEXTUAL
from hornbook.sources.parquet import ParquetRows, is_parquet
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tables.found_forms import form_among
from hornbook.tables.header import has_header, is_number
from hornbook.tables.likely_targets import likely_targets
from hornbook.tables.written import MISSING
from hornbook.tables.written_dates import NO_DATE, date_format, date_of
from hornbook.tasks import Claim

__all__ = ["is_text", "recognise"]

TOLD, LIKELY = 20, 1
"Strengths of a claim: the target is named; it looks like a table."
COLUMNS, NUMBERS = 3, 0.3  # least columns of a table, and share of them that are numbers
RAGGED = 0.1  # share of rows that may have too many or too few cells
TEXTS = set(TEXTUAL) - {"name", "title"}  # which stand in tables of other kinds too
COUNTS = {"count", "counts", "freq", "frequency", "births", "n", "number", "occurrences"}
TELL_APART = {"id", "index", "no", "nr", ""}  # words in names of columns that number the rows
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
        columns = columns_of(rows)
        texts = [name for name, cells in columns.items() if is_text(name, cells)]
        others = {name: cells for name, cells in columns.items() if name not in texts}
        if not looks_like_a_table(others, beside_texts=bool(texts)):
            return None
        reason = f"it is a table of {rows.width} columns"
        if texts:
            reason += f", {clip(texts[0], 40)!r} holds texts; `target` can be any other column"
        return Claim(
            LIKELY,
            reason,
            sure=not texts or isinstance(rows, ParquetRows),  # which no other task reads
            settings={"target": proposed_target(others)},
        )
    return None


def columns_of(rows: Rows | ParquetRows) -> dict[str, Sequence[str]]:
    """The first cells of each column by its name; nothing of what is not a table with a header."""
    data: Sequence[Sequence[str]] = rows.sample[1:] if rows.kind == "table" else rows.sample
    if rows.width < COLUMNS or len(data) < COLUMNS or not has_header(rows):
        return {}
    if sum(len(row) != rows.width for row in data) > RAGGED * len(data):
        return {}
    whole = [row for row in data if len(row) == rows.width]
    return dict(zip(rows.names, zip(*whole, strict=True), strict=False))


def looks_like_a_table(columns: Mapping[str, Sequence[str]], *, beside_texts: bool) -> bool:
    """Whether columns are numbers, dates and categories to predict one from the others.

    Names with counts, and a text with a label, are of two columns. Beside texts, which may be what
    is to be learned, numbers that only tell rows apart are none: a poem has an id and a year too.

    Args:
        columns: those that hold no texts, by name.
        beside_texts: whether there are others, which do.
    """
    if len(columns) < COLUMNS:
        return False
    called = {name.strip().lower() for name in columns}
    if called & COUNTS and called & set(TEXTUAL) and len(columns) <= FEW:
        return False
    measured = [name for name, cells in columns.items() if tells_amounts(cells)]
    if beside_texts:
        measured = [name for name in measured if not tells_apart(name, columns[name])]
    return len(measured) >= max(2, NUMBERS * len(columns))


def tells_apart(name: str, cells: Sequence[str]) -> bool:
    """Whether numbers are those of rows: by their name, or whole and each above the last."""
    if TELL_APART & set(re.split(r"[^a-z]+", name.strip().lower())):
        return True
    if not all(cell.isdecimal() for cell in cells):
        return False
    return all(int(low) < int(high) for low, high in itertools.pairwise(cells))


def proposed_target(columns: Mapping[str, Sequence[str]]) -> str:
    """The column to propose of those that hold no texts: no date, if there is another."""
    names = [name for name, cells in columns.items() if not has_dates(cells)]
    return likely_targets(names or list(columns))[0]


def tells_amounts(cells: Sequence[str]) -> bool:
    """Whether cells are numbers or dates, but for missing ones."""
    known = [cell for cell in cells if cell.lower() not in MISSING]
    if not known:
        return False
    if not np.isnan(form_among(set(known), ";").numbers_of(known)).any():
        return True
    return has_dates(known)


def has_dates(cells: Sequence[str]) -> bool:
    """Whether cells are dates of one format, but for missing ones."""
    known = [cell for cell in cells if cell.lower() not in MISSING]
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
