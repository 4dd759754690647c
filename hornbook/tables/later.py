"""Columns that come after training as a run reads them, and what is odd about them.

Rows of a file and rows in memory both pass through here, so that the same rows get the same
predictions wherever they come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.tables.frame import Categories, Frame, Numbers, Typed
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapped, Mapper
from hornbook.tables.raw import Raw
from hornbook.tables.spellings import respelled
from hornbook.tables.target import Target

__all__ = ["UNKNOWN", "Later", "Piece", "other_type", "refuse_other_type", "wanted"]

Mask = npt.NDArray[np.bool_]
UNKNOWN = -2  # a class that the run has not; -1 is a missing one


@dataclass(frozen=True)
class Piece:
    """Some rows as a run reads them."""

    inputs: Mapped
    bad: Mask
    "Rows with a cell that cannot be read, which then is read as missing; shape (n,)."
    target: npt.NDArray[Any] | None
    """Numbers, NaN where there is none that can be read; or classes by number, -1 where missing and
    UNKNOWN; shape (n,). None where there is no such column."""
    told: Mask
    "Rows whose target is not missing; shape (n,)."

    def __len__(self) -> int:
        return len(self.bad)


@dataclass
class Later:
    """Applies a mapper to rows that come later, and counts what train had not.

    Args:
        mapper: of the run.

    Attributes:
        unseen: of each feature in `mapper.categories`, how many rows so far have a category that
            the run does not know, and one such by its name.
        filled: of each number that train always has, how many rows so far lack it.
        far: of each number that rows so far have far beyond what train has, how many of them, and
            one such number.
        zoned: of each column of times with a zone so far one such time.
        odd_target: where the first target stands that cannot be read, and why; without a full stop.
    """

    mapper: Mapper
    unseen: dict[str, tuple[int, str]] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    far: dict[str, tuple[int, float]] = field(default_factory=dict)
    zoned: dict[str, str] = field(default_factory=dict)
    odd_target: str = ""

    def inputs(self, columns: Mapping[str, Typed], bad: Mask) -> Mapped:
        """Rows as models read them.

        Args:
            columns: all that the mapper needs.
            bad: rows of which nothing is counted, shape (n,).
        """
        made = {name: self.spelled(name, column) for name, column in columns.items()}
        found = self.mapper.apply(Frame(len(bad), made))
        self.note(found, made, bad)
        return found

    def look(self, raw: Raw, column: Column) -> None:
        """Note times with a zone."""
        if column.kind != "date" or column.name in self.zoned:
            return
        if cell := raw.zoned:
            self.zoned[column.name] = cell

    def spelled(self, name: str, column: Typed) -> Typed:
        """A column of categories as the run spells them."""
        feature = next((one for one in self.mapper.categories if one.column == name), None)
        if not isinstance(column, Categories) or feature is None:
            return column
        written = next(one.written for one in self.mapper.columns if one.name == name)
        return Categories(column.codes, respelled(column.labels, feature.labels, written))

    def note(self, inputs: Mapped, made: Mapping[str, Typed], bad: Mask) -> None:
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
            if not isinstance(column, Numbers):
                continue
            n = int((np.isnan(column.values) & ~bad).sum())
            if n and not number.flagged:
                self.filled[number.name] = self.filled.get(number.name, 0) + n
            beyond = np.flatnonzero(number.is_far(column.values) & ~bad)
            if len(beyond):
                before, such = self.far.get(number.name, (0, float(column.values[beyond[0]])))
                self.far[number.name] = before + len(beyond), such


def wanted(raw: Raw | None, target: Target, n: int) -> tuple[npt.NDArray[Any] | None, Mask]:
    """The target of rows, as in `Piece`, and where it is told.

    Args:
        raw: its column, as it is read; None: there is none.
        target: of the run.
        n: number of rows.
    """
    if raw is None:
        return None, np.zeros(n, bool)
    raw = replace(raw, told_form=target.written)
    told = ~raw.missing
    if target.kind != "class":
        return raw.as_numbers(), told
    codes, labels = raw.as_labels()
    known: dict[str, int] = {label: number for number, label in enumerate(target.labels)}
    spelled: Sequence[str] = respelled(labels, target.labels, target.written)
    table = [known.get(label, UNKNOWN) for label in spelled]
    return np.array([*table, -1], np.int64)[codes], told


def refuse_other_type(raw: Raw, column: Column) -> None:
    """Refuse dates where there were numbers.

    Raises:
        DataError: if it is said that they are dates.
    """
    if column.kind == "number" and raw.declared == "date":
        raise other_type(column, "dates", "numbers")


def other_type(column: Column, here: str, before: str) -> DataError:
    """The error that a column is of another type than it was."""
    return DataError(
        f"Column {column.name!r} holds {here}, and held {before} in training.",
        hint="Give it as it was.",
    )
