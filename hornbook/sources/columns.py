"""One column of a table, or one field of JSON records, as a list of texts.

    read_column(text, "names.csv", "name")      the column under the header `name`
    read_column(text, "names.tsv", "2")         the second column of a table without a header
    read_column(text, "rows.jsonl", "user.bio") a field of a field

Line breaks at the ends of a value are left out, and so are values that hold nothing; how many is
told. What other columns have beside each value is read with it, where it is asked for.
"""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hornbook.errors import DataError
from hornbook.sources.formats import SEPARATORS, delimited, flat, look, said_separator
from hornbook.storage import parse_json
from hornbook.suggestions import did_you_mean, without_commas

__all__ = [
    "Column",
    "as_text",
    "badly_quoted",
    "field_of",
    "lines_of",
    "long_cells",
    "read_column",
]

LOOKED = 1_000  # records whose fields are named, where the one that was asked for is not there
LISTED = 20  # most columns that a message names
LARGEST = min(sys.maxsize, 2**31 - 1)  # characters of a cell: the most that csv knows


@dataclass(frozen=True)
class Column:
    """The values of a column, and what was found on the way to them."""

    values: tuple[str, ...]
    "Those that hold something."
    empty: int
    "How many were left out."
    about: str
    "Which column of what, for people."
    beside: tuple[tuple[str, ...], ...] = ()
    "Cells of other columns beside each value, without blanks at their ends; empty: none were read."


def read_column(text: str, where: str, name: str, beside: Sequence[str] = ()) -> Column:
    """One column of a table, or one field of JSON lines or of a JSON array of objects.

    Args:
        text: the whole file.
        where: what to call it in messages.
        name: of the column, as the header has it; or its number from 1, of a table without a
            header, all of whose rows are read: a number is a place before it is a name. Of JSON a
            field, with dots for what is nested.
        beside: names of other columns, whose cells are read beside each value.

    Raises:
        DataError: if there is no such column, what there is is not a table or JSON, it is
            damaged, or no value holds anything.
    """
    found, about = cells_of(text, where, name)
    values = [value.replace("\r\n", "\n").replace("\r", "\n").strip("\n") for value in found]
    full = [number for number, value in enumerate(values) if value.strip()]
    kept = tuple(values[number] for number in full)
    if not kept:
        raise DataError(
            f"{where}: {about} has only empty values.",
            hint="Choose another column.",
            setting="column",
        )
    others = [cells_beside(text, where, other, name, len(values)) for other in beside]
    rows = tuple(tuple(cells[number].strip() for cells in others) for number in full)
    return Column(kept, len(values) - len(kept), about, rows if others else ())


def cells_of(text: str, where: str, name: str) -> tuple[list[str], str]:
    """All cells of a column or values of a field, and which it is."""
    begins = text.lstrip()[:1]
    if begins == "{":
        return from_records(json_lines(text, where), where, name, "JSON lines")
    if begins == "[":
        return from_records(json_array(text, where), where, name, "a JSON array")
    return from_table(text, where, name)


def cells_beside(text: str, where: str, name: str, column: str, count: int) -> list[str]:
    """The cells of another column, a row for each of those that were read.

    Raises:
        DataError: if there is no such column, or it is named by a number and the first by a name,
            so that the first row is a header to one and data to the other.
    """
    try:
        cells = cells_of(text, where, name)[0]
    except DataError as error:
        with contextlib.suppress(csv.Error):
            header, _ = header_with(text, name)
            error.hint = without_commas(name, header, setting="condition") + error.hint
        error.setting = "condition"
        raise
    if len(cells) != count:
        raise DataError(
            f"{where}: {column!r} and {name!r} are a column by its name and one by its number, and "
            "so the first row is a header to one and data to the other.",
            hint="Give both by name, or both by number.",
            setting="condition",
        )
    return cells


# Tables


def from_table(text: str, where: str, name: str) -> tuple[list[str], str]:
    """The cells of a column, and which it is."""
    rows: list[list[str]] = []
    said, begins = said_separator(text)
    text = text[begins:]
    try:
        with long_cells():
            header, separator = header_with(text, name, said)
            place, about = place_of(name, header, where, text)
            rows.extend(delimited(text, separator))
    except csv.Error as error:
        raise badly_quoted(error, where, 1 + bool(said) + lines_of(rows)) from error
    cells = [row[place] if place < len(row) else "" for row in rows if row]
    return cells if is_place(name, header) else cells[1:], about


def lines_of(rows: Sequence[Sequence[str]]) -> int:
    """How many lines some rows of a table took."""
    return sum(1 + sum(cell.count("\n") for cell in row) for row in rows)


def badly_quoted(error: csv.Error, where: str, first: int, last: int = 0) -> DataError:
    """The error that the quotation marks of a table do not pair.

    Args:
        error: of the csv module.
        where: what to call the table.
        first: the line in which the row begins that cannot be read.
        last: the line that was read when that was found; 0 if it is not known.
    """
    told = f"line {first:,}: {error}."
    if last > first:
        told = (
            f"a quotation mark that opens in the row of line {first:,} is not closed, or "
            f"closes in the wrong place (line {last:,}: {error})."
        )
    return DataError(
        f"{where} is not a table that can be read: {told}",
        hint="Look for a quotation mark that is not closed; one within a quoted cell is "
        "written twice.",
        setting="column",
    )


def place_of(name: str, header: Sequence[str], where: str, text: str) -> tuple[int, str]:
    """The place of a column from 0, and which it is, for people.

    Raises:
        DataError: if there is none of this name, or several.
    """
    if is_place(name, header):
        place = int(name) - 1
        return place, f"column {name}, read without a header: its first value is {header[place]!r}"
    if name not in header:
        raise no_column(where, name, header, text)
    if header.count(name) > 1:
        raise DataError(
            f"{where} has {header.count(name)} columns named {name!r}.",
            hint="Rename them, so that each has a name of its own.",
            setting="column",
        )
    return header.index(name), f"column {name!r}"


def header_with(text: str, name: str, said: str = "") -> tuple[list[str], str]:
    """The first row, cut so that it has a column of this name if any way of cutting does.

    Args:
        text: of the table.
        name: of the column.
        said: what the file says that stands between cells; empty where it says nothing.
    """
    form = None if said else look(text)
    likely = form.separator if form is not None and form.separator else said
    first = [separator for separator in (likely, *SEPARATORS) if separator]
    headers = []
    for separator in first:
        with contextlib.suppress(csv.Error):
            row = next((row for row in delimited(text, separator) if row), [])
            headers.append((row, separator))
    for row, separator in headers:
        if name in row and not is_place(name, row):
            return row, separator
    if not headers:
        raise csv.Error("its first row has quotation marks that do not pair")
    return headers[0] if likely else max(headers, key=lambda pair: len(pair[0]))


def is_place(name: str, header: Sequence[str]) -> bool:
    """Whether a name is the number of a column."""
    return name.isascii() and name.isdecimal() and 1 <= int(name) <= len(header)


def no_column(where: str, name: str, header: Sequence[str], text: str) -> DataError:
    """The error that a table has no such column."""
    if len(header) < 2 and (form := look(text)) is not None and form.kind != "table":
        return DataError(
            f"{where} has no columns: it is {form}.",
            hint="Leave `column` out, or give a table or JSON lines.",
            setting="column",
        )
    if len(header) < 2:
        return DataError(
            f"{where} has no column {name!r}: its first line, {clipped(header)!r}, is one column.",
            hint="Leave `column` out to read a plain text, or set `column=1` for this column.",
            setting="column",
        )
    return DataError(
        f"{where} has no column {name!r}; its first row has {listed(header)}.",
        hint=f"{did_you_mean(name, header)}Name one of these; if the first row is data too, give a "
        f"number from 1 to {len(header)}.",
        setting="column",
    )


def clipped(header: Sequence[str]) -> str:
    """The beginning of a row of one cell."""
    return "".join(header)[:40]


@contextlib.contextmanager
def long_cells(longest: int = LARGEST) -> Iterator[None]:
    """A context in which the csv module reads long cells; its limit is the process's.

    Args:
        longest: most characters of a cell.
    """
    before = csv.field_size_limit(max(csv.field_size_limit(), longest))
    try:
        yield
    finally:
        csv.field_size_limit(before)


# JSON


def from_records(
    records: Iterable[Mapping[str, Any]], where: str, name: str, kind: str
) -> tuple[list[str], str]:
    """The values of a field, and which it is."""
    found: list[str] = []
    fields: dict[str, None] = {}
    there = False
    for number, record in enumerate(records, 1):
        value = field_of(record, name)
        there |= value is not MISSING
        if isinstance(value, Mapping | list):
            raise not_text(where, name, number, value)
        found.append(as_text(value))
        if not there and number <= LOOKED:
            fields |= dict.fromkeys(flat(record))
    if not there:
        also = {field.rpartition(".")[2].lower(): field for field in fields}
        raise DataError(
            f"{where} has no field {name!r}; its fields are {listed(list(fields))}.",
            hint=f"{did_you_mean(name, fields, also=also)}Name one of these.",
            setting="column",
        )
    return found, f"field {name!r} of {kind}"


def not_text(where: str, name: str, number: int, value: Mapping[str, Any] | list[Any]) -> DataError:
    """The error that a field holds more than a text."""
    what, inner = "a list", ""
    if isinstance(value, Mapping):
        what, inner = "an object", f" Its fields: {listed(list(flat(value)))}."
    return DataError(
        f"{where}: the field {name!r} of record {number:,} is {what}, not text.",
        hint=f"Choose a field that holds text.{inner}",
        setting="column",
    )


MISSING = object()


def field_of(record: Mapping[str, Any], name: str) -> Any:
    """The value of a field, or MISSING; a name with dots may be that of a field within a field."""
    if name in record:
        return record[name]
    outer, dot, inner = name.partition(".")
    within = record.get(outer)
    if dot and isinstance(within, Mapping):
        return field_of(within, inner)
    return MISSING


def as_text(value: Any) -> str:
    """A value as text; what is not there is empty."""
    if value is None or value is MISSING:
        return ""
    if isinstance(value, str):
        return value
    return str(value) if type(value) is int else json.dumps(value)


def json_lines(text: str, where: str) -> Iterator[Mapping[str, Any]]:
    """The objects of JSON lines; or a single object, over however many lines it is written.

    Raises:
        DataError: naming the first line that is not an object.
    """
    with contextlib.suppress(ValueError):
        yield parse_json(text)
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError as error:
            last = " (the last: is the file cut off?)" if number == len(lines) else ""
            raise DataError(
                f"{where} is not JSON lines: line {number:,}{last} is not JSON: {error}.",
                hint="Each line must be one JSON object.",
                setting="column",
            ) from error
        if not isinstance(value, Mapping):
            raise DataError(
                f"{where}: line {number:,} is JSON, but not an object with fields.",
                hint="Each line must be one JSON object.",
                setting="column",
            )
        yield value


def json_array(text: str, where: str) -> list[Mapping[str, Any]]:
    """The objects of a JSON array.

    Raises:
        DataError: if it is not one.
    """
    try:
        values = parse_json(text)
    except ValueError as error:
        raise DataError(
            f"{where} begins as a JSON array, but is not JSON: {error}.",
            hint="Check whether the file is complete.",
            setting="column",
        ) from error
    if not all(isinstance(value, Mapping) for value in values):
        raise DataError(
            f"{where} is a JSON array, but not of objects with fields.",
            hint="Write its items to a file, one per line, and leave `column` out.",
            setting="column",
        )
    found: list[Mapping[str, Any]] = values
    return found


def listed(names: Sequence[str]) -> str:
    """The first names, for a message."""
    shown = ", ".join(map(repr, names[:LISTED]))
    return shown if len(names) <= LISTED else f"{shown} and {len(names) - LISTED:,} more"
