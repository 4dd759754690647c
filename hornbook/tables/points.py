"""Points and commas of numbers in a file that is not written as the table of train was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.sources.cells import Cells
from hornbook.sources.columns import field_of
from hornbook.tables.number_style import grouped

__all__ = ["unclear", "with_commas"]

CLASHES = {("comma", ","): (".", ","), ("thousands", ";"): (",", ".")}
"""Of a way of writing numbers and the separator of a file in which it is unusual: the mark between
thousands, which such a file has before decimals, and the mark before decimals."""


def with_commas(cells: Cells, records: Sequence[Mapping[str, Any]], name: str) -> Cells:
    """Cells of JSON, its numbers with decimal commas, as its texts have: 1.234 is not a thousand.

    Args:
        cells: of a field.
        records: the objects that they are of.
        name: of the field.
    """
    values = (field_of(record, name) for record in records)
    return Cells([
        cell.replace(".", ",") if isinstance(value, float) else cell
        for cell, value in zip(cells, values, strict=True)
    ])  # fmt: skip


def unclear(cells: Cells, form: str, separator: str) -> npt.NDArray[np.bool_]:
    """Whether numbers of a file may be another number than they are as train writes them.

    Where train has decimal commas and semicolons, 1.234 is a thousand; with commas between cells
    it mostly is a little more than one. It is clear where some cell has a decimal comma, or the
    others show that points stand between thousands. Where train has none between thousands, it is
    unclear in a file of which the numbers show that.

    Args:
        cells: of a column.
        form: how train writes its numbers, a `NumberStyle`.
        separator: of the file; empty where it has none.

    Returns:
        A mask of shape (n,).
    """
    clear = np.zeros(len(cells), bool)
    between, before = CLASHES.get((form, separator), ("", ""))
    if cells.floats() is not None or cells.integers() is not None:
        return clear
    if form == "plain":
        if not grouped(set(cells.texts), ".", money=separator != ","):
            return clear
        between = "."
    elif not between or any(before in cell for cell in cells) or grouped(set(cells.texts), between):
        return clear
    return np.fromiter((between in cell for cell in cells), bool, len(cells))
