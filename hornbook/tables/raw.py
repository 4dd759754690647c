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

from hornbook.sources.cells import Cells
from hornbook.tables.written import MISSING, NumberStyle, as_label, number_style, numbers_of

__all__ = ["Raw", "RawColumn"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]

LARGEST = 2**28  # characters of all the texts of a column: more is no category


class RawColumn:
    """Gathers a column, piece by piece.

    Args:
        missing: texts, in lowercase, that say that nothing is known.
        separator: of the table, which tells what a comma in a number means.
        style: how numbers are written, where that is known; None: by what is read.

    Attributes:
        too_long: whether its texts are too many to be kept; it has no cells then.
    """

    def __init__(
        self,
        missing: Collection[str] = MISSING,
        separator: str = ",",
        style: NumberStyle | None = None,
    ) -> None:
        self.missing, self.separator, self.style = missing, separator, style
        self.numbers: list[Floats] = []  # of each piece; of texts nothing
        self.codes: list[Codes] = []  # places in `texts`; of numbers nothing
        self.texts: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self.characters, self.too_long = 0, False

    def add(self, cells: Cells) -> None:
        """Some more cells."""
        if self.too_long:
            return
        # Where commas are those of decimals, a point may stand between thousands.
        whole_only = self.style == "comma"
        plain = whole_numbers(cells) if whole_only else plain_numbers(cells, self.missing)
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
                   self.too_long, self.style)  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """All cells of a column.

    Shapes: `numbers` and `codes` (n,), or None where no cell is a number or a text.
    """

    n: int
    numbers: Floats | None
    "Of cells that are plain numbers; NaN of those that are missing, and of texts."
    codes: Codes | None
    "Places in `texts` of the others; -1 of numbers."
    texts: tuple[str, ...]
    missing_marks: frozenset[str]
    separator: str = ","
    too_long: bool = False
    told_style: NumberStyle | None = None
    "How numbers are written, where that is known."

    @cached_property
    def text_is_missing(self) -> npt.NDArray[np.bool_]:
        """Of each text whether it says that nothing is known, shape (texts,)."""
        marks = self.missing_marks
        return np.fromiter((text.lower() in marks for text in self.texts), bool, len(self.texts))

    @cached_property
    def told(self) -> tuple[str, ...]:
        """The texts that say something."""
        gone = self.text_is_missing.tolist()
        return tuple(text for text, missing in zip(self.texts, gone, strict=True) if not missing)

    @cached_property
    def style(self) -> NumberStyle:
        """How the numbers among the texts are written."""
        return self.told_style or number_style(self.told, self.separator)

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
        if self.codes is None:
            return np.empty(0) if self.numbers is None else self.numbers
        found = at(self.text_numbers, self.codes, np.nan)
        if self.numbers is not None:
            found = np.where(self.codes < 0, self.numbers, found)
        return np.asarray(found, np.float64)

    def as_labels(self) -> tuple[Codes, tuple[str, ...]]:
        """Each cell as the place of its label, -1 where it is missing, and the labels, sorted.

        A number is the same label however it is written: 1, 1.0 and 01.
        """
        labels = {text: text for text in self.told}
        if not self.zero_filled:
            numbers = self.text_numbers.tolist()
            for text, number in zip(self.texts, numbers, strict=True):
                if text in labels and number == number and self.style == "plain":
                    labels[text] = as_label(number)
        names = set(labels.values())
        values, inverse = np.empty(0), np.empty(0, np.int64)
        known = np.zeros(self.n, bool)
        if self.numbers is not None:
            known = ~np.isnan(self.numbers)
            values, inverse = np.unique(self.numbers[known], return_inverse=True)
            names.update(map(as_label, values.tolist()))
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
            of_values = np.array([place[as_label(one)] for one in values.tolist()], np.int32)
            found[known] = of_values[inverse]
        return found, ordered

    @cached_property
    def zero_filled(self) -> bool:
        """Whether some texts are numbers with zeros before them, as codes of places have."""
        return any(len(text) > 1 and text[0] == "0" and text.isdecimal() for text in self.told)


def whole_numbers(cells: Cells) -> Floats | None:
    """Cells as numbers; None unless all are whole ones without a sign."""
    whole = cells.integers()
    return None if whole is None else whole.astype(np.float64)


def plain_numbers(cells: Cells, missing: Collection[str]) -> Floats | None:
    """Cells as numbers, NaN of missing ones; None unless all others are plain, without zeros before
    them.
    """
    if (whole := whole_numbers(cells)) is not None:
        return whole
    texts = cells.texts
    if any(len(text) > 1 and text[0] == "0" and text[1] != "." for text in texts):
        return None
    if (plain := cells.decimals()) is not None:
        return plain
    gone = [text.lower() in missing for text in texts]
    try:
        numbers = [math.nan if no else float(text) for text, no in zip(texts, gone, strict=True)]
    except ValueError:
        return None
    found = np.array(numbers)
    if np.isinf(found).any() or any("_" in text for text in texts):
        return None
    return None if (np.isnan(found) != gone).any() else found


def at(values: npt.NDArray[Any], codes: Codes, otherwise: Any) -> Any:
    """The value at each code; another where the code is -1."""
    return np.append(values, np.asarray(otherwise, values.dtype))[codes]


def in_order(label: str) -> tuple[bool, float, str]:
    """Numbers by their size, then texts by the alphabet."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label


def count_distinct(column: Raw) -> Sequence[int]:
    """How often each label occurs."""
    codes, labels = column.as_labels()
    counts: Sequence[int] = np.bincount(codes[codes >= 0], minlength=len(labels)).tolist()
    return counts
