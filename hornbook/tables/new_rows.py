"""Rows of a file that comes later, as a run reads them: piece by piece, each row where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import clip, many
from hornbook.sources.cells import Cells
from hornbook.sources.rows import Chunk, Rows
from hornbook.suggestions import did_you_mean
from hornbook.tables.frame import Categories, Frame, Numbers, Typed, typed
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.raw import Raw, RawColumn
from hornbook.tables.reading import column_names, has_header, listed
from hornbook.tables.target import Target
from hornbook.tables.written import MISSING, NumberStyle, as_label, number_of

__all__ = ["UNKNOWN", "Header", "NewRows", "Piece", "header_of"]

Mask = npt.NDArray[np.bool_]
UNKNOWN = -2  # a class that the run has not; -1 is a missing one
EXAMPLE = datetime(2015, 7, 31)  # a date whose parts cannot be taken for one another


@dataclass(frozen=True)
class Piece:
    """Some rows of a file."""

    cells: tuple[Cells, ...]
    "Of all columns of the file, as they stand."
    lines: Sequence[int]
    inputs: Mapped
    bad: Mask
    "Rows with a cell that cannot be read, which then is read as missing; shape (n,)."
    target: npt.NDArray[Any] | None
    """Numbers, NaN where there is none that can be read; or classes by number, -1 where missing and
    UNKNOWN; shape (n,). None where the file has no such column."""
    told: npt.NDArray[np.bool_]
    "Rows whose target is not missing; shape (n,)."
    records: Sequence[Any] = ()
    "Of JSON the objects themselves."

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Header:
    """What the columns of a file are called."""

    names: tuple[str, ...]
    there: bool
    "Whether the first row of the file says so."


def header_of(rows: Rows, mapper: Mapper, target: str) -> Header:
    """What the columns of a file are called, when it is known which ones a run reads.

    Args:
        rows: of the file.
        mapper: of the run.
        target: the name of the column that the run predicts.

    Raises:
        DataError: if it has no header and needs one, has another number of columns than the table
            without a header that the run has learned from, or two columns of one name.
    """
    known = [column.name for column in mapper.columns]
    if rows.kind == "table" and is_numbered([*known, target]):
        if has_header(rows):
            raise DataError(
                f"{rows.where} begins with a header, and the run has learned from a table without "
                f"one, whose columns are numbered: {listed(rows.names)}.",
                hint="Remove the first row.",
                setting="file",
            )
        if rows.width == len(known) + 1:
            return Header(tuple(map(str, range(1, rows.width + 1))), there=False)
        if rows.width == len(known):  # as it is where the target is not known yet
            return Header(tuple(known), there=False)
        raise DataError(
            f"{rows.where} has {many(rows.width, 'column')} and no header; the run has learned "
            f"from a table of {len(known) + 1:,}, so {len(known):,} were expected, or one more "
            f"with the target (column {target}).",
            hint="Give a file with the same columns in the same order.",
            setting="file",
        )
    if rows.kind == "table" and not has_header(rows) and not set(known) & set(rows.names):
        raise DataError(
            f"{rows.where} has no header: its first row is {listed(rows.names, 6)}.",
            hint="Put the names of its columns in the first row. The run reads "
            f"{listed([column.name for column in mapper.needed])}.",
            setting="file",
        )
    return Header(named(rows), there=True)


def named(rows: Rows) -> tuple[str, ...]:
    """The names in the first row."""
    if has_header(rows):
        return column_names(rows)
    return tuple(name or f"column {place}" for place, name in enumerate(rows.names, 1))


def is_numbered(names: Sequence[str]) -> bool:
    """Whether columns have numbers for names, as those of a table without a header."""
    return sorted(names) == sorted(map(str, range(1, len(names) + 1)))


@dataclass
class NewRows:
    """The rows of a file as a run reads them.

    Args:
        rows: of the file.
        mapper: of the run.
        target: of the run.
        missing: further texts that say that a value is missing, as in training.
        refuse: whether a row that cannot be read is an error.

    Attributes:
        n_ragged: rows that were left out so far: these have too many or too few cells.
        unseen: of each feature in `mapper.categories`, how many rows so far have a category that
            the run does not know, and one such by its name.
        filled: of each number that train always has, how many rows so far lack it.

    Raises:
        DataError: if a column is not there.
    """

    rows: Rows
    mapper: Mapper
    target: Target
    missing: Sequence[str] = ()
    refuse: bool = True
    n_ragged: int = 0
    unseen: dict[str, tuple[int, str]] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.header = header_of(self.rows, self.mapper, self.target.name)
        self.places = self.found()
        names = self.header.names
        self.target_place = names.index(self.target.name) if self.target.name in names else None
        self.marks = MISSING | {text.strip().lower() for text in self.missing}

    def found(self) -> dict[str, int]:
        """The place of each column that the run reads; upper and lower case do not matter.

        Raises:
            DataError: if some are not there.
        """
        names = self.header.names
        found: dict[str, int] = {}
        lost: list[str] = []
        for name in [column.name for column in self.mapper.needed]:
            alike = [place for place, one in enumerate(names) if one.lower() == name.lower()]
            if name in names:
                found[name] = names.index(name)
            elif len(alike) == 1 and alike[0] not in found.values():
                found[name] = alike[0]
            else:
                lost.append(name)
        if lost:
            free = [n for place, n in enumerate(names) if place not in found.values()]
            more = f"; nor {listed(lost[1:], 6)}" if len(lost) > 1 else ""
            near = did_you_mean(lost[0], free)
            raise DataError(
                f"{self.rows.where} has no column {clip(lost[0], 60)!r}, which the run reads"
                f"{more}. Its columns are {listed(names)}.",
                hint=f"{near}{'Rename' if near else 'Add'} it; a column without values will do "
                "where nothing is known.",
                setting="file",
            )
        return found

    def __iter__(self) -> Iterator[Piece]:
        """The rows, a piece at a time.

        Raises:
            DataError: if there are none, or one cannot be read and is not to be left empty.
        """
        count = 0
        every = range(len(self.header.names))
        for chunk in self.rows.chunks(every, header=self.header.there):
            if chunk.ragged and self.refuse:
                line, cells = chunk.ragged[0]
                raise DataError(
                    f"{self.rows.where}, line {line:,}: it has {many(cells, 'cell')}, and "
                    f"{self.rows.width} were expected.",
                    hint="Correct this row; a cell with the separator in it stands in quotation "
                    "marks.",
                    setting="bad_rows",
                )
            self.n_ragged += len(chunk.ragged)
            if len(chunk.lines):
                count += len(chunk.lines)
                yield self.piece(chunk)
        if not count:
            raise DataError(
                f"{self.rows.where} has no rows{' below its header' if self.header.there else ''}.",
                hint="Give a file with a row for each prediction.",
                setting="file",
            )

    def piece(self, chunk: Chunk) -> Piece:
        """Some rows, read."""
        n = len(chunk.lines)
        bad, made = np.zeros(n, bool), {}
        for column in self.mapper.needed:
            raw = self.raw(chunk.columns[self.places[column.name]], column.form)
            made[column.name], wrong = typed(raw, column)
            if wrong.any() and self.refuse:
                raise self.unread(chunk, column, int(np.flatnonzero(wrong)[0]))
            bad |= wrong
            made[column.name] = self.respelled(column.name, made[column.name])
        inputs = self.mapper.apply(Frame(n, made))
        self.note(inputs, made, bad)
        target, told = self.wanted(chunk)
        return Piece(chunk.columns, chunk.lines, inputs, bad, target, told, chunk.records)

    def raw(self, cells: Cells, form: str) -> Raw:
        """The cells of a column, read in the way in which train writes numbers."""
        style: NumberStyle | None = form if form in get_args(NumberStyle) else None  # type: ignore[assignment]
        if self.rows.kind != "table":
            # JSON has numbers of its own, with a point.
            separator = ";"
            plain = RawColumn(self.marks, separator, "plain")
            plain.add(cells)
            if style is None or not plain.texts:
                return plain.finish()
        made = RawColumn(self.marks, self.rows.separator or ",", style or "plain")
        made.add(cells)
        return made.finish()

    def unread(self, chunk: Chunk, column: Column, row: int) -> DataError:
        """The error that a cell cannot be read."""
        cell = clip(chunk.columns[self.places[column.name]].texts[row], 40)
        what, like = "a number", {"comma": ", such as 1234,5", "thousands": ", such as 1,234.5"}
        how = f"written as in train{like.get(column.form, ', such as 1234.5')}"
        if column.kind == "date":
            what, how = "a date", f"written as in train, {told_of(column.form)}"
        return DataError(
            f"{self.rows.where}, line {chunk.lines[row]:,}: {cell!r} in column {column.name!r} is "
            f"not {what} {how}.",
            hint="Correct it, empty it if it is not known, or leave the predictions of such rows "
            "empty: `bad_rows=empty`.",
            setting="bad_rows",
        )

    def respelled(self, name: str, column: Typed) -> Typed:
        """A column of categories with numbers spelled as the run knows them: 1.0 is 1."""
        feature = next((one for one in self.mapper.categories if one.column == name), None)
        if not isinstance(column, Categories) or feature is None:
            return column
        return Categories(column.codes, respelled(column.labels, feature.labels))

    def note(self, inputs: Mapped, made: dict[str, Typed], bad: Mask) -> None:
        """Count what the run has not seen."""
        for place, feature in enumerate(self.mapper.categories):
            rows = np.flatnonzero((inputs.codes[:, place] == 0) & ~bad)
            if len(rows):
                before, example = self.unseen.get(feature.name, (0, ""))
                column = made[feature.column]
                if not example and isinstance(column, Categories):
                    example = column.labels[int(column.codes[rows[0]])]
                self.unseen[feature.name] = before + len(rows), example
        for number in self.mapper.numbers:
            column = made[number.column]
            if isinstance(column, Numbers) and not number.flagged:
                n = int((np.isnan(column.values) & ~bad).sum())
                if n:
                    self.filled[number.name] = self.filled.get(number.name, 0) + n

    def wanted(self, chunk: Chunk) -> tuple[npt.NDArray[Any] | None, Mask]:
        """The target, where the file has it, and where it is told."""
        if self.target_place is None:
            return None, np.zeros(len(chunk.lines), bool)
        raw = self.raw(chunk.columns[self.target_place], self.target.form)
        told = ~raw.missing
        if self.target.kind != "class":
            return raw.as_numbers(), told
        codes, labels = raw.as_labels()
        known = {label: number for number, label in enumerate(self.target.labels)}
        spelled = respelled(labels, self.target.labels)
        table = [known.get(label, UNKNOWN) for label in spelled]
        return np.array([*table, -1], np.int64)[codes], told


def respelled(labels: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Labels, those that are known by one other spelling of the same number by that one.

    So 1.0 is 1, and 7 is 07, as when a spreadsheet has left out the zeros of a code.
    """
    names, others = set(known), Counter(map(as_number, known))
    spelled = {as_number(one): one for one in known if others[as_number(one)] == 1}
    return tuple(
        label if label in names else spelled.get(as_number(label) or " ", label) for label in labels
    )


def as_number(label: str) -> str:
    """A label that is a number in its usual spelling; empty if it is none."""
    value = number_of(label)
    return as_label(value) if value == value else ""


def told_of(form: str) -> str:
    """A format of dates, for people."""
    if form in ("seconds", "milliseconds"):
        return f"in {form} since 1970"
    shown = "%Y-%m-%d" if form == "iso" else "%Y%m%d" if form == "yyyymmdd" else form
    return f"such as {EXAMPLE.strftime(shown)}"
