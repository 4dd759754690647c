"""Which two columns of a file are the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.errors import DataError
from hornbook.pairs.languages import is_language
from hornbook.pairs.options import PairOptions
from hornbook.rendering import listed
from hornbook.sources.formats import is_number
from hornbook.sources.rows import Rows
from hornbook.suggestions import did_you_mean

__all__ = ["LABELS", "OF_TEXTS", "Columns", "find_columns", "has_header"]

SOURCES = {"source", "src", "input", "text", "question", "prompt", "sentence", "from", "given",
           "review", "message", "document", "original"}  # fmt: skip
TARGETS = {"target", "tgt", "output", "answer", "response", "translation", "to", "completion",
           "summary", "reply"}  # fmt: skip
LABELS = {"label", "labels", "class", "category", "sentiment", "sex", "gender", "tag", "topic",
          "intent", "language", "lang"}  # fmt: skip
"Names of columns, in lowercase."
OFTEN = {"word", "words", "name", "date", "verse", "addition", "roman", "decimal", "digits"}
SAID = {"reversed", "sorted", "copied", "copy", "sum", "sum backwards", "iso", "pinyin", "digits",
        "decimal", "words", "roman", "word", "name"}  # fmt: skip
"Names that could be data as well: they count where both columns have one."
OF_TEXTS = ("target_tokens", "vocabularies")  # settings that only targets that are texts have
BELOW = 3  # rows below a header, at least, whose script tells it


@dataclass(frozen=True)
class Columns:
    """The places of the columns, from 0."""

    source: int
    target: int
    header: bool
    "Whether the first row of a table names them."
    names: tuple[str, str]
    "What to call them, for people."
    labels: bool | None = None
    "Whether targets are labels; None where that hangs on what they are."


def has_header(rows: Rows, asked: Sequence[str] = ()) -> bool:
    """Whether the first row of a table names its columns.

    It does if it has a name that was asked for, or a usual one; or if what stands below has none
    of the letters A to Z that it is written in: numbers, dates, another script.

    Args:
        rows: the file.
        asked: columns that were asked for; one by its number is a place, whatever the header.
    """
    if rows.kind != "table":
        return True
    first, *below = rows.sample
    if any(name in first for name in asked if not name.isdecimal()):
        return True
    if any(cell.strip().lower() in SOURCES | TARGETS | LABELS for cell in first):
        return True
    if len(first) == 2 and are_usual(first):
        return True
    columns = [[row[at] for row in below if at < len(row)] for at in range(len(first))]
    return any(
        has_letters(cell) and stands_apart(column)
        for cell, column in zip(first, columns, strict=True)
    )


def are_usual(names: Sequence[str]) -> bool:
    """Whether two names are usual ones of a source and a target, or those of two languages."""
    source, target = (name.strip().lower() for name in names)
    if source != target and is_language(source) and is_language(target):
        return True
    return source in SOURCES | OFTEN and target in TARGETS | LABELS | SAID and source != target


def has_letters(cell: str) -> bool:
    """Whether a cell has a letter from A to Z."""
    return any(ch.isascii() and ch.isalpha() for ch in cell)


def stands_apart(column: Sequence[str]) -> bool:
    """Whether the cells below a name cannot be of its kind: they have no letters as it has."""
    if column and all(map(is_number, column)):
        return True
    return len(column) >= BELOW and not any(map(has_letters, column))


def find_columns(rows: Rows, options: PairOptions) -> Columns:
    """The columns of a file.

    Raises:
        DataError: if one is missing, both are the same, or there are several to choose from.
    """
    said = options.label_column if options.label_column is not None else options.target_column
    setting = "label_column" if options.label_column is not None else "target_column"
    asked = [name for name in (options.source_column, said) if name is not None]
    header = has_header(rows, asked) if options.header == "auto" else options.header == "yes"
    refuse_single(rows)
    source = (
        None
        if options.source_column is None
        else place_of(rows, options.source_column, "source_column", header)
    )
    target = None if said is None else place_of(rows, said, setting, header)
    if source is not None and source == target:
        raise DataError(
            f"`source_column` and `{setting}` are the same column, {options.source_column!r}.",
            hint="Give two columns.",
            setting="source_column",
        )
    labels: bool | None = None
    if said is not None:
        labels = options.label_column is not None
    source, target = completed(rows, source, target, header)
    names = [rows.told(at, header=header) for at in (source, target)]
    shown = names if header else [f"column {name}" for name in names]
    if labels is None and header and rows.names[target].lower() in LABELS:
        labels = True
    if labels is None and {*OF_TEXTS} & options.changed().keys():
        labels = False
    return Columns(source, target, header, (shown[0], shown[1]), labels)


def completed(rows: Rows, source: int | None, target: int | None, header: bool) -> tuple[int, int]:
    """Both columns, where one was not asked for.

    Raises:
        DataError: if several could be meant.
    """
    if source is None and target is None and header:
        source, target = usual(rows, SOURCES), usual(rows, TARGETS | LABELS)
    rest = [at for at in range(rows.width) if at not in (source, target)]
    if source is None and target is None and len(rest) == 2:
        return 0, 1
    if source is None and target is not None and len(rest) == 1:
        return rest[0], target
    if target is None and source is not None and len(rest) == 1:
        return source, rest[0]
    if source is not None and target is not None:
        return source, target
    missing = "source_column" if source is None else "target_column"
    raise DataError(
        f"{rows.where} has {rows.width} columns: {told(rows, header)}.",
        hint=f"Set `{missing}` to one of them"
        + ("." if source is None else ", or set `label_column`."),
        setting=missing,
    )


def usual(rows: Rows, names: set[str]) -> int | None:
    """The one column with one of some names; None if there is none, or several."""
    found = [at for at, name in enumerate(rows.names) if name.strip().lower() in names]
    return found[0] if len(found) == 1 else None


def place_of(rows: Rows, name: str, setting: str, header: bool) -> int:
    """The place of a column that was asked for.

    Raises:
        DataError: if there is none of this name, or several.
    """
    places = [at for at, known in enumerate(rows.names) if known == name] if header else []
    if len(places) == 1:
        return places[0]
    if len(places) > 1:
        raise DataError(
            f"{rows.where} has {len(places)} columns named {name!r}.",
            hint=f"Rename them, or remove the first line and set `{setting}` to a number.",
            setting=setting,
        )
    if rows.kind == "table" and name.isdecimal() and 1 <= int(name) <= rows.width:
        return int(name) - 1
    raise DataError(
        f"{rows.where} has no column {name!r}.",
        hint=f"{did_you_mean(name, rows.names) if header else ''}Columns: {told(rows, header)}.",
        setting=setting,
    )


def told(rows: Rows, header: bool) -> str:
    """The columns there are."""
    if header:
        return listed(rows.names)
    return f"1 to {rows.width}, without a header"


def refuse_single(rows: Rows) -> None:
    """Refuse a file with one column.

    Raises:
        DataError: if it is one.
    """
    if rows.width < 2 and rows.kind != "table":
        has = f"have one field, {listed(rows.names)}" if rows.names else "have no fields"
        raise DataError(
            f"{rows.where}: the objects {has}; pairs need two.",
            hint="Give each object a field for each side.",
        )
    if rows.width < 2:
        raise DataError(
            f"{rows.where} has one column; pairs need two.",
            hint="Put a tab between the two sides of each line, or give CSV or JSON lines.",
        )
