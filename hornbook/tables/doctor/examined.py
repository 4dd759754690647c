"""The examined: columns, rows, how they are split. Nothing here judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import HornbookError
from hornbook.tables.doctor.alone import Alone, alone
from hornbook.tables.faults import FaultsError
from hornbook.tables.frame import Categories, Dates, Frame, Numbers, Typed
from hornbook.tables.held_out import held_out
from hornbook.tables.kinds import ASKED, Column, kind_of
from hornbook.tables.options import More, TableOptions
from hornbook.tables.reading import RawTable
from hornbook.tables.seen_column import Seen
from hornbook.tables.understood import Understood
from hornbook.tables.written_dates import NO_DATE
from hornbook.tasks.splits import SPLITS

__all__ = ["Examined", "percent"]

SAMPLE = 20_000  # rows that columns are tried on


def percent(part: float, whole: float, digits: int = 0) -> str:
    """A share in percent, for people."""
    return f"{100 * part / whole:.{digits}f}%" if whole else "0%"


@dataclass(frozen=True)
class Examined:
    """A table as it was read, and what several checks need to know."""

    table: RawTable
    options: TableOptions
    where: str
    given: Understood | None = None
    "The table understood, where it is already."

    @cached_property
    def understood(self) -> tuple[Understood | None, HornbookError | None]:
        """The table understood, and what is wrong with it; rows with faults are left out then."""
        if self.given is not None or self.options.target is None:
            return self.given, None
        try:
            return Understood(self.table, self.options, self.where), None
        except HornbookError as error:
            if error.setting != "bad_rows":
                return None, error
            skipping = replace(self.options, bad_rows="skip")
            try:
                return Understood(self.table, skipping, self.where), error
            except HornbookError as second:
                return None, error if isinstance(second, FaultsError) else second

    def more(self, option: More, *values: str) -> str:
        """An option to be proposed, with what it has already."""
        return self.options.with_more(option, *values)

    @property
    def known(self) -> Understood | None:
        """The table understood; None if there is no target, or something is wrong with it."""
        return self.understood[0]

    @cached_property
    def seen(self) -> Mapping[str, Seen]:
        """All columns by name."""
        return {name: Seen(name, raw) for name, raw in self.table.columns.items()}

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """What each column but the target is read as."""
        if self.known is not None:
            return {column.name: column for column in self.known.columns}
        names = [name for name in self.table.names if name != self.options.target]
        return {
            name: Column(name, "left out", ASKED) if name in self.options.ignore
            else kind_of(self.seen[name])
            for name in names
        }  # fmt: skip

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """The rows that can be read, by number."""
        assert self.known is not None
        return np.flatnonzero(~self.known.bad)

    @cached_property
    def frame(self) -> Frame:
        """These rows."""
        assert self.known is not None
        return self.known.frame.take(self.rows)

    @cached_property
    def inputs(self) -> Mapping[str, Typed]:
        """The columns to learn from, by name."""
        names = [name for name, column in self.columns.items() if column.kind != "left out"]
        return {name: self.frame.columns[name] for name in names}

    @cached_property
    def target(self) -> npt.NDArray[Any]:
        """What is predicted: numbers, or classes by number; shape (rows,)."""
        assert self.known is not None
        column = self.frame.columns[self.known.target]
        return column.codes if isinstance(column, Categories) else numbers_of(column)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Of the classes; none of numbers."""
        if self.known is None:
            return ()
        column = self.frame.columns[self.known.target]
        return column.labels if isinstance(column, Categories) else ()

    @cached_property
    def cut(self) -> tuple[npt.NDArray[np.int8], str] | HornbookError:
        """The split of each row, and how it was made; or why it cannot be."""
        assert self.known is not None
        whole = self.known.frame
        try:
            groups = self.known.groups()
            self.known.frame = self.frame
            return held_out(
                self.frame.n, self.known.options, self.known.times(),
                None if groups is None else groups[self.rows], self.where,
            )  # fmt: skip
        except HornbookError as error:
            return error
        finally:
            self.known.frame = whole

    @cached_property
    def parts(self) -> npt.NDArray[np.int8]:
        """The split of each row, by its place in SPLITS; all are train if it cannot be made."""
        return (
            np.zeros(self.frame.n, np.int8) if isinstance(self.cut, HornbookError) else self.cut[0]
        )

    @property
    def at_random(self) -> bool:
        """Whether rows are held out at random."""
        return not isinstance(self.cut, HornbookError) and self.cut[1].startswith("split at random")

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Rows of each split that has some."""
        counts = np.bincount(self.parts, minlength=len(SPLITS)).tolist()
        return {name: n for name, n in zip(SPLITS, counts, strict=True) if n}

    @cached_property
    def sample(self) -> npt.NDArray[np.int64]:
        """Some rows in a random order, the same each time."""
        drawn = np.random.default_rng(0).permutation(self.frame.n)
        return drawn[:SAMPLE]

    @cached_property
    def alone(self) -> Mapping[str, Alone]:
        """How well each column alone predicts the target on rows held out."""
        rows, target = self.sample, self.target[self.sample]
        return {
            name: alone(column.take(rows), target, len(self.labels))
            for name, column in self.inputs.items()
        }

    @cached_property
    def values(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """The columns whose cells are all numbers, whatever they are read as; shape (rows,)."""
        return {
            name: self.seen[name].raw.as_numbers()[self.rows]
            for name in self.inputs
            if self.seen[name].n_numbers == self.seen[name].known
        }


def numbers_of(column: Typed) -> npt.NDArray[np.float64]:
    """A column as numbers, NaN where a value is missing."""
    if isinstance(column, Numbers):
        return column.values
    if isinstance(column, Dates):
        return np.where(column.seconds == NO_DATE, np.nan, column.seconds.astype(np.float64))
    return np.where(column.codes < 0, np.nan, column.codes.astype(np.float64))
