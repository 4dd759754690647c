"""The cells of a column: as texts, and as numbers at once where all are plain ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

__all__ = ["Cells", "Cut", "CutCells", "Declared", "NumberCells", "TextCells", "zoned"]

Declared = Literal["", "number", "text", "category", "date"]
"""What is said of a column where it comes from: nothing, or that it holds numbers, texts,
categories, or seconds since 1970."""

Offsets = npt.NDArray[np.int64]
Whole = npt.NDArray[np.int64]
DIGITS = 15  # of a number that a float holds to the last
SPACES = " \t\x0b\f\x1c\x1d\x1e\x1f"
"White space of ASCII but for line ends."


def zoned(value: date | datetime) -> str:
    """A time with a zone other than UTC, as text; empty of all others, as of texts in a file."""
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if offset is None or not (offset or "/" in str(value.tzinfo)):  # type: ignore[union-attr]
        return ""
    return str(value)


class Cells(Sequence[str]):
    """The cells of a column, in the order of the rows.

    Args:
        texts: the cells, stripped.

    Attributes:
        declared: what the file says that they are.
        zone: of times of a type with a zone one, as `zoned` tells it; else empty.
    """

    declared: Declared = ""
    zone: str = ""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    @property
    def texts(self) -> list[str]:
        """The cells as they stand, stripped."""
        return self._texts

    def first(self, n: int) -> list[str]:
        """The first of them, at most so many."""
        return self.texts[:n]

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> Cells: ...

    def __getitem__(self, at: int | slice) -> str | Cells:
        return Cells(self.texts[at]) if isinstance(at, slice) else self.texts[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    @property
    def zero_filled(self) -> bool:
        """Whether some cell has a zero before a further digit, as codes of places have."""
        return any(text[:1] == "0" and text[1:2].isdecimal() for text in self.texts)

    def integers(self) -> Whole | None:
        """The cells as whole numbers from 0, shape (len(self),).

        None unless `str` of each number is the cell: no sign, no zeros before it, 15 digits.
        """
        return None

    def decimals(self) -> npt.NDArray[np.float64] | None:
        """The cells as numbers, the same as `float` gives; None unless all are plain decimals."""
        return None

    def floats(self) -> npt.NDArray[np.float64] | None:
        """The numbers, NaN of missing ones, of a file that keeps numbers; else None."""
        return None


class TextCells(Cells):
    """Cells of which the file says that they are texts, though they look like numbers."""

    declared: Declared = "text"


class NumberCells(Cells):
    """Cells that the file keeps as numbers, or as times.

    Args:
        numbers: NaN of missing ones; of dates seconds since 1970; shape (n,).
        declared: `number` or `date`.
        zone: as of `Cells`.
    """

    def __init__(
        self, numbers: npt.NDArray[np.float64], declared: Declared = "number", zone: str = ""
    ) -> None:
        self.numbers, self.declared, self.zone = numbers, declared, zone

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def texts(self) -> list[str]:
        """The numbers as texts; missing ones are empty."""
        return [
            "" if x != x else str(int(x)) if x.is_integer() else repr(x)
            for x in self.numbers.tolist()
        ]

    def floats(self) -> npt.NDArray[np.float64]:
        """The numbers."""
        return self.numbers


class Cut:
    """A text of ASCII, of rows that all have the same number of cells, cut.

    Args:
        text: the rows, the last without its line end.
        separator: one character.
        width: cells of a row.
    """

    def __init__(self, text: str, separator: str, width: int) -> None:
        self.text, self.separator, self.width = text, separator, width
        self.bytes = np.frombuffer(f"{text}\n".encode("ascii"), np.uint8)
        marks = (self.bytes == ord(separator)) | (self.bytes == 10)
        self.ends = np.flatnonzero(marks)
        self.n = len(self.ends) // width

    @property
    def is_even(self) -> bool:
        """Whether each row has so many cells."""
        if len(self.ends) != self.n * self.width or len(self.ends) == 0:
            return False
        breaks = self.bytes[self.ends] == 10
        return bool(breaks[self.width - 1 :: self.width].all()) and int(breaks.sum()) == self.n

    @cached_property
    def cells(self) -> list[str]:
        """All cells, row by row."""
        return self.text.replace("\n", self.separator).split(self.separator)

    @cached_property
    def bare(self) -> bool:
        """Whether no cell can begin or end with white space."""
        return not any(one in self.text for one in SPACES if one != self.separator)

    def column(self, place: int) -> CutCells:
        """The cells of a column, from 0."""
        return CutCells(self, place)


class CutCells(Cells):
    """The cells of a column of a text that was cut.

    Args:
        cut: the text.
        place: of the column.
    """

    def __init__(self, cut: Cut, place: int) -> None:
        self.cut, self.place = cut, place

    def __len__(self) -> int:
        return self.cut.n

    @cached_property
    def texts(self) -> list[str]:
        """The cells as they stand, stripped."""
        cells = self.cut.cells[self.place :: self.cut.width]
        return cells if self.cut.bare else list(map(str.strip, cells))

    def first(self, n: int) -> list[str]:
        """As of `Cells`, without all being cut."""
        begins, lengths = self.spans
        pairs = zip(begins[:n].tolist(), lengths[:n].tolist(), strict=True)
        return [self.cut.text[begin : begin + length].strip() for begin, length in pairs]

    @property
    def spans(self) -> tuple[Offsets, Offsets]:
        """Where in the bytes each cell begins, and how long it is."""
        marks, width = self.cut.ends, self.cut.width
        ends, begins = marks[self.place :: width], np.zeros(self.cut.n, np.int64)
        if self.place:
            begins[:] = marks[self.place - 1 :: width] + 1
        else:
            begins[1:] = marks[width - 1 :: width][:-1] + 1
        return begins, ends - begins

    @property
    def zero_filled(self) -> bool:
        """As of `Cells`: by the first two bytes of all cells at once."""
        begins, lengths = self.spans
        begins = begins[lengths > 1]
        data = self.cut.bytes
        return bool(((data[begins] == 48) & (data[begins + 1] - np.uint8(48) <= 9)).any())

    def integers(self) -> Whole | None:
        """As of `Cells`: digit by digit, of all rows at once."""
        return self.whole

    @cached_property
    def whole(self) -> Whole | None:
        """As `integers`, counted once."""
        begins, lengths = self.spans
        most = int(lengths.max(initial=0))
        if not 0 < most <= DIGITS or int(lengths.min()) < 1:
            return None
        data, value = self.cut.bytes, np.zeros(len(begins), np.int64)
        least = int(lengths.min())
        for place in range(most):
            # Past the end of a cell stand other cells, or nothing.
            digit = data[np.minimum(begins + place, len(data) - 1)] - np.uint8(48)
            on = lengths > place if place >= least else None
            if (digit > 9).any() if on is None else ((digit > 9) & on).any():
                return None
            if place == 0 and ((digit == 0) & (lengths > 1)).any():
                return None
            value = value * 10 + digit if on is None else np.where(on, value * 10 + digit, value)
        return value

    def decimals(self) -> npt.NDArray[np.float64] | None:
        """As of `Cells`: the digits as a whole number, by a power of ten, which rounds once."""
        begins, lengths = self.spans
        most = int(lengths.max(initial=0))
        if not 0 < most <= DIGITS or int(lengths.min()) < 1:
            return None
        data, value = self.cut.bytes, np.zeros(len(begins), np.int64)
        after = np.zeros(len(begins), np.int64)  # digits after the point
        pointed = np.zeros(len(begins), bool)
        digits = np.zeros(len(begins), np.int64)
        for place in range(most):
            sign = data[np.minimum(begins + place, len(data) - 1)]
            digit, on = sign - np.uint8(48), lengths > place
            point, number = on & (sign == 46), on & (digit <= 9)
            if ((point & pointed) | (on & ~point & ~number)).any():
                return None
            value = np.where(number, value * 10 + digit, value)
            after += number & pointed
            digits += number
            pointed |= point
        return None if (digits == 0).any() else value / 10.0**after
