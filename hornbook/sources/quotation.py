"""Whether quotation marks in a table group what is between them, or are characters as others.

In CSV a cell in quotation marks may hold separators and line breaks. Tab-separated corpora often
have none of that: a quotation mark is what somebody said, and need not be closed.
"""

from __future__ import annotations

import csv
from typing import Literal

from hornbook.sources.formats import delimited, whole_lines

__all__ = ["Quotes", "are_literal"]

Quotes = Literal["auto", "yes", "no"]


def are_literal(text: str) -> bool:
    """Whether the quotation marks of a tab-separated text are characters as others.

    They are where all lines have the same number of cells if they are, and where they would
    not pair, or take several lines for one row, if they were not.

    Args:
        text: the beginning of a file.
    """
    lines = [line for line in whole_lines(text) if line.strip()]
    widths = {line.count("\t") for line in lines}
    if '"' not in text or len(widths) != 1 or 0 in widths:
        return False
    try:
        return sum(bool(row) for row in delimited("\n".join(lines), "\t")) != len(lines)
    except csv.Error:
        return True
