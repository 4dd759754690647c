"""Numbers and times from the cells of a table, at some millions a second."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.ratings.interactions import Integers, Times
from hornbook.rendering import clip, many
from hornbook.sources.cells import Cells

__all__ = [
    "LARGEST",
    "NO_TIME",
    "Faults",
    "Ids",
    "Numbers",
    "TimeCells",
    "has_commas",
    "held",
    "parse_number",
]

MEMO = 2**16  # distinct cells that are remembered
TABLE = 2**24  # ids that are numbers below this are looked up in an array
NO_TIME = np.iinfo(np.int64).min  # what cannot be read
LARGEST = float(np.finfo(np.float32).max)  # of ratings, which are kept in 32 bits
TRUTHS = {"true": 1.0, "false": 0.0}
DECIMAL_COMMA = re.compile(r"[+-]?\d*,(\d+)")


class Numbers(dict[str, float]):
    """Numbers by how they are written, each parsed once; NaN for what is not a finite number.

    What is `true` counts 1, and what is `false` 0.

    Args:
        comma: whether a comma stands before the fraction, as in 3,5; a full stop does not then.
    """

    def __init__(self, *, comma: bool = False) -> None:
        super().__init__()
        self.comma = comma

    def __missing__(self, cell: str) -> float:
        value = TRUTHS.get(cell.lower(), math.nan)
        if math.isnan(value):
            value = parse_number(with_point(cell) if self.comma else cell)
        if len(self) < MEMO:
            self[cell] = value
        return value

    def read(self, cells: Cells) -> npt.NDArray[np.float64]:
        """Some cells as numbers, shape (len(cells),)."""
        if not self.comma and (plain := cells.decimals()) is not None:
            return plain
        return np.fromiter(map(self.__getitem__, cells), np.float64, len(cells))


def with_point(cell: str) -> str:
    """A number that is written with a decimal comma, with a point; nothing if it has one."""
    return "" if "." in cell else cell.replace(",", ".")


def has_commas(cells: Iterable[str]) -> bool:
    """Whether cells are numbers with decimal commas.

    Three digits after each comma may as well be thousands, and decide nothing.
    """
    fractions = [len(found[1]) for cell in cells if (found := DECIMAL_COMMA.fullmatch(cell))]
    return any(digits != 3 for digits in fractions)


def parse_number(cell: str) -> float:
    """A finite number that fits 32 bits; NaN if it is none."""
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if abs(value) <= LARGEST and "_" not in cell else math.nan


class TimeCells(dict[str, int]):
    """Times by how they are written; NO_TIME for what is none.

    Attributes:
        dates: whether any was an ISO date or date-time, which count in seconds since 1970, UTC.
        fractions: whether any had a fraction, which is left out.
    """

    dates = fractions = False

    def __missing__(self, cell: str) -> int:
        value = self.parse(cell)
        if len(self) < MEMO:
            self[cell] = value
        return value

    def read(self, cells: Cells) -> Times:
        """Some cells as times, shape (len(cells),)."""
        if (plain := cells.integers()) is not None:
            return plain
        try:
            if "_" not in "".join(cells):
                return np.fromiter(map(int, cells), np.int64, len(cells))
        except (ValueError, OverflowError):
            pass  # not all are whole numbers
        return np.fromiter(map(self.__getitem__, cells), np.int64, len(cells))

    def readable(self, cell: str) -> bool:
        """Whether a cell is a time."""
        return self[cell] != NO_TIME

    def parse(self, cell: str) -> int:
        """One time."""
        number = parse_number(cell)
        if abs(number) < 2**62:
            self.fractions |= not number.is_integer()
            return int(cell) if cell.lstrip("+-").isdecimal() else math.floor(number)
        try:
            date = datetime.fromisoformat(cell)
        except ValueError:
            return NO_TIME
        self.dates = True
        return math.floor((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())


class Ids(defaultdict[str, int]):
    """Numbers of ids, by first appearance.

    Ids that are whole numbers are looked up in an array, as long as they are not too large.
    """

    def __init__(self) -> None:
        super().__init__(itertools.count().__next__)
        self.table = np.full(1, -1, np.int32)

    def numbers(self, ids: Cells) -> Integers:
        """The numbers of some ids, shape (len(ids),)."""
        whole = ids.integers()
        if whole is None or int(whole.max(initial=0)) >= TABLE:
            return np.fromiter(map(self.__getitem__, ids.texts), np.int32, len(ids))
        most = int(whole.max(initial=0))
        if most >= len(self.table):
            more = np.full(max(most + 1, 2 * len(self.table)) - len(self.table), -1, np.int32)
            self.table = np.concatenate((self.table, more))
        codes = self.table[whole]
        if len(unknown := whole[codes < 0]):
            values, first = np.unique(unknown, return_index=True)
            for value in values[np.argsort(first)].tolist():
                self.table[value] = self[str(value)]
            codes = self.table[whole]
        return codes


class Faults:
    """Rows that cannot be read: how many of each kind, and the first of all."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first = self.place = ""
        self.line = 0

    def note(self, kind: str, place: str, lines: Sequence[int], first: str) -> None:
        """Note some rows of a kind.

        Args:
            kind: what is wrong, after `rows with`.
            place: what to call the file.
            lines: of the rows.
            first: what the first of them holds, as a sentence.
        """
        self.counts[kind] += len(lines)
        # Within a file kinds come one after the other, each a piece at a time.
        if not self.first or (place == self.place and lines[0] < self.line):
            self.place, self.line = place, lines[0]
            self.first = f"{place}, line {lines[0]:,}: {first}"

    @property
    def told(self) -> str:
        """How many of each kind."""
        return ", ".join(f"{many(n, 'row')} with {kind}" for kind, n in self.counts.items())

    def refuse(self, rows: int) -> None:
        """Refuse them, if there are any.

        Args:
            rows: how many there are in all.

        Raises:
            DataError: with the first, and how many there are.
        """
        if self.counts:
            hint = "Correct these rows, or set `bad_rows=skip` to leave them out."
            if self.counts.total() == rows:
                hint = "No row can be read: correct the file, or choose other columns."
            raise DataError(
                f"{self.first} In all: {self.told}, of {rows:,}.",
                hint=hint,
                setting="bad_rows",
            )


def held(cell: str) -> str:
    """A cell in a message."""
    return repr(clip(cell, 60))
