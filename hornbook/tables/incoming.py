"""Rows in memory that come later, as the mapper of a run reads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import clip, listed, many
from hornbook.sources.formats import is_number
from hornbook.suggestions import did_you_mean
from hornbook.tables.arrays import named_columns
from hornbook.tables.frame import Frame, Typed, typed
from hornbook.tables.kinds import Column
from hornbook.tables.later import Later, Piece, other_type, refuse_other_type, wanted
from hornbook.tables.mapper import Mapper
from hornbook.tables.raw import Raw
from hornbook.tables.reading import RawTable
from hornbook.tables.spellings import is_truth
from hornbook.tables.table_in_memory import columns_in, table_in_memory
from hornbook.tables.target import Target
from hornbook.tables.unread import why_unread

__all__ = ["as_written", "frame_of", "piece_of", "read", "sound"]


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
    table = table_for(mapper, data, missing=missing, where=where)
    made = {column.name: read(table, column, mapper) for column in mapper.needed}
    return Frame(table.n, made)


def piece_of(
    later: Later,
    target: Target,
    data: Any,
    *,
    missing: Collection[str] = (),
    refuse: bool = True,
    where: str = "the data",
) -> Piece:
    """Rows in memory as a run reads them, with their target if they have it.

    Args:
        later: with the mapper of the run; counts what is odd.
        target: of the run.
        data: as of `frame_of`; so are the arguments that are not named here.
        missing: further texts that say that nothing is known.
        refuse: whether a value that cannot be read is an error, or its row a bad one.
        where: what to call the data in messages.

    Raises:
        DataError: as `frame_of`.
    """
    table = table_for(later.mapper, data, missing=missing, where=where, also=target.name)
    made: dict[str, Typed] = {}
    bad = np.zeros(table.n, bool)
    for column in later.mapper.needed:
        later.look(table.columns[column.name], column)
        if refuse:
            made[column.name] = read(table, column, later.mapper)
        else:
            refuse_other(table.columns[column.name], column, later.mapper)
            made[column.name], wrong = typed(table.columns[column.name], column)
            bad |= wrong
    of_target = table.columns.get(target.name)
    values, told = wanted(of_target, target, table.n)
    if values is not None and target.kind != "class" and (odd := told & np.isnan(values)).any():
        later.odd_target = wrong_target(table, target, int(np.flatnonzero(odd)[0]))
    return Piece(later.inputs(made, bad), bad, values, told)


def wrong_target(table: RawTable, target: Target, row: int) -> str:
    """Where a target stands that cannot be read, and why; without a full stop."""
    cell = clip(table.cell(target.name, row), 40)
    why = why_unread(cell, target.written, "number")
    return (
        f"{table.place(row)}: {cell!r} in column {target.name!r}{why and f', {why},'} is not a "
        f"number written as in train, such as {target.written.example()}"
    )


def table_for(
    mapper: Mapper, data: Any, *, missing: Collection[str], where: str, also: str = ""
) -> RawTable:
    """The columns in memory that a mapper needs, and one more if it is there."""
    if isinstance(data, tuple) and len(data) == 2:
        columns = named_columns(*data)
    else:
        columns = columns_in(data, where[:1].upper() + where[1:])
    found = found_columns(mapper, columns, where)
    if also in columns:
        found[also] = columns[also]
    return as_written(mapper, table_in_memory(found, where, missing=missing))


def as_written(mapper: Mapper, table: RawTable) -> RawTable:
    """A table in memory whose texts are read in the way in which train writes numbers."""
    forms = {column.name: column.written for column in mapper.needed}
    columns = {name: replace(raw, told_form=forms.get(name)) for name, raw in table.columns.items()}
    return replace(table, columns=columns)


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
    refuse_other(table.columns[column.name], column, mapper)
    return sound(table, column)


def refuse_other(raw: Raw, column: Column, mapper: Mapper) -> None:
    """Refuse a column of another type than it was in training.

    Raises:
        DataError: if it is.
    """
    refuse_other_type(raw, column)
    if column.kind == "category":
        refuse_other_labels(raw, column, mapper)


def sound(table: RawTable, column: Column) -> Typed:
    """A column as what it is.

    Raises:
        DataError: naming the first value that is something else.
    """
    made, wrong = typed(table.columns[column.name], column)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raw, cell = table.columns[column.name], table.cell(column.name, row)
        why = why_unread(cell, raw.form, column.kind)
        like = f" Its numbers are written as {raw.form.example()}." if why else ""
        raise DataError(
            f"{table.place(row)}: {clip(cell, 40)!r} in column {column.name!r}"
            f"{why and f', {why},'} is not a {column.kind}, as others are. In all: "
            f"{many(int(wrong.sum()), 'such value')} of {table.n:,}.",
            hint=f"Correct them, or give None where nothing is known.{like}",
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
    if all(map(is_truth, labels)):
        return "truth values"
    return "numbers" if all(map(is_number, labels)) else "texts"
