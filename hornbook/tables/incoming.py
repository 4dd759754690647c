"""Rows in memory that come later, as the mapper of a run reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import clip, many
from hornbook.suggestions import did_you_mean
from hornbook.tables.arrays import named_columns
from hornbook.tables.cells_in_memory import columns_in, table_in_memory
from hornbook.tables.frame import Frame, Typed, typed
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapper
from hornbook.tables.raw import Raw
from hornbook.tables.reading import RawTable, listed

__all__ = ["frame_of", "read", "sound"]


def frame_of(
    mapper: Mapper, data: Any, *, missing: Collection[str] = (), where: str = "the data"
) -> Frame:
    """Rows in memory, typed as those that a mapper was fitted on.

    Columns are found by their names, whatever their order; further ones are not looked at.

    Args:
        mapper: of a run.
        data: a data frame, or a mapping of names to columns, or x_cat and x_cont as a pair.
        missing: further texts that say that nothing is known, as in training.
        where: what to call the data in messages.

    Returns:
        The columns in `mapper.needed`, for `mapper.apply`.

    Raises:
        DataError: if a column is missing, or of another type than it was, or a value cannot be
            read.
    """
    if isinstance(data, tuple) and len(data) == 2:
        columns = named_columns(*data)
    else:
        columns = columns_in(data, where[:1].upper() + where[1:])
    table = table_in_memory(found_columns(mapper, columns, where), where, missing=missing)
    made = {column.name: read(table, column, mapper) for column in mapper.needed}
    return Frame(table.n, made)


def found_columns(mapper: Mapper, columns: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The columns that a mapper needs, by the names that it knows.

    Raises:
        DataError: naming those that are not there, and what they may be called here.
    """
    needed = [column.name for column in mapper.needed]
    found: dict[str, Any] = {}
    for name in needed:
        alike = [one for one in columns if one.strip().lower() == name.strip().lower()]
        if name in columns:
            found[name] = columns[name]
        elif len(alike) == 1 and alike[0] not in needed:
            found[name] = columns[alike[0]]
    gone = [name for name in needed if name not in found]
    if gone:
        spare = [name for name in columns if name not in needed]
        near = did_you_mean(gone[0], spare)
        renamed = f"Is {near.removeprefix('Did you mean ')[:-2]!r} the column {gone[0]!r}? Rename "
        raise DataError(
            f"{where[:1].upper() + where[1:]} lacks {many(len(gone), 'column')} that the model "
            f"reads: {listed(gone)}; it has {listed(list(columns))}.",
            hint=f"{renamed}it so."
            if near
            else "Give all columns that the model was trained on; their order does not matter.",
        )
    return found


def read(table: RawTable, column: Column, mapper: Mapper) -> Typed:
    """A column as what it was in training.

    Raises:
        DataError: if it is something else, or a value in it.
    """
    raw = table.columns[column.name]
    if column.kind == "number" and raw.declared == "date":
        raise other_type(column, "dates", "numbers")
    if column.kind == "category":
        refuse_other_labels(raw, column, mapper)
    return sound(table, column)


def sound(table: RawTable, column: Column) -> Typed:
    """A column as what it is.

    Raises:
        DataError: naming the first value that is something else.
    """
    made, wrong = typed(table.columns[column.name], column)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{table.place(row)}: {clip(table.cell(column.name, row), 40)!r} in column "
            f"{column.name!r} is not a {column.kind}, as others are. In all: "
            f"{many(int(wrong.sum()), 'such value')} of {table.n:,}.",
            hint="Correct them, or give None where nothing is known.",
        )
    return made


def refuse_other_labels(raw: Raw, column: Column, mapper: Mapper) -> None:
    """Refuse categories of another type: dates, truth values or numbers where there were texts.

    Raises:
        DataError: if none of them is known, and all are of another type than all in training.
    """
    known = next(one.labels for one in mapper.categories if one.column == column.name)
    _, labels = raw.as_labels()
    if not known or not labels or set(labels) & set(known):
        return
    here = "dates" if raw.declared == "date" else nature(labels)
    before = nature(known)
    if here != before:
        raise other_type(column, f"{here} ({labels[0]})", f"{before} ({known[0]})")


def nature(labels: Collection[str]) -> str:
    """What categories are, by how they are written."""
    if set(labels) <= {"True", "False"}:
        return "truth values"
    return "numbers" if all(map(is_number, labels)) else "texts"


def is_number(label: str) -> bool:
    """Whether a category is a number."""
    try:
        float(label)
    except ValueError:
        return False
    return True


def other_type(column: Column, here: str, before: str) -> DataError:
    """The error that a column is of another type than it was."""
    return DataError(
        f"Column {column.name!r} holds {here}, and held {before} in training.",
        hint="Give it as it was.",
    )
