"""Tables that a program has at hand: data frames, mappings of columns, structured arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hornbook.errors import DataError
from hornbook.sources.cells import Declared
from hornbook.tables.cells_in_memory import raw_of
from hornbook.tables.marks import all_marks
from hornbook.tables.reading import Place, RawTable

__all__ = ["columns_in", "table_in_memory"]


def columns_in(data: Any, what: str) -> dict[str, Any]:
    """The columns of a data frame, a mapping of arrays, or a structured array, by name.

    Args:
        data: any of these.
        what: what to call it in messages.

    Raises:
        DataError: if it is something else, or two columns have one name.
    """
    if isinstance(data, Mapping):
        pairs = list(data.items())
    elif hasattr(data, "columns") and hasattr(data, "__getitem__"):
        # By place, for a data frame may have two columns of one name.
        names = list(data.columns)
        by_place = getattr(data, "iloc", None)
        pairs = [
            (name, data[name] if by_place is None else by_place[:, place])
            for place, name in enumerate(names)
        ]
    elif getattr(getattr(data, "dtype", None), "names", None):
        pairs = [(name, data[name]) for name in data.dtype.names]
    else:
        raise DataError(
            f"{what} must be a data frame or a mapping of names to columns, not "
            f"{type(data).__name__}.",
            hint="Give a data frame, or {'name': column, ...}.",
        )
    found: dict[str, Any] = {}
    for name, column in pairs:
        if str(name) in found:
            raise DataError(
                f"{what} has two columns named {str(name)!r}.",
                hint="Rename them, so that each has a name of its own.",
            )
        found[str(name)] = column
    return found


def table_in_memory(
    columns: Mapping[str, Any],
    where: str,
    *,
    missing: Collection[str] = (),
    declared: Mapping[str, Declared] | None = None,
) -> RawTable:
    """Columns as a table that was read.

    Args:
        columns: by name, of one length.
        where: what to call the table.
        missing: further texts that say that nothing is known, beside the usual ones.
        declared: what columns are said to be, whatever their types say.

    Raises:
        DataError: if there are no rows, lengths differ, or a column holds what is not a value.
    """
    marks = all_marks(missing)
    said = declared or {}
    made = {
        name: raw_of(column, name, marks, said.get(name, "")) for name, column in columns.items()
    }
    lengths = {name: raw.n for name, raw in made.items()}
    n = next(iter(lengths.values()), 0)
    odd = next((name for name, length in lengths.items() if length != n), None)
    if odd is not None:
        first = next(iter(lengths))
        raise DataError(
            f"Column {first!r} has {n:,} rows and column {odd!r} {lengths[odd]:,}: each row needs "
            "a value in every column."
        )
    if not n:
        raise DataError(f"{where} has no rows.", hint="Give at least one.")
    places = (Place(where, range(n), "row (from 0)"),)
    return RawTable(tuple(made), made, n, places)
