"""How the numbers of a column are written: their points and commas, their sign and their unit.

It belongs to the column, whatever that is read as, and is kept with a run, so that every later file
is read alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

import numpy as np
import numpy.typing as npt

from hornbook.tables.signs import (
    ANY_SIGN,
    PERCENT,
    named_sign,
    signed,
    written_so,
)
from hornbook.tables.written import (
    MONEY,
    PLAIN_MINUS,
    SIGNS,
    SPACES,
    NumberStyle,
    as_label,
    has_digit,
    in_brackets,
    is_long,
    number_of,
    numbers_of,
    why_no_number,
)

__all__ = ["POWERS", "NumberForm", "alike", "is_number", "is_some_number", "parted"]

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
    sign: str = ""
    """Of percent or money, as it mostly stands beside a number: `$#`, `# €`, `#%`. Empty where
    there is none; ANY_SIGN of runs from before it was kept."""

    @property
    def bare(self) -> bool:
        """Whether a number without a sign and a unit is one of these."""
        return not self.needs_unit and self.takes("")

    def takes(self, sign: str) -> bool:
        """Whether numbers with a sign, or with none, are of this column.

        Amounts of money without a sign are those of the column; numbers without % no percents.
        """
        ours = named_sign(self.sign)
        return self.sign == ANY_SIGN or sign == ours or (not sign and ours != PERCENT)

    def number_of(self, cell: str) -> float:
        """The finite number that a cell is, NaN if it is none; of another sign or unit none is."""
        if self.sign != ANY_SIGN:
            cell, sign, _ = signed(cell)
            if not self.takes(sign):
                return math.nan
        return self.without_sign(cell)

    def without_sign(self, cell: str) -> float:
        """The number that a cell is by its style and unit; NaN if it is none."""
        if not self.unit:
            return number_of(cell, self.style)
        body, unit = parted(cell)
        if not unit:
            return math.nan if self.needs_unit else number_of(cell, self.style)
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
        if not self.unit and self.sign == ANY_SIGN:
            return numbers_of(cells, self.style)
        return np.fromiter(map(self.number_of, cells), np.float64, len(cells))

    def label_of(self, cell: str) -> str:
        """What to call a cell as a category: a number alike however it is written.

        With another sign of money or percent than the column has it stays as it is, for beside 5 a
        5 % is something else.
        """
        body, sign, _ = signed(cell)
        if sign and (self.sign == ANY_SIGN or sign != named_sign(self.sign)):
            return cell
        value = self.without_sign(body)
        if math.isnan(value) or is_long(body, value):
            return cell
        if self.needs_unit:
            return self.with_sign(f"{as_label(value)} {self.unit}", sign)
        return self.with_sign(as_label(value), sign)

    def plain_label(self, value: float) -> str:
        """What to call a number without a sign and a unit, as a category."""
        return self.with_sign(as_label(value), "")

    def with_sign(self, label: str, sign: str) -> str:
        """A label with the sign of the column, if the number has it or stands for money."""
        of_column = self.sign not in ("", ANY_SIGN) and (sign or self.takes(""))
        return written_so(label, self.sign) if of_column else label

    def value_of(self, label: str) -> float:
        """The number that a category is, by what `label_of` calls it; NaN if it is none.

        None is a label with zeros before it, as codes have.
        """
        if self.sign == ANY_SIGN:
            return self.value_of_any(label)
        body, sign, _ = signed(label)
        if not self.takes(sign):
            return math.nan
        if self.needs_unit:
            return plain_value(body.removesuffix(f" {self.unit}"))
        return plain_value(body)

    def value_of_any(self, label: str) -> float:
        """As `value_of`, where signs stayed as they were."""
        value = plain_value(label)
        if value == value:
            return value
        if self.needs_unit and label.endswith(f" {self.unit}"):
            return self.value_of_any(label.removesuffix(f" {self.unit}"))
        with_sign = label[-1:] in f"%{MONEY}" or label[:1] in f"+-{MONEY}"
        return self.number_of(label) if with_sign else math.nan

    def why_not(self, cell: str) -> str:
        """What a cell is that looks like a number and is none; empty of any other."""
        body, sign, _ = signed(cell)
        if self.sign != ANY_SIGN and not self.takes(sign) and is_some_number(body):
            return self.why_no_sign(sign)
        if why := why_no_number(cell, self.style):
            return why
        number, unit = parted(body)
        if unit and unit in POWERS:
            return f"which is {number} times {10 ** POWERS[unit]:,}"
        if unit and not alike(unit, self.unit):
            return f"which has the unit {unit!r}" + (
                f", where others have {self.unit!r}" if self.needs_unit else "")  # fmt: skip
        if not unit and self.needs_unit and is_number(body):
            return f"which lacks the unit {self.unit!r} that others have"
        for pattern, what in ((ABOUT, "which is not exact"), (BOUND, "which is a bound")):
            found = pattern.fullmatch(cell)
            if found and is_some_number(found[1]):
                return what
        return self.why_no_style(number if unit else body)

    def why_no_sign(self, sign: str) -> str:
        """What to say of a number with another sign than others have, or without theirs."""
        ours = named_sign(self.sign)
        if not sign:
            return f"which lacks the sign {ours!r} that others have"
        others = f"where others have {ours!r}" if ours else "and others have none"
        return f"which has the sign {sign!r}, {others}"

    def why_no_style(self, body: str) -> str:
        """What to say of a number with other points and commas than others have; else empty."""
        if not math.isnan(number_of(body, self.style)):
            return ""
        values = [number_of(body, style) for style in STYLES]
        would = dict.fromkeys(f"{one:,.15g}" for one in values if not math.isnan(one))
        if not would:
            return ""
        return f"whose points and commas are others (it would be {' or '.join(would)})"

    @property
    def needs_unit(self) -> bool:
        """Whether a number without the unit is none of these."""
        return bool(self.unit) and self.unit not in POWERS

    def example(self) -> str:
        """A number as it is written so, for people."""
        shown = {"comma": "1234,5", "thousands": "1,234.5"}.get(self.style, "1234.5")
        if named_sign(self.sign) == PERCENT:
            shown = "12,5" if self.style == "comma" else "12.5"
        with_unit = f"{shown} {self.unit}" if self.needs_unit else shown
        return with_unit if self.sign in ("", ANY_SIGN) else written_so(with_unit, self.sign)


def plain_value(label: str) -> float:
    """The number that a label without a sign is, NaN if it is none or has zeros before it."""
    value = number_of(label)
    return value if value == value and as_label(value) == label else math.nan


def is_some_number(cell: str) -> bool:
    """Whether a cell is a number of any style, with any unit and sign, or as accountants write."""
    if not has_digit(cell):
        return False
    body = signed(cell).body
    if is_number(body) or is_number(in_brackets(cell)):
        return True
    number, unit = parted(body)
    return bool(unit) and is_number(number)


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
