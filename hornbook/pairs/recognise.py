"""Whether a file holds pairs, by its first rows."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from hornbook.errors import HornbookError
from hornbook.pairs.columns import OF_TEXTS, are_usual, find_columns, has_header
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import are_labels
from hornbook.sources.encoding import likely_codec
from hornbook.sources.formats import is_number
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tasks import Claim

__all__ = ["looks_labelled", "recognise"]

TOLD, NAMED, POSSIBLE = 30, 9, 2
"Strengths of a claim: a column is named; both have usual names; there are two columns of texts."
LEAST = 4  # rows
FAULTY = 0.1  # share of rows with a cell too many or too few, up to which they are faults in pairs


def recognise(source: Source, options: Mapping[str, Any]) -> Claim | None:
    """Whether a source holds pairs; None if it does not, or cannot be read.

    A data set with a name, none of which are pairs, is not fetched for it.
    """
    for name in ("source_column", "target_column", "label_column"):
        if options.get(name) is not None:
            return Claim(
                TOLD, f"its column {options[name]!r} is the {name.removesuffix('_column')}"
            )
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        if first.dataset is None:
            return claimed(Rows(first, likely_codec(first.head()), "auto"))
    return None


def looks_labelled(source: Source, options: Mapping[str, Any]) -> bool:
    """Whether targets look like labels, as far as the first rows and what is asked for tell it."""
    if options.get("label_column") is not None:
        return True
    if options.get("target_column") is not None or source.dataset is not None:
        return False
    if {*OF_TEXTS} & options.keys():
        return False
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        rows = Rows(first, likely_codec(first.head()), "auto")
        asked = {name: options[name] for name in ("source_column",) if options.get(name)}
        columns = find_columns(rows, PairOptions(**asked))
        named = columns.header and rows.kind == "table"
        whole = [row for row in rows.sample[named:] if len(row) == rows.width]
        given, said = ([row[at] for row in whole] for at in (columns.source, columns.target))
        return are_labels(given, said, columns.labels)[0]
    return False


def claimed(rows: Rows) -> Claim | None:
    """Whether a file holds pairs."""
    if rows.width != 2 or len(rows.sample) < LEAST:
        return None
    header = has_header(rows)
    data = rows.sample[1:] if header and rows.kind == "table" else rows.sample
    whole = [row for row in data if len(row) == 2]
    if len(data) - len(whole) > FAULTY * len(data):
        return None
    data = whole  # the others are refused with their lines when it is read
    if header and are_usual(rows.names):
        return Claim(NAMED, f"it has the columns {rows.names[0]!r} and {rows.names[1]!r}")
    numbers = [sum(is_number(row[at]) for row in data) > len(data) / 2 for at in (0, 1)]
    if any(numbers) or rows.separator not in ("\t", ""):
        return None
    return Claim(POSSIBLE, "it has two columns of texts")
