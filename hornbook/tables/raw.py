"""Columns as they are read: numbers where cells are numbers, and every other text kept once.

What a column is can be said only when all of it was seen, and a file is read once. So each piece of
a column is kept as numbers, if all its cells are plain ones, or as the places of its texts in a
list; both take a few bytes a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.sources.cells import Declared
from hornbook.tables.found_forms import form_among
from hornbook.tables.marks import mark_numbers
from hornbook.tables.number_form import NumberForm
from hornbook.tables.signs import signed
from hornbook.tables.written import NumberStyle, as_label, number_of
from hornbook.tables.written_dates import date_label, has_zone

__all__ = ["Codes", "Floats", "Raw"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]


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
    told_form: NumberForm | None = None
    "How numbers are written, where that is known."
    pointed: bool = False
    "Whether some of `numbers` were written with decimal points."
    given_zone: str = ""
    "Of dates that are numbers: one as it was given, with a zone other than UTC; else empty."

    @cached_property
    def is_mark(self) -> npt.NDArray[np.bool_]:
        """Of each text whether it is a mark of what is missing, shape (texts,)."""
        marks = self.missing_marks
        return np.fromiter((text.lower() in marks for text in self.texts), bool, len(self.texts))

    @cached_property
    def text_is_missing(self) -> npt.NDArray[np.bool_]:
        """Of each text whether it says that nothing is known, shape (texts,)."""
        numbers = mark_numbers(self.missing_marks)
        if not numbers:
            return self.is_mark
        return np.asarray(self.is_mark | np.isin(self.text_numbers, numbers), bool)

    @cached_property
    def told(self) -> tuple[str, ...]:
        """The texts that say something."""
        gone = self.text_is_missing.tolist()
        return tuple(text for text, missing in zip(self.texts, gone, strict=True) if not missing)

    @property
    def zoned(self) -> str:
        """A time with a zone other than UTC, which is turned into it; empty if there is none."""
        return self.given_zone or next(filter(has_zone, self.told), "")

    @cached_property
    def form(self) -> NumberForm:
        """How the numbers among the texts are written."""
        if self.told_form is not None:
            return self.told_form
        told = np.flatnonzero(~self.is_mark).tolist()
        if not told or self.codes is None:
            return NumberForm()
        texts = [self.texts[place] for place in told]
        rows = np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))[told].tolist()
        numbers = np.empty(0) if self.numbers is None else self.numbers
        plain = int(np.isfinite(numbers).sum())
        fractions = len(np.unique(numbers[numbers % 1 > 0])) if self.pointed else 0
        found = form_among(
            texts, self.separator, self.commas, fractions=fractions, rows=rows, plain=plain
        )
        return NumberForm(found.style) if self.declared else found

    @property
    def style(self) -> NumberStyle:
        """Their points and commas."""
        return self.form.style

    @cached_property
    def text_numbers(self) -> Floats:
        """Of each text the number that it is, or NaN, shape (texts,)."""
        return self.form.numbers_of(self.texts)

    @cached_property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Whether each cell says that nothing is known, shape (n,)."""
        found = np.zeros(self.n, bool)
        if self.numbers is not None:
            found = np.isnan(self.numbers)
        if self.codes is not None:
            found = np.where(self.codes < 0, found, at(self.text_is_missing, self.codes, False))
        return found

    def is_text(self, cells: npt.NDArray[np.bool_], text: str) -> bool:
        """Whether some cells, a mask of shape (n,), are all one text."""
        codes = None if self.codes is None else np.unique(self.codes[cells]).tolist()
        return text in self.texts and codes == [self.texts.index(text)]

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
        """`numbers`, NaN where they are infinite, or not written as the others of the column."""
        numbers = self.numbers
        if numbers is None:
            return None
        wrong = np.isinf(numbers)
        if not self.form.bare:
            wrong[:] = True
        elif self.pointed and self.style == "comma":
            wrong |= numbers % 1 > 0
        return np.where(wrong, np.nan, numbers) if wrong.any() else numbers

    def as_labels(self) -> tuple[Codes, tuple[str, ...]]:
        """As `labelled`."""
        return self.labelled

    @cached_property
    def labelled(self) -> tuple[Codes, tuple[str, ...]]:
        """Each cell as the place of its label, -1 where it is missing, and the labels, sorted.

        A number is the same label however it is written: 1, 1.0 and 01, and by the form of the
        column 1.234,0 and 1234; but not if these are codes, or the file says that they are texts.
        """
        labels = {text: text for text in self.told}
        if self.declared != "text" or self.told_form not in (None, NumberForm()):
            for text in self.told:
                if not (self.zero_filled and begins_with_zero(text)):
                    labels[text] = self.form.label_of(text)
        names = set(labels.values())
        values, inverse = np.empty(0), np.empty(0, np.int64)
        known = np.zeros(self.n, bool)
        if self.numbers is not None:
            known = ~np.isnan(self.numbers)
            values, inverse = np.unique(self.numbers[known], return_inverse=True)
            of_number = self.label_of if self.declared == "date" else self.form.plain_label
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


def at(values: npt.NDArray[Any], codes: Codes, otherwise: Any) -> Any:
    """The value at each code; another where the code is -1."""
    return np.append(values, np.asarray(otherwise, values.dtype))[codes]


def in_order(label: str) -> tuple[bool, float, str]:
    """Numbers by their size, then texts by the alphabet."""
    number = number_of(signed(label).body)
    return (True, 0.0, label) if math.isnan(number) else (False, number, label)
