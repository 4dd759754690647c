"""Columns as they are read: numbers where cells are numbers, and every other text kept once.

What a column is can be said only when all of it was seen, and a file is read once. So each piece of
a column is kept as numbers, if all its cells are plain ones, or as the places of its texts in a
list; both take a few bytes a row.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.sources.cells import Cells, Declared
from hornbook.tables.written import (
    MISSING,
    NumberStyle,
    as_label,
    date_label,
    dotted,
    number_of,
    number_style,
    numbers_of,
)

__all__ = ["EXACT", "Raw", "RawColumn"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

EXACT = 2.0**53  # whole numbers from here on may not be floats
LARGEST = 2**28  # characters of all the texts of a column: more is no category


class RawColumn:
    """Gathers a column, piece by piece.

    Args:
        missing: texts, in lowercase, that say that nothing is known.
        separator: of the table, which tells what a comma in a number means.
        style: how numbers are written, where that is known; None: by what is read.

    Attributes:
        too_long: whether its texts are too many to be kept; it has no cells then.
        declared: what the file says that it is.
    """

    def __init__(
        self,
        missing: Collection[str] = MISSING,
        separator: str = ",",
        style: NumberStyle | None = None,
    ) -> None:
        self.missing, self.separator, self.style = missing, separator, style
        marks = (number_of(mark) for mark in missing)
        self.missing_numbers = [mark for mark in marks if not math.isnan(mark)]
        self.declared: Declared = ""
        self.numbers: list[Floats] = []  # of each piece; of texts nothing
        self.codes: list[Codes] = []  # places in `texts`; of numbers nothing
        self.texts: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self.characters, self.too_long = 0, False

    def add(self, cells: Cells) -> None:
        """Some more cells."""
        if self.too_long:
            return
        self.declared = cells.declared
        plain = None if cells.declared == "text" else self.plain_numbers(cells)
        if plain is not None:
            self.numbers.append(plain)
            self.codes.append(np.empty(0, np.int32))
            return
        known = len(self.texts)
        codes = np.fromiter(map(self.texts.__getitem__, cells), np.int32, len(cells))
        new = itertools.islice(self.texts, known, None)
        self.characters += sum(map(len, new))
        self.numbers.append(np.empty(0))
        self.codes.append(codes)
        if self.characters > LARGEST:
            self.too_long = True
            self.numbers, self.codes = [], []
            self.texts.clear()

    def plain_numbers(self, cells: Cells) -> Floats | None:
        """Cells as numbers, NaN of missing ones; None unless all others are plain."""
        if self.style == "comma" and cells.floats() is None:
            return whole_numbers(cells)  # a point may stand between thousands
        if self.separator != "," and cells.integers() is None and dotted(cells.texts):
            return None  # what they are hangs on how others are written
        found = plain_numbers(cells, self.missing)
        if found is not None and self.missing_numbers:
            found = np.where(np.isin(found, self.missing_numbers), np.nan, found)
        return found

    def finish(self) -> Raw:
        """What was gathered, which is then given up here."""
        texts = tuple(self.texts)
        lengths = [len(n) + len(c) for n, c in zip(self.numbers, self.codes, strict=True)]
        total = sum(lengths)
        numbers = np.empty(total) if any(map(len, self.numbers)) else None
        codes = np.full(total, -1, np.int32) if texts else None
        end = total
        while lengths:
            length, piece, coded = lengths.pop(), self.numbers.pop(), self.codes.pop()
            if len(piece):
                assert numbers is not None
                numbers[end - length : end] = piece
            elif length:
                assert codes is not None
                codes[end - length : end] = coded
                if numbers is not None:
                    numbers[end - length : end] = np.nan
            end -= length
        return Raw(total, numbers, codes, texts, frozenset(self.missing), self.separator,
                   self.too_long, self.declared, told_style=self.style)  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """All cells of a column.

    Shapes: `numbers` and `codes` (n,), or None where no cell is a number or a text.
    """

    n: int
    numbers: Floats | None
    """Of cells that are plain numbers; NaN of those that are missing, and of texts. Of a file that
    keeps numbers some may be infinite: these are faults."""
    codes: Codes | None
    "Places in `texts` of the others; -1 of numbers."
    texts: tuple[str, ...]
    missing_marks: frozenset[str]
    separator: str = ","
    too_long: bool = False
    declared: Declared = ""
    "What it is said to be where it comes from; empty if nothing is said, and its cells tell."
    commas: bool = False
    "Whether another column of the table has decimal commas."
    told_style: NumberStyle | None = None
    "How numbers are written, where that is known."

    @cached_property
    def text_is_missing(self) -> npt.NDArray[np.bool_]:
        """Of each text whether it says that nothing is known, shape (texts,)."""
        marks = self.missing_marks
        gone = np.fromiter((text.lower() in marks for text in self.texts), bool, len(self.texts))
        numbers = [number for mark in marks if not math.isnan(number := number_of(mark))]
        if not numbers:
            return gone
        plain = numbers_of(self.texts, "plain")
        return np.asarray(gone | np.isin(plain, numbers), bool)

    @cached_property
    def told(self) -> tuple[str, ...]:
        """The texts that say something."""
        gone = self.text_is_missing.tolist()
        return tuple(text for text, missing in zip(self.texts, gone, strict=True) if not missing)

    @cached_property
    def style(self) -> NumberStyle:
        """How the numbers among the texts are written."""
        return self.told_style or number_style(self.told, self.separator, self.commas)

    @cached_property
    def text_numbers(self) -> Floats:
        """Of each text the number that it is, or NaN, shape (texts,)."""
        return numbers_of(self.texts, self.style)

    @cached_property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Whether each cell says that nothing is known, shape (n,)."""
        found = np.zeros(self.n, bool)
        if self.numbers is not None:
            found = np.isnan(self.numbers)
        if self.codes is not None:
            found = np.where(self.codes < 0, found, at(self.text_is_missing, self.codes, False))
        return found

    def as_numbers(self) -> Floats:
        """Each cell as a number, NaN where it is none, shape (n,)."""
        numbers = self.finite
        if self.codes is None:
            return np.empty(0) if numbers is None else numbers
        found = at(self.text_numbers, self.codes, np.nan)
        if numbers is not None:
            found = np.where(self.codes < 0, numbers, found)
        return np.asarray(found, np.float64)

    @cached_property
    def finite(self) -> Floats | None:
        """`numbers`, NaN where they are infinite."""
        if self.numbers is None or not np.isinf(self.numbers).any():
            return self.numbers
        return np.where(np.isinf(self.numbers), np.nan, self.numbers)

    def as_labels(self) -> tuple[Codes, tuple[str, ...]]:
        """As `labelled`."""
        return self.labelled

    @cached_property
    def labelled(self) -> tuple[Codes, tuple[str, ...]]:
        """Each cell as the place of its label, -1 where it is missing, and the labels, sorted.

        A number is the same label however it is written: 1, 1.0 and 01; but not if these are
        codes, or the file says that they are texts.
        """
        labels = {text: text for text in self.told}
        if self.declared != "text":
            for text in self.told:
                if self.zero_filled and begins_with_zero(text):
                    continue
                number = plain_number(text)
                if not math.isnan(number) and not is_long(text, number):
                    labels[text] = as_label(number)
        names = set(labels.values())
        values, inverse = np.empty(0), np.empty(0, np.int64)
        known = np.zeros(self.n, bool)
        if self.numbers is not None:
            known = ~np.isnan(self.numbers)
            values, inverse = np.unique(self.numbers[known], return_inverse=True)
            of_number = self.label_of
            names.update(map(of_number, values.tolist()))
        ordered = tuple(sorted(names, key=in_order))
        place = {name: number for number, name in enumerate(ordered)}
        found = np.full(self.n, -1, np.int32)
        if self.codes is not None:
            of_texts = [place.get(labels.get(text, ""), -1) for text in self.texts]
            of_texts = [
                -1 if gone else one
                for one, gone in zip(of_texts, self.text_is_missing.tolist(), strict=True)
            ]
            found = at(np.array(of_texts, np.int32), self.codes, -1)
        if self.numbers is not None:
            of_values = np.array([place[of_number(one)] for one in values.tolist()], np.int32)
            found[known] = of_values[inverse]
        return found, ordered

    def label_of(self, number: float) -> str:
        """A plain number as a label; of a date its day, and its time if it is not midnight."""
        return date_label(number) if self.declared == "date" else as_label(number)

    @cached_property
    def zero_filled(self) -> bool:
        """Whether some texts are numbers with zeros before them, as codes of places have.

        All numbers are whole then: beside 3.5 a 05 is a number like others.
        """
        if not any(map(begins_with_zero, self.told)):
            return False
        numbers = self.as_numbers()
        numbers = numbers[~np.isnan(numbers)]
        return bool((numbers == np.floor(numbers)).all())


def begins_with_zero(text: str) -> bool:
    """Whether a text is digits, the first of several a zero."""
    return len(text) > 1 and text[0] == "0" and text.isdecimal()


def is_long(text: str, number: float) -> bool:
    """Whether a text is a whole number of so many digits that a float may not hold the last."""
    return abs(number) >= EXACT and text.lstrip("+-").isdecimal()


def plain_number(text: str) -> float:
    """The number that a text is without any sign of money; NaN if it is none."""
    return math.nan if text[-1:] in "%$€£¥₹" or text[:1] in "$€£¥₹" else number_of(text)


def whole_numbers(cells: Cells) -> Floats | None:
    """Cells as numbers; None unless all are whole ones without a sign."""
    whole = cells.integers()
    return None if whole is None else whole.astype(np.float64)


def plain_numbers(cells: Cells, missing: Collection[str]) -> Floats | None:
    """Cells as numbers, NaN of missing ones; None unless all others are plain, without zeros before
    them.
    """
    if (given := cells.floats()) is not None:
        return given
    if (whole := whole_numbers(cells)) is not None:
        return whole
    if cells.zero_filled:
        return None
    if (plain := cells.decimals()) is not None:
        return plain
    texts = cells.texts
    if "_" in "".join(texts):  # float reads 1_000
        return None
    try:
        found = np.fromiter(map(float, texts), np.float64, len(texts))
        if np.isfinite(found).all():
            return None if any_long(texts, found) else found
    except ValueError:
        pass  # perhaps since some are missing
    gone = {text for text in set(texts) if text.lower() in missing}
    if not gone:
        return None
    try:
        found = np.array([math.nan if text in gone else float(text) for text in texts])
    except ValueError:
        return None
    missed = sum(map(gone.__contains__, texts))
    if int(np.isfinite(found).sum()) + missed != len(texts) or any_long(texts, found):
        return None
    return found


def any_long(texts: Sequence[str], numbers: Floats) -> bool:
    """Whether some cell is a whole number of 17 digits or more: an id, not to be taken for another
    that is the same float.
    """
    long = np.flatnonzero(np.abs(numbers) >= EXACT).tolist()
    return any(is_long(texts[row], EXACT) for row in long)


def at(values: npt.NDArray[Any], codes: Codes, otherwise: Any) -> Any:
    """The value at each code; another where the code is -1."""
    return np.append(values, np.asarray(otherwise, values.dtype))[codes]


def in_order(label: str) -> tuple[bool, float, str]:
    """Numbers by their size, then texts by the alphabet."""
    number = number_of(label)
    return (True, 0.0, label) if math.isnan(number) else (False, number, label)
