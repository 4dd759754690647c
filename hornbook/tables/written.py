"""How numbers are written in the cells of tables, and marks of what is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "ALIKE",
    "EXACT",
    "LOOKED",
    "MINUSES",
    "MISSING",
    "MONEY",
    "PLAIN_MINUS",
    "SIGNS",
    "SPACES",
    "NumberStyle",
    "as_label",
    "bare",
    "has_digit",
    "in_brackets",
    "is_long",
    "is_number",
    "number_of",
    "numbers_of",
    "why_no_number",
]

MISSING = frozenset(
    {
        "", "?", "-", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "#na", "nat", "-nan",
        "missing",
    }
)  # fmt: skip
"Cells that say that nothing is known, in lowercase."

NumberStyle = Literal["plain", "comma", "thousands"]
"How numbers are written: 1234.5; 1.234,5 or 1234,5; 1,234.5."

ALIKE = 0.9
"Share of cells that are dates or numbers from which on the others are faults."
LOOKED = 200  # cells of a first look
EXACT = 2.0**53  # whole numbers from here on may not be floats

EXPONENT = r"([eE][+-]?\d+)?"
COMMA = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)?(,\d*)?" + EXPONENT)
THOUSANDS = re.compile(r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d*)?" + EXPONENT)
MONEY = "$€£¥₹"
SIGNS = f"{MONEY} \u00a0\u202f"  # that may stand before or behind a number
MINUSES = "\u2212\ufe63\uff0d"  # as typesetters and some programs write it
BEGINS = SIGNS + MINUSES + "+-.,"  # what a number may begin with, beside a digit
PLAIN_MINUS = str.maketrans(dict.fromkeys(MINUSES, "-"))
SPACES = " \u00a0\u2007\u2009\u202f'\u2019"
"That may stand between thousands in any style: blanks, or as in Switzerland apostrophes."
SPACED = re.compile(rf"([+-]?[1-9]\d{{0,2}}(?:([{SPACES}])\d{{3}})(?:\2\d{{3}})*)((?:[.,]\d*)?)")
IN_BRACKETS = re.compile(r"\(([^()+-]+)\)|([^()+-]+)-")
MINUS = re.compile(r"([+-])[$€£¥₹ \u00a0\u202f]+")


def number_of(cell: str, style: NumberStyle = "plain") -> float:
    """The finite number that a cell is; NaN if it is none. Signs of money and % are left out."""
    first = cell[:1]
    if (not first.isdecimal() and first not in BEGINS) or ":" in cell:  # a time of day
        return math.nan
    if style == "plain" and cell[-1:].isdecimal():  # the commonest, at once
        try:
            value = float(cell)
            return value if math.isfinite(value) and "_" not in cell else math.nan
        except ValueError:
            pass
    if not has_digit(cell):
        return math.nan
    text = bare(cell)
    if style == "comma":
        if not COMMA.fullmatch(text):
            return math.nan
        text = text.replace(".", "").replace(",", ".")
    elif style == "thousands":
        if not THOUSANDS.fullmatch(text):
            return math.nan
        text = text.replace(",", "")
    if "_" in text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def why_no_number(cell: str, style: NumberStyle = "plain") -> str:
    """What a cell is that looks like a number and is none; empty of any other.

    Args:
        cell: which `number_of` does not know.
        style: how numbers are written.
    """
    if (inner := in_brackets(cell)) and is_number(inner, style):
        return f"which in accounting is -{inner}"
    try:
        return "which is infinite" if math.isinf(float(cell)) else ""
    except ValueError:
        return ""


def in_brackets(cell: str) -> str:
    """What accountants write in brackets, or before a minus; empty of any other cell."""
    found = IN_BRACKETS.fullmatch(cell.translate(PLAIN_MINUS).strip(SIGNS))
    return (found[1] or found[2]).strip() if found else ""


def is_long(text: str, number: float) -> bool:
    """Whether a text is a whole number of so many digits that a float may not hold the last."""
    return abs(number) >= EXACT and text.lstrip(f"+-{MINUSES}").isdecimal()


def bare(cell: str) -> str:
    """A number without signs of money and percent, blanks between thousands; with a plain minus."""
    text = cell.translate(PLAIN_MINUS).strip(SIGNS).removesuffix("%").strip(SIGNS)
    text = MINUS.sub(r"\1", text)
    if found := SPACED.fullmatch(text):
        return found[1].replace(found[2], "") + found[3]
    return text


def is_number(cell: str, style: NumberStyle) -> bool:
    """Whether a cell is a number."""
    return not math.isnan(number_of(cell, style))


def has_digit(cell: str) -> bool:
    """Whether a cell has a digit."""
    return any(map(str.isdigit, cell))


def as_label(value: float) -> str:
    """A number as a category: whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)


def numbers_of(cells: Sequence[str], style: NumberStyle) -> npt.NDArray[np.float64]:
    """Cells as numbers, shape (len(cells),); NaN where one is none."""
    return np.fromiter((number_of(cell, style) for cell in cells), np.float64, len(cells))
