"""How the numbers of a column are written: their points and commas, and the unit behind them.

It belongs to the column, whatever that is read as, and is kept with a run, so that every later file
is read alike.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import get_args

import numpy as np
import numpy.typing as npt

from hornbook.tables.number_style import number_style
from hornbook.tables.written import (
    ALIKE,
    LOOKED,
    MONEY,
    PLAIN_MINUS,
    SIGNS,
    SPACES,
    NumberStyle,
    as_label,
    is_long,
    number_of,
    numbers_of,
    why_no_number,
)

__all__ = ["POWERS", "NumberForm", "form_among", "units_among"]

POWERS = {"k": 3, "Tsd": 3, "Tsd.": 3, "Mio": 6, "Mio.": 6, "Mrd": 9, "Mrd.": 9}
"Of words that multiply, the power of ten. Others (M, m, B, T) may be a unit as well."
PARTED = rf"[1-9]\d{{0,2}}(?:[{SPACES}]\d{{3}})+(?!\d)(?:[.,]\d*)?"  # 12 345,6
BODY = rf"[+-]?[$€£¥₹\s]*(?:{PARTED}|\d[\d.,]*|[.,]\d+)(?:[eE][+-]?\d+)?"
LETTER = r"(?![eE]\d)[^\W\d_]|[°\"'‰]"  # with which a unit begins
UNIT = rf"(?:{LETTER})(?:[^\W\d]|[23²³°/^·*.]|/100){{0,14}}(?: [^\W\d_]{{1,6}})?"
NO_UNITS = frozenset({"st", "nd", "rd", "th", "am", "pm"})
WITH_UNIT = re.compile(rf"({BODY})\s*({UNIT})")
ABOUT = re.compile(r"(?:ca\.?|circa|approx\.?|about|around|etwa|rund|~|≈|±)\s*(.+)", re.IGNORECASE)
BOUND = re.compile(r"(?:[<>]=?|[≤≥])\s*(.+)")
STYLES: tuple[NumberStyle, ...] = get_args(NumberStyle)
LEAST = 3  # letters of a unit that may have an s for many: days, but not ms


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written."""

    style: NumberStyle = "plain"
    unit: str = ""
    """That stands behind each number: `m²`; or a word of POWERS, which some numbers may have.
    Empty where there is none."""

    @property
    def bare(self) -> bool:
        """Whether a number without a unit is one of these."""
        return not self.unit or self.unit in POWERS

    def number_of(self, cell: str) -> float:
        """The finite number that a cell is, NaN if it is none; of another unit none is."""
        if not self.unit:
            return number_of(cell, self.style)
        body, unit = parted(cell)
        if not unit:
            return number_of(cell, self.style) if self.bare else math.nan
        return self.times(number_of(body, self.style)) if alike(unit, self.unit) else math.nan

    def times(self, value: float) -> float:
        """A number, times what the word behind it says."""
        power = POWERS.get(self.unit, 0)
        if not power or math.isnan(value):
            return value
        many = float(Decimal(repr(value)).scaleb(power))  # so that 1.001k is 1001
        return many if math.isfinite(many) else math.nan

    def numbers_of(self, cells: Sequence[str]) -> npt.NDArray[np.float64]:
        """Cells as numbers, shape (len(cells),); NaN where one is none."""
        if not self.unit:
            return numbers_of(cells, self.style)
        return np.fromiter(map(self.number_of, cells), np.float64, len(cells))

    def label_of(self, cell: str) -> str:
        """What to call a cell as a category: a number alike however it is written.

        With a sign of money or percent it stays as it is, for beside 5 a 5 % is something else.
        """
        if cell[-1:] in f"%{MONEY}" or cell[:1] in MONEY:
            return cell
        value = self.number_of(cell)
        if math.isnan(value) or is_long(cell, value):
            return cell
        return as_label(value) if self.bare else f"{as_label(value)} {self.unit}"

    def value_of(self, label: str) -> float:
        """The number that a category is, by what `label_of` calls it; NaN if it is none.

        None is a label with zeros before it, as codes have.
        """
        value = number_of(label)
        if value == value and as_label(value) == label:
            return value
        if not self.bare and label.endswith(f" {self.unit}"):
            return self.value_of(label.removesuffix(f" {self.unit}"))
        signed = label[-1:] in f"%{MONEY}" or label[:1] in f"+-{MONEY}"
        return self.number_of(label) if signed else math.nan

    def why_not(self, cell: str) -> str:
        """What a cell is that looks like a number and is none; empty of any other."""
        if why := why_no_number(cell, self.style):
            return why
        body, unit = parted(cell)
        if unit and unit in POWERS:
            return f"which is {body} times {10 ** POWERS[unit]:,}"
        if unit:
            return f"which has the unit {unit!r}" + (
                f", where others have {self.unit!r}" if not self.bare else "")  # fmt: skip
        if not self.bare and is_number(cell):
            return f"which lacks the unit {self.unit!r} that others have"
        for pattern, what in ((ABOUT, "which is not exact"), (BOUND, "which is a bound")):
            found = pattern.fullmatch(cell)
            if found and (is_number(found[1]) or parted(found[1])[1]):
                return what
        return ""

    def example(self) -> str:
        """A number as it is written so, for people."""
        shown = {"comma": "1234,5", "thousands": "1,234.5"}.get(self.style, "1234.5")
        return f"{shown} {self.unit}" if not self.bare else shown


def parted(cell: str) -> tuple[str, str]:
    """The number of a cell, as it is written, and its unit; both empty where it has none."""
    found = WITH_UNIT.fullmatch(cell.translate(PLAIN_MINUS).strip(SIGNS))
    if found is None or found[2].lower() in NO_UNITS:
        return "", ""
    return found[1].strip(), found[2]


def alike(one: str, other: str) -> bool:
    """Whether two units are the same; days are a day."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= LEAST and long == f"{short}s")


def is_number(cell: str) -> bool:
    """Whether a cell is a number of any style."""
    return any(not math.isnan(number_of(cell, style)) for style in STYLES)


def units_among(cells: Collection[str]) -> Counter[str]:
    """The units of cells, and how many have each; empty if many are neither a number nor one.

    Args:
        cells: distinct ones.
    """
    found: Counter[str] = Counter()
    for some in (list(islice(cells, 0, None, max(1, len(cells) // LOOKED))), cells):
        found.clear()
        odd = 0
        for cell in some:
            unit = parted(cell)[1]
            if unit:
                found[unit] += 1
            else:
                odd += not is_number(cell)
        if not found or odd > (1 - ALIKE) * len(some):
            return Counter()
        if len(some) == len(cells):
            break
    return found


def form_among(
    cells: Collection[str], separator: str = ",", commas: bool = False, *, fractions: int = 0
) -> NumberForm:
    """How the numbers among some cells are written: so that most of them are numbers.

    Args:
        cells: distinct ones.
        separator: as of `number_style`.
        commas: as of `number_style`.
        fractions: further numbers that are written with a decimal point.
    """
    unit = unit_of(cells)
    if unit:
        parts = [(cell, *parted(cell)) for cell in cells]
        numbers = {body for _, body, one in parts if alike(one, unit)}
        cells = numbers | {cell for cell, _, one in parts if not one and unit in POWERS}
    return NumberForm(number_style(cells, separator, commas, fractions), unit)


def unit_of(cells: Collection[str]) -> str:
    """The unit that nearly all of some cells have; empty where there is none.

    A word that multiplies is one only where no other stands in the column.
    """
    units = units_among(cells)
    if not units:
        return ""
    ((unit, _),) = units.most_common(1)
    same = sum(count for one, count in units.items() if alike(one, unit))
    if unit in POWERS:
        return unit if same == units.total() else ""
    return unit if same >= ALIKE * len(cells) else ""
