"""What is wrong with cells that are not what their column is, and with values of the target."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, as_typed
from hornbook.rendering import clip
from hornbook.tables.faults import Fault
from hornbook.tables.frame import Categories, Dates, Typed
from hornbook.tables.kinds import ASKED, Column, ColumnKind, Seen
from hornbook.tables.number_form import is_some_number
from hornbook.tables.reading import RawTable
from hornbook.tables.target import TargetKind
from hornbook.tables.unread import why_unread

__all__ = ["FORCED", "faulty_cells", "refuse_tiny", "wrong_targets"]

FORCED: tuple[tuple[str, ColumnKind], ...] = (
    ("categorical", "category"), ("numerical", "number"), ("dates", "date"), ("ignore", "left out")
)  # fmt: skip
"Options that say what columns are."
LARGEST = 1e100  # of a target: the squares of errors must be floats
SMALLEST = 1e-100  # and not all be 0
Mask = npt.NDArray[np.bool_]


def faulty_cells(table: RawTable, column: Column, wrong: Mask, target: str) -> Fault:
    """The fault that some cells of a column are not what the column is.

    Args:
        table: read.
        column: what it is read as.
        wrong: its cells that are not such, one at least; shape (n,).
        target: the column to predict.
    """
    row = int(np.flatnonzero(wrong)[0])
    what = "number" if column.kind == "number" else "date"
    cell = clip(table.cell(column.name, row), 40)
    raw = table.columns[column.name]
    seen = Seen(column.name, raw)
    named = seen.odd_text and what == "number" and seen.n_numbers
    mark = f"`missing={as_typed(seen.odd_text)}`" if named else "`missing`"
    also = (
        "Correct them, say what stands for a value that is not known ("
        f"{mark}), leave such rows out (`bad_rows=skip`)"
    )
    some_number = what == "number" and is_some_number(table.cell(column.name, row))
    if some_number:
        also = "Write all its numbers in one way, leave such rows out (`bad_rows=skip`)"
    other = "" if column.name == target else (
        ", or read the column as categories: "
        f"`categorical={as_typed(column.name)}`")  # fmt: skip
    if column.reason == ASKED:
        setting = next(name for name, kind in FORCED if kind == column.kind)
        other = f", or leave the column out of `{setting}`"
    others = "as others are" if wrong.sum() < int((~raw.missing).sum()) else "and no other is"
    why = why_unread(cell, raw.form, what)
    is_what = f"is not a {what}, {others}"
    if some_number:
        is_what = f"is not written as others are, such as {raw.form.example()}"
    which = f"{cell!r} in column {column.name!r}" + (f", {why}," if why else "")
    alike = named and not why and raw.is_text(wrong, seen.odd_text)
    return Fault(
        f"{table.place(row)}: {which} {is_what}",
        f"{also}{other}.",
        int(wrong.sum()),
        "such cell",
        table.n,
        mark=seen.odd_text if alike and column.name != target else "",
    )


def wrong_targets(column: Typed, predicts: TargetKind) -> Iterator[tuple[Mask, str, str]]:
    """Rows whose target cannot be learned, each kind of them with what it is and what to do.

    Args:
        column: the target.
        predicts: what is predicted.
    """
    assert not isinstance(column, Dates)
    if isinstance(column, Categories):
        yield column.codes < 0, *EMPTY
        return
    yield np.isnan(column.values), *EMPTY
    yield (
        np.abs(column.values) > LARGEST,
        f"is beyond ±{LARGEST:g}",
        "Correct it, or leave such rows out: `bad_rows=skip`.",
    )
    if predicts == "logarithm":
        yield (
            column.values <= 0,
            "is not above 0, so it has no logarithm",
            "Leave such rows out (`bad_rows=skip`), or leave `log_target` out.",
        )


EMPTY = ("is empty", "Fill it, or leave such rows out: `bad_rows=skip`.")


def refuse_tiny(name: str, values: npt.NDArray[np.float64]) -> None:
    """Refuse a target of which no error has a square that is a float above 0.

    Args:
        name: of the target.
        values: that can be learned.

    Raises:
        DataError: if it is such a one.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if 0 < largest < SMALLEST:
        raise DataError(
            f"The target {name!r} lies within ±{largest:g}: the squares of errors so small are 0.",
            hint=f"Multiply it, such as by 1e{-math.floor(math.log10(largest))}.",
            setting="target",
        )
