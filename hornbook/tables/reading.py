"""Tables from files of any size: all columns, each read once."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import listed, many
from hornbook.sources.cells import Cells, NumberCells, TextCells
from hornbook.sources.parquet import ParquetRows, is_parquet
from hornbook.sources.rows import Chunk, Rows
from hornbook.sources.source import Source
from hornbook.tables.faults import Fault, FaultsError, ragged_fault
from hornbook.tables.header import (
    RENAME,
    column_names,
    has_header,
    named_column,
    named_or_numbered,
    named_twice,
    told_twice,
)
from hornbook.tables.marks import all_marks
from hornbook.tables.options import TableOptions
from hornbook.tables.raw import Raw
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.thousands import told_of_points, told_of_signs, written_alike

__all__ = ["Place", "RawTable", "Reader", "read_table"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Where rows stand: some lines of a file, or rows of what is in memory."""

    where: str
    lines: Sequence[int]
    unit: str = "line"
    "As of `Rows`."


@dataclass(frozen=True)
class RawTable:
    """A table, read; nothing is known yet of what its columns are."""

    names: tuple[str, ...]
    columns: dict[str, Raw]
    n: int
    places: tuple[Place, ...]
    "Of the rows, in their order."
    ragged: tuple[tuple[str, int, int], ...] = ()
    "File, line and number of cells of rows that were left out: these have too many or too few."
    n_ragged: int = 0
    remarks: tuple[str, ...] = ()
    separator: str = ","
    faults: tuple[Fault, ...] = ()
    "What is wrong with the file itself, be it that rows with it are to be left out."

    def place(self, row: int) -> str:
        """Where a row stands, for people."""
        for one in self.places:
            if row < len(one.lines):
                return f"{one.where}, {one.unit} {one.lines[row]:,}"
            row -= len(one.lines)
        raise IndexError(row)

    def cell(self, name: str, row: int) -> str:
        """A cell as it is written; of a plain number the number."""
        raw = self.columns[name]
        if raw.codes is not None and raw.codes[row] >= 0:
            return raw.texts[int(raw.codes[row])]
        if raw.numbers is None or np.isnan(raw.numbers[row]):
            return ""
        return raw.label_of(float(raw.numbers[row]))


def read_table(source: Source, options: TableOptions) -> RawTable:
    """Read all files of a source.

    Raises:
        DataError: if one cannot be read, or they have different columns.
        EncodingError: if one is not text.
    """
    reader = Reader(options)
    for file in source.files:
        reader.add(rows_of(file, options))
    return reader.finish(source)


def rows_of(file: Source, options: TableOptions) -> Rows | ParquetRows:
    """The rows of a file, whatever it is by its first bytes.

    Raises:
        DataError: as `Rows` and `ParquetRows`.
        MissingPackageError: if it is Parquet, and pyarrow is not installed.
    """
    if is_parquet(file):
        return ParquetRows(file, options.ignore)
    return Rows(file, options.encoding)


@dataclass
class Reader:
    """Gathers the columns of a table, piece by piece.

    Args:
        options: how to read it.
    """

    options: TableOptions
    names: tuple[str, ...] = ()
    columns: dict[str, RawColumn] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    ragged: list[tuple[str, int, int]] = field(default_factory=list)
    n_ragged: int = 0
    n: int = 0
    left_out: int = 0
    separator: str = ","
    kind: str = ""
    faults: list[Fault] = field(default_factory=list)
    "Beside rows of a wrong number of cells."

    def add(self, rows: Rows | ParquetRows) -> None:
        """Read a file."""
        names = self.names_of(rows)
        if rows.width < 2:
            raise DataError(
                f"{rows.where} is not a table: its first row is one cell, "
                f"{listed([name[:60] for name in rows.names])}.",
                hint="Give a table (CSV, TSV) or JSON lines with a value to predict in each row.",
            )
        if self.kind not in ("", rows.kind) and "Parquet" in (self.kind, rows.kind):
            raise DataError(
                f"{rows.where} is {rows.kind}, and the files before it are {self.kind}.",
                hint="Give files of one kind.",
            )
        self.kind = rows.kind
        if not self.columns:
            self.names, self.separator = names, rows.separator or ","
            marks = all_marks(self.options.missing)
            self.columns = {name: RawColumn(marks, self.separator) for name in names}
        elif set(names) != set(self.names):
            odd = sorted(set(names) ^ set(self.names))
            raise DataError(
                f"{rows.where} and the files before it have different columns: {listed(odd)}.",
                hint="Give files with the same columns.",
            )
        places = [names.index(name) for name in self.names]
        only = self.chosen(rows.where)
        try:
            for chunk in rows.chunks(places, header=has_header(rows)):
                self.n_ragged += len(chunk.ragged)
                self.ragged += [(rows.where, *one) for one in chunk.ragged[: 5 - len(self.ragged)]]
                self.take(rows, chunk, only)
        except DataError as error:
            if rows.kind != "table" or not isinstance(error.__cause__, csv.Error):
                raise
            what = error.message.removesuffix(".") + "; what stands below it was not read"
            self.faults.append(Fault(what, error.hint, setting=None))

    def names_of(self, rows: Rows | ParquetRows) -> tuple[str, ...]:
        """What the columns of a file are called; those that share a name by their places too."""
        try:
            return column_names(rows)
        except DataError:
            names = named_or_numbered(rows)
            twice = named_twice(names)
            if not twice:
                raise
        for name in twice:
            what = f"{rows.where} has {told_twice(names, name)}"
            self.faults.append(Fault(what, RENAME, setting=None))
        return tuple(
            f"{name} (number {place})" if name in twice else name
            for place, name in enumerate(names, 1)
        )

    def chosen(self, where: str) -> tuple[int, str] | None:
        """The place of the column that `only` names, and the value that rows must have there."""
        if not self.options.only:
            return None
        name, equals, value = self.options.only.partition("=")
        if not equals:
            raise DataError(
                f"`only` must be a column and a value, such as Open=1; it is {name!r}.",
                setting="only",
            )
        column = named_column(name.strip(), self.names, where, "only")
        return self.names.index(column), value.strip()

    def take(self, rows: Rows | ParquetRows, chunk: Chunk, only: tuple[int, str] | None) -> None:
        """Take the rows of a piece."""
        columns, lines = chunk.columns, chunk.lines
        if only is not None:
            place, value = only
            kept = [at for at, cell in enumerate(columns[place]) if cell == value]
            self.left_out += len(lines) - len(kept)
            columns = tuple(some(cells, kept) for cells in columns)
            lines = [lines[at] for at in kept]
        if not len(lines):
            return
        for name, cells in zip(self.names, columns, strict=True):
            column = self.columns[name]
            if len(column.numbers) and column.declared != cells.declared:
                raise DataError(
                    f"{rows.where}: column {name!r} has the type {cells.declared}, and in the "
                    f"files before it the type {column.declared}.",
                    hint="Give files with the same types.",
                )
            column.add(cells)
        self.places.append(Place(rows.where, lines, rows.unit))
        self.n += len(lines)

    def finish(self, source: Source) -> RawTable:
        """What was gathered.

        Raises:
            DataError: if there are no rows.
        """
        if self.ragged:
            skip = "set `bad_rows=skip` to leave them out"
            self.faults.append(ragged_fault(self.ragged, self.n_ragged, len(self.names), skip))
        if not self.n:
            if self.faults:
                raise FaultsError(self.faults, source.where)
            why = f": no row has {self.options.only}" if self.left_out else " below its header"
            raise DataError(
                f"{source.where} has no rows{why}.", hint="Give a table that has rows of data."
            )
        columns = written_alike({name: self.columns.pop(name).finish() for name in self.names})
        read = {name: raw for name, raw in columns.items() if name not in self.options.ignore}
        return RawTable(
            self.names,
            columns,
            self.n,
            tuple(self.places),
            tuple(self.ragged),
            self.n_ragged,
            (*source.remarks, *self.remarks(), *told_of_points(read), *told_of_signs(read)),
            self.separator,
            tuple(self.faults),
        )

    def remarks(self) -> Iterator[str]:
        """What was left out."""
        if self.left_out:
            yield f"{many(self.left_out, 'row')} without {self.options.only} left out"
        if self.n_ragged:
            yield f"{many(self.n_ragged, 'row')} with a wrong number of cells left out"


def some(cells: Cells, kept: Sequence[int]) -> Cells:
    """Some cells of a column."""
    numbers = cells.floats()
    if numbers is not None:
        return NumberCells(numbers[list(kept)], cells.declared)
    made = TextCells if cells.declared == "text" else Cells
    return made([cells.texts[at] for at in kept])
