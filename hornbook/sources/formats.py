"""What a text is, by looking at it: a table, JSON lines, a JSON array, HTML, XML; or none of these.

Looking is cheap and judges by the beginning. To read one column of what was found is the business
of `hornbook.sources.columns`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hornbook.storage import parse_json

__all__ = ["SEPARATORS", "TEXTUAL", "Form", "delimited", "flat", "is_number", "look",
           "said_separator", "whole_lines"]  # fmt: skip

Kind = Literal["table", "JSON lines", "JSON array", "JSON", "HTML", "XML"]

SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
"What may stand between the columns of a table."
SAID = re.compile(rf'"?sep=([{"".join(SEPARATORS)}])"?[ ;,\t]*\r?\n', re.IGNORECASE)
LOOKED = 2**18  # characters of a look
ROWS = 1_000  # most rows of a look
FEW, MANY = 3, 10  # rows: fewer are not a table, with a header and without one
ALIKE = 0.95  # share of the rows that must have the usual number of columns
BLANK, COMMA = re.compile(r"\s*"), re.compile(r"\s*,")
NESTED = 3  # levels of JSON whose fields are named
TEXTUAL = ("text", "content", "body", "sentence", "poem", "name", "title", "smiles")
"Names of fields that often hold what a model is to learn, in lowercase."


@dataclass(frozen=True)
class Form:
    """What a text is, and which columns or fields it has."""

    kind: Kind
    columns: tuple[str, ...] = ()
    "Names of columns or fields; of a table without a header, numbers from 1."
    best: str = ""
    "The column that looks most like text."
    separator: str = ""
    "What stands between the columns of a table."
    header: bool = True
    "Whether the first row of a table has the names of its columns."

    def __str__(self) -> str:
        count = len(self.columns)
        if self.kind == "table":
            how = "" if self.header else " without a header"
            return f"a table with {count} columns{how}, cut by {SEPARATORS[self.separator]}"
        what = {"JSON array": "a JSON array", "JSON": "a JSON document"}.get(self.kind, self.kind)
        if self.columns:
            listed = ", ".join(self.columns[:6]) + (", …" if count > 6 else "")
            return f"{what} with the fields {listed}"
        return what


def look(text: str) -> Form | None:
    """What a text is; None if it is just text."""
    begins = text[:LOOKED].lstrip()
    if begins.startswith(("{", "[")):
        return look_for_json(text, begins)
    if begins.startswith("<"):
        return look_for_markup(begins)
    return look_for_table(text)


# JSON


def look_for_json(text: str, begins: str) -> Form | None:
    """JSON lines, or one JSON value; None if it is not JSON at all."""
    lines = whole_lines(text)
    with contextlib.suppress(ValueError):
        values = [parse_json(line) for line in lines if line.strip()]
        if len(values) > 1 and all(isinstance(value, dict) for value in values):
            return of_records("JSON lines", values)
    if begins.startswith("["):
        items = first_items(text)
        return None if items is None else of_records("JSON array", items)
    try:
        value = parse_json(text)
    except ValueError:
        return None
    # One object on its own: a single line of JSON lines, or a document.
    return of_records("JSON lines", [value]) if "\n" not in text.strip() else Form("JSON")


def first_items(text: str) -> list[Any] | None:
    """The objects among the first items of a JSON array; None if the text is not one."""
    found: list[Any] = []
    if len(text) <= LOOKED:
        with contextlib.suppress(ValueError):
            found = parse_json(text)
            return [item for item in found if isinstance(item, dict)]
        return None
    decode, at = json.JSONDecoder().raw_decode, text.index("[") + 1
    with contextlib.suppress(ValueError, RecursionError):
        while len(found) < ROWS:
            value, at = decode(text, BLANK.match(text, at).end())  # type: ignore[union-attr]
            found.append(value)
            if (comma := COMMA.match(text, at)) is None:
                break
            at = comma.end()
    return [item for item in found if isinstance(item, dict)] if len(found) >= FEW else None


def of_records(kind: Kind, records: Sequence[Mapping[str, Any]]) -> Form:
    """JSON with the fields of some of its objects."""
    found: dict[str, list[str]] = {}
    for record in records:
        for name, value in flat(record).items():
            found.setdefault(name, []).append(value if isinstance(value, str) else "")
    return Form(kind, tuple(found), most_textual(found))


def flat(record: Mapping[str, Any], before: str = "", level: int = 1) -> dict[str, Any]:
    """The values of a record by the names of their fields, with dots for what is nested."""
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and level < NESTED:
            found |= flat(value, f"{before}{name}.", level + 1)
        else:
            found[before + name] = value
    return found


# Markup

TAG = re.compile(r"</[A-Za-z][\w:.-]*\s*>|<[A-Za-z][\w:.-]*[^<>]*/>")


def look_for_markup(begins: str) -> Form | None:
    """HTML or XML; None for a text that happens to begin with `<`."""
    if re.match(r"<!doctype html|<html\b", begins, re.IGNORECASE):
        return Form("HTML")
    if begins.startswith("<?xml"):
        return Form("HTML" if re.search(r"<html\b", begins, re.IGNORECASE) else "XML")
    if re.match(r"<[A-Za-z!]", begins) and len(TAG.findall(begins)) >= FEW:
        known = re.findall(r"</(?:p|div|body|li|a|td|tr|span|h\d)\s*>", begins, re.IGNORECASE)
        return Form("HTML" if len(known) >= FEW else "XML")
    return None


# Tables


def said_separator(text: str) -> tuple[str, int]:
    """What Excel's first line `sep=;` says, and how many characters it takes; else empty and 0."""
    found = SAID.match(text)
    return ("", 0) if found is None else (found[1], found.end())


def look_for_table(text: str) -> Form | None:
    """A table whose rows have the same number of columns; None if it is none."""
    said, begins = said_separator(text)
    text = text[begins:]
    for separator in said or SEPARATORS:
        if separator not in text[:LOOKED]:
            continue
        rows = first_rows(text, separator)
        widths = Counter(map(len, rows))
        usual, times = widths.most_common(1)[0] if rows else (1, 0)
        if usual > 1 and 1 not in widths and times >= max(FEW, ALIKE * len(rows)):
            form = of_rows([row for row in rows if len(row) == usual], separator)
            if form.header or times >= MANY:
                return form
    return None


def of_rows(rows: Sequence[Sequence[str]], separator: str) -> Form:
    """A table, with its columns by their names, or by number where there is no header."""
    columns = list(zip(*rows, strict=True))
    first = rows[0]
    header = is_header(first, columns)
    numbers = [str(number) for number in range(1, len(first) + 1)]
    names = numbers
    if header:
        names = [name if name.strip() else own for name, own in zip(first, numbers, strict=True)]
    values = {name: list(cells[header:]) for name, cells in zip(names, columns, strict=True)}
    return Form("table", tuple(names), most_textual(values), separator, header)


def is_header(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns.

    It does if it is without numbers and stands above a column of numbers, or if its cells are
    distinct words that occur nowhere below. If one is a usual name, such as `text`, others may
    occur: a column `name` can well hold a "name". Columns without a name tell nothing: rows often
    end with a separator, and a column of row numbers often has none.
    """
    told = [place for place, cell in enumerate(first) if cell.strip()]
    first, columns = [first[place] for place in told], [columns[place] for place in told]
    if not told or len(set(first)) < len(first) or any(map(is_number, first)):
        return False
    below = [[cell for cell in column[1:] if cell] for column in columns]
    if any(cells and sum(map(is_number, cells)) > 0.9 * len(cells) for cells in below):
        return True
    plain = all(re.fullmatch(r"[\w .#/()-]{1,40}", cell) for cell in first)
    known = any(cell.strip().lower() in TEXTUAL for cell in first)
    again = sum(cell in set(cells) for cell, cells in zip(first, below, strict=True))
    recurring = 2 * again > len(first) if known else again > 0
    repeats = any(len(set(cells)) < len(cells) for cells in below)
    return plain and not recurring and (known or repeats)


def most_textual(values: Mapping[str, Sequence[str]]) -> str:
    """The column that looks most like text: by its name, else by length and variety."""

    def worth(name: str) -> tuple[bool, float]:
        cells = [cell for cell in values[name][:ROWS] if cell and not is_number(cell)]
        if not cells or len(cells) < len(values[name][:ROWS]) / 2:
            return False, 0.0
        variety = len(set(cells)) / len(cells)
        known = name.rpartition(".")[2].strip().lower() in TEXTUAL
        return known, variety * sum(map(len, cells)) / len(cells)

    return max(values, key=worth, default="")


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def first_rows(text: str, separator: str) -> list[list[str]]:
    """The first rows of a table that are not empty; none if quotation marks do not pair.

    Of a long text they may not, where the look ends within a cell.
    """
    rows: list[list[str]] = []
    try:
        for row in delimited("\n".join(whole_lines(text)), separator):
            if row:
                rows.append(row)
            if len(rows) == ROWS:
                break
    except csv.Error:
        if len(text) <= LOOKED:
            return []
    return rows


def whole_lines(text: str) -> list[str]:
    """The lines of the beginning of a text; one that the look cuts off is left out."""
    lines = text[:LOOKED].split("\n")
    return lines if len(text) <= LOOKED or len(lines) == 1 else lines[:-1]


def delimited(text: str, separator: str) -> Iterator[list[str]]:
    """The rows of a table, as the csv module reads them; `csv.Error` tells what is wrong.

    A quoted cell may hold separators and line breaks; a row may be empty.
    """
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
