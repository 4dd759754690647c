"""A column gathered piece by piece: numbers where cells are numbers, every other text kept once."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Sequence

import numpy as np

from hornbook.sources.cells import Cells, Declared
from hornbook.tables.marks import mark_numbers
from hornbook.tables.number_form import NumberForm
from hornbook.tables.number_style import dotted
from hornbook.tables.raw import Codes, Floats, Raw
from hornbook.tables.written import EXACT, MISSING, is_long

__all__ = ["RawColumn"]

FIRST = 50  # cells of a first look
LARGEST = 2**28  # characters of all the texts of a column: more is not a category


class RawColumn:
    """Gathers a column, piece by piece.

    Args:
        missing: texts, in lowercase, that say that nothing is known.
        separator: of the table, which tells what a comma in a number means.
        form: how numbers are written, where that is known; None: by what is read.

    Attributes:
        too_long: whether its texts are too many to be kept; it has no cells then.
        declared: what the file says that it is.
    """

    def __init__(
        self,
        missing: Collection[str] = MISSING,
        separator: str = ",",
        form: NumberForm | None = None,
    ) -> None:
        self.missing, self.separator, self.form = missing, separator, form
        self.pointed = False
        self.missing_numbers = mark_numbers(frozenset(missing))
        self.declared: Declared = ""
        self.zone = ""
        self.numbers: list[Floats] = []  # of each piece; of texts nothing
        self.codes: list[Codes] = []  # places in `texts`; of numbers nothing
        self.texts: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self.characters, self.too_long = 0, False

    def add(self, cells: Cells) -> None:
        """Some more cells."""
        if self.too_long:
            return
        self.declared, self.zone = cells.declared, self.zone or cells.zone
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
        if cells.floats() is not None:
            return self.without_marks(cells.floats())
        whole = cells.integers() is not None
        if self.form is not None and self.form.style == "comma":
            # a point may stand between thousands
            return self.without_marks(whole_numbers(cells))
        if not whole and self.may_be_thousands(cells):
            return None  # what they are hangs on how others are written
        found = plain_numbers(cells, self.missing)
        self.pointed |= found is not None and not whole
        return self.without_marks(found)

    def may_be_thousands(self, cells: Cells) -> bool:
        """Whether cells may be whole numbers with points between thousands.

        With a comma between cells a point mostly is that of decimals: they may be only if all with
        a point are such.
        """
        if self.separator != ",":
            return dotted(cells.texts)
        if self.form is not None:
            return False
        return only_dotted(cells.first(FIRST), some=False) and only_dotted(cells.texts, some=True)

    def without_marks(self, numbers: Floats | None) -> Floats | None:
        """Numbers, NaN where they are marks of what is missing."""
        if numbers is None or not self.missing_numbers:
            return numbers
        return np.where(np.isin(numbers, self.missing_numbers), np.nan, numbers)

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
        return Raw(
            total, numbers, codes, texts, frozenset(self.missing), self.separator, self.too_long,
            self.declared, told_form=self.form, pointed=self.pointed, given_zone=self.zone,
        )  # fmt: skip


def only_dotted(cells: Sequence[str], *, some: bool) -> bool:
    """Whether all cells with a point are like 1.234.

    Args:
        cells: any.
        some: whether there must be one.
    """
    pointed = (cell for cell in cells if "." in cell)
    first = next(pointed, None)
    if first is None:
        return not some
    return dotted((first,)) and all(dotted((cell,)) for cell in pointed)


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
