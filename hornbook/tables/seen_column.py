"""A column that was read, and what can be seen of it, before it is said what it is."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.errors import as_typed
from hornbook.rendering import clip
from hornbook.tables.column_words import words_of
from hornbook.tables.number_form import is_some_number
from hornbook.tables.raw import Raw
from hornbook.tables.unread import unread
from hornbook.tables.written import ALIKE, EXACT, as_label

__all__ = ["FEW", "Seen"]

NAMES = 10  # most whole numbers of a target that may be names of classes
SOME = 0.5  # of the cells that are known: so many numbers beside texts are not chance
FEW = 31  # distinct whole numbers that are categories: hours, months, days of a month


class Seen:
    """A column that was read, and what can be seen of it.

    Args:
        name: of the column.
        raw: its cells.
    """

    def __init__(self, name: str, raw: Raw) -> None:
        self.name, self.raw = name, raw

    @cached_property
    def known(self) -> int:
        """Cells that are not missing."""
        return self.raw.n - int(self.raw.missing.sum())

    @cached_property
    def values(self) -> npt.NDArray[np.float64]:
        """The distinct numbers, sorted."""
        numbers = self.raw.as_numbers()
        return np.unique(numbers[~np.isnan(numbers)])

    @cached_property
    def n_numbers(self) -> int:
        """Cells that are numbers."""
        return int((~np.isnan(self.raw.as_numbers())).sum())

    @property
    def of_numbers(self) -> bool:
        """Whether it holds numbers: if some cells are none, these are faults."""
        told = self.raw.declared
        if told in ("text", "category") or self.known == 0:
            return False
        return told == "number" or (
            self.n_numbers >= ALIKE * self.known and not self.raw.zero_filled
        )

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        numbers = self.n_numbers == self.known and self.raw.declared != "text"
        if numbers and (not self.known or np.abs(self.values[[0, -1]]).max() < EXACT):
            return len(self.values)
        return len(self.raw.as_labels()[1])

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole."""
        return bool((self.values == np.floor(self.values)).all())

    @cached_property
    def odd_text(self) -> str:
        """The most frequent of the texts that are not numbers; empty if there is none.

        Where there is none, but numbers that are not written as others are, the first of these.
        """
        raw = self.raw
        if raw.codes is None:
            return ""
        odd = np.isnan(raw.text_numbers) & ~raw.text_is_missing
        if not odd.any():
            plain = np.empty(0) if raw.numbers is None else raw.numbers
            others = plain[np.isfinite(plain)] if not raw.form.bare else np.empty(0)
            return as_label(float(others[0])) if others.size else ""
        counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.texts))
        return raw.texts[int(np.where(odd, counts, -1).argmax())]

    @property
    def has_few_values(self) -> bool:
        """Whether its numbers are whole and so few that they may be names of classes."""
        return bool(self.values.size) and self.distinct <= NAMES and self.whole

    @property
    def is_mixed(self) -> bool:
        """Whether many cells are numbers, and some are texts that may mean that none is known."""
        few = self.whole and self.distinct <= FEW
        if not self.known or self.raw.too_long or self.raw.declared == "text" or few:
            return False
        return self.n_numbers < self.known and self.n_numbers >= SOME * self.known

    @property
    def mixture(self) -> str:
        """What to say of it where it is mixed: which text stands among its numbers, and what for.

        It ends with what to do.
        """
        told = f"{self.name} holds numbers and {clip(self.odd_text, 40)!r}"
        why = self.raw.form.why_not(self.odd_text)
        return f"{told}, {why}: {self.mending}" if why else f"{told}: {self.mending}"

    @property
    def mending(self) -> str:
        """What to do about the text that stands among its numbers: no number means that none is."""
        if is_some_number(self.odd_text):
            return f"write all its numbers in one way, such as {self.raw.form.example()}"
        mark = f"`missing={as_typed(self.odd_text)}`"
        if self.raw.form.why_not(self.odd_text):
            return f"correct such cells, or set {mark} if nothing is known there"
        return f"if that says that nothing is known, set {mark}"

    @cached_property
    def unread(self) -> str:
        """What its texts are that look like numbers and are none, and what to do; mostly empty."""
        return "" if self.raw.declared or self.raw.too_long else unread(self.raw.told)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name, in lowercase."""
        return words_of(self.name)
