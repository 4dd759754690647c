"""Rows of a file that comes later, as a run reads them: piece by piece, each row where it was."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, as_typed
from hornbook.rendering import clip, listed
from hornbook.sources.parquet import ParquetRows
from hornbook.sources.rows import Chunk, Rows
from hornbook.suggestions import did_you_mean
from hornbook.tables.faults import LEAVING, Fault, FaultsError, ragged_fault
from hornbook.tables.frame import typed
from hornbook.tables.kinds import Column
from hornbook.tables.later import UNKNOWN, Later, Piece, refuse_other_type, wanted
from hornbook.tables.mapper import Mapper
from hornbook.tables.marks import all_marks
from hornbook.tables.new_header import header_of
from hornbook.tables.number_form import NumberForm
from hornbook.tables.points import unclear, with_commas
from hornbook.tables.raw import Raw
from hornbook.tables.raw_column import RawColumn
from hornbook.tables.target import Target
from hornbook.tables.unread import why_unread

__all__ = ["FilePiece", "NewRows"]

EXAMPLE = datetime(2015, 7, 31)  # a date whose parts cannot be taken for one another


@dataclass(frozen=True)
class FilePiece(Piece):
    """Some rows of a file."""

    chunk: Chunk
    "All columns of the file, as they stand."


@dataclass
class NewRows:
    """The rows of a file as a run reads them.

    Args:
        rows: of the file.
        mapper: of the run.
        target: of the run.
        missing: further texts that say that a value is missing, as in training.
        refuse: whether a row that cannot be read is an error.
        skip: the value of `bad_rows` with which it is none, for messages.

    Attributes:
        n_ragged: rows that were left out so far: these have too many or too few cells.
        later: applies the mapper, and counts what is odd.
        without_cells: columns that hold no single values, as Parquet has them, and what they hold.

    Raises:
        DataError: if a column is not there.
    """

    rows: Rows | ParquetRows
    mapper: Mapper
    target: Target
    missing: Sequence[str] = ()
    refuse: bool = True
    skip: Literal["empty", "skip"] = "empty"
    n_ragged: int = 0

    def __post_init__(self) -> None:
        self.header = header_of(self.rows, self.mapper, self.target.name)
        self.places = self.found()
        names = self.header.names
        self.target_place = self.place_of_target(names)
        self.later = Later(self.mapper)
        self.without_cells = self.refused()
        self.ragged: list[tuple[str, int, int]] = []
        self.unread: dict[str, tuple[Fault, int]] = {}
        self.broken: list[Fault] = []
        self.marks = all_marks(self.missing)

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

    def place_of_target(self, names: Sequence[str]) -> int | None:
        """The place of the column that the run predicts, by its name in any case; None without."""
        name = self.target.name
        if name in names:
            return names.index(name)
        alike = [place for place, one in enumerate(names) if one.lower() == name.lower()]
        return alike[0] if len(alike) == 1 and alike[0] not in self.places.values() else None

    def refused(self) -> dict[str, str]:
        """Columns that hold lists, records or bytes.

        Raises:
            DataError: if the run reads one of them.
        """
        if not isinstance(self.rows, ParquetRows):
            return {}
        what = {place: self.rows.refused(place) for place in range(self.rows.width)}
        for name, place in self.places.items():
            if what[place] is not None:
                raise DataError(
                    f"{self.rows.where}: column {name!r}, which the run reads, holds "
                    f"{what[place]}, not one value in each row.",
                    hint="Give a file in which it does.",
                    setting="file",
                )
        return {self.rows.names[place]: one for place, one in what.items() if one is not None}

    def __iter__(self) -> Iterator[FilePiece]:
        """The rows, a piece at a time.

        Raises:
            DataError: if there are none; or, when the last has come, if some cannot be read and
                are not to be left empty. From the first such row on nothing is given.
        """
        count = 0
        for chunk in self.chunks():
            self.n_ragged += len(chunk.ragged)
            if chunk.ragged and not self.ragged:
                self.ragged = [(self.rows.where, *chunk.ragged[0])]
            if len(chunk.lines):
                count += len(chunk.lines)
                piece = self.piece(chunk)
                if not self.faulty:  # else what is left is only looked at, for more faults
                    yield piece
        if self.faulty:
            raise FaultsError(self.found_faults(), self.rows.where, self.skip)
        if not count:
            raise DataError(
                f"{self.rows.where} has no rows{' below its header' if self.header.there else ''}.",
                hint="Give a file with a row for each prediction.",
                setting="file",
            )

    def chunks(self) -> Iterator[Chunk]:
        """The rows as they stand; what cannot be cut into rows ends them, and is a fault."""
        every = range(len(self.header.names))
        try:
            yield from self.rows.chunks(every, header=self.header.there)
        except DataError as error:
            if self.rows.kind != "table" or not isinstance(error.__cause__, csv.Error):
                raise
            what = error.message.removesuffix(".") + "; what stands below it was not read"
            self.broken.append(Fault(what, error.hint, setting=None))

    @property
    def faulty(self) -> bool:
        """Whether something was found that is an error."""
        return bool(self.broken) or (self.refuse and bool(self.unread or self.n_ragged))

    def found_faults(self) -> list[Fault]:
        """What was found, rows of a wrong length first."""
        found = list(self.broken)
        if self.refuse:
            found += [replace(fault, count=n) for fault, n in self.unread.values()]
        if self.refuse and self.n_ragged:
            skip = f"set `bad_rows={as_typed(self.skip)}`, which leaves them out"
            found.insert(0, ragged_fault(self.ragged, self.n_ragged, self.rows.width, skip))
        return found

    def piece(self, chunk: Chunk) -> FilePiece:
        """Some rows, read."""
        n = len(chunk.lines)
        bad, made = np.zeros(n, bool), {}
        for column in self.mapper.needed:
            place = self.places[column.name]
            raw = self.raw(chunk, place, column.written)
            refuse_other_type(raw, column)
            self.later.look(raw, column)
            made[column.name], wrong = typed(raw, column)
            wrong = wrong | self.unclear(chunk, place, column.written)
            if wrong.any() and self.refuse:
                row, count = int(np.flatnonzero(wrong)[0]), int(wrong.sum())
                fault, before = self.unread.get(column.name) or (self.fault(chunk, column, row), 0)
                self.unread[column.name] = fault, before + count
            bad |= wrong
        return FilePiece(self.later.inputs(made, bad), bad, *self.wanted(chunk), chunk)

    def wanted(self, chunk: Chunk) -> tuple[npt.NDArray[Any] | None, npt.NDArray[np.bool_]]:
        """The target of rows, and where it is told, as in `Piece`."""
        place, form = self.target_place, self.target.written
        raw = None if place is None else self.raw(chunk, place, form)
        values, told = wanted(raw, self.target, len(chunk.lines))
        if place is not None and values is not None:
            other = UNKNOWN if self.target.kind == "class" else np.nan
            unclear = told & self.unclear(chunk, place, form)
            values = np.where(unclear, other, values)
            wrong = unclear if self.target.kind == "class" else told & np.isnan(values)
            if wrong.any() and not self.later.odd_target:
                kind, row = "number", int(np.flatnonzero(wrong)[0])
                self.later.odd_target = self.wrong_cell(chunk, place, row, form, kind)
        return values, told

    def unclear(self, chunk: Chunk, place: int, form: NumberForm) -> npt.NDArray[np.bool_]:
        """Whether numbers of a column may be others than as train writes them."""
        return unclear(chunk.columns[place], form.style, self.rows.separator or "")

    def raw(self, chunk: Chunk, place: int, form: NumberForm) -> Raw:
        """The cells of a column, read in the way in which train writes numbers."""
        cells = chunk.columns[place]
        if form.style == "comma" and self.rows.kind.startswith("JSON"):
            # JSON has numbers of its own, with a point.
            cells = with_commas(cells, chunk.records, self.rows.names[place])
        made = RawColumn(self.marks, self.rows.separator or ",", form)
        made.add(cells)
        return made.finish()

    def fault(self, chunk: Chunk, column: Column, row: int) -> Fault:
        """The fault that a cell cannot be read."""
        place = self.places[column.name]
        return Fault(
            self.wrong_cell(chunk, place, row, column.written, column.kind, column.form),
            "Correct it, empty it if it is not known, or leave "
            f"{LEAVING[self.skip]}: `bad_rows={as_typed(self.skip)}`.",
            such="such cell",
        )

    def wrong_cell(
        self, chunk: Chunk, place: int, row: int, form: NumberForm, kind: str, dates: str = ""
    ) -> str:
        """Where a cell stands that cannot be read, and what it is not; without a full stop."""
        cell = clip(chunk.columns[place].texts[row], 40)
        like = form.example()
        what, how = "a number", f"written as in train, such as {like}"
        why = why_unread(cell, form, kind)
        if self.unclear(chunk, place, form)[row]:
            what, how = "clear", f"in such a file: train writes numbers as {like}"
        if kind == "date":
            what, how = "a date", f"written as in train, {told_of(dates)}"
            if dates != "iso":
                how += ", nor as 2015-07-31"
        return (
            f"{self.rows.where}, {self.rows.unit} {chunk.lines[row]:,}: {cell!r} in column "
            f"{self.header.names[place]!r}{why and f', {why},'} is not {what} {how}"
        )


def told_of(form: str) -> str:
    """A format of dates, for people."""
    if form in ("seconds", "milliseconds"):
        return f"in {form} since 1970"
    shown = "%Y-%m-%d" if form == "iso" else "%Y%m%d" if form == "yyyymmdd" else form
    return f"such as {EXAMPLE.strftime(shown)}"
