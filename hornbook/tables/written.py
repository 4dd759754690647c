"""How values are written in the cells of tables: numbers, dates, and marks of what is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "DATE_FORMATS",
    "MISSING",
    "NO_DATE",
    "NumberStyle",
    "as_label",
    "date_format",
    "date_of",
    "number_of",
    "number_style",
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

NO_DATE = np.iinfo(np.int64).min
"What is no date, among seconds."

DATE_FORMATS = (
    "iso", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
    "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
"Formats of dates, each perhaps followed by a time of day. Where two fit all, the first is taken."

COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?%?")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?%?")
SIGNS = "$€£¥ \u00a0"  # that may stand before or behind a number
TIME = re.compile(r"[ T]+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?$")
CLOCKS = (" %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %I:%M%p")


def number_of(cell: str, style: NumberStyle = "plain") -> float:
    """The finite number that a cell is; NaN if it is none. Signs of money and % are left out."""
    text = cell.strip(SIGNS).removesuffix("%").strip(SIGNS)
    if style == "comma" and COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif style == "thousands" and THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if "_" in text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def number_style(cells: Iterable[str], separator: str = ",") -> NumberStyle:
    """How the numbers among some cells are written.

    Args:
        cells: distinct ones.
        separator: of the table. Where it is a comma, a comma in a cell more likely stands between
            thousands; else it more likely is that of decimals.
    """
    with_comma = [cell.strip(SIGNS) for cell in cells if "," in cell]
    if not with_comma:
        return "plain"
    thousands = sum(bool(THOUSANDS.fullmatch(cell)) for cell in with_comma)
    comma = sum(bool(COMMA.fullmatch(cell)) for cell in with_comma)
    if not thousands and not comma:
        return "plain"
    if thousands == comma:
        return "thousands" if separator == "," else "comma"
    return "thousands" if thousands > comma else "comma"


def as_label(value: float) -> str:
    """A number as a category: whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**63 else repr(value)


def date_format(cells: Sequence[str]) -> str:
    """The format that all of some cells fit, one of DATE_FORMATS; empty if none does.

    Args:
        cells: distinct ones, none of them missing.
    """
    if not cells or any(len(cell) > 40 or not any(map(str.isdigit, cell)) for cell in cells):
        return ""
    for form in DATE_FORMATS:
        if all(date_of(cell, form) != NO_DATE for cell in cells):
            return form
    return ""


def date_of(cell: str, form: str) -> int:
    """Seconds since 1970 of a date, UTC where no zone is given; NO_DATE if it has another format.

    Args:
        cell: perhaps with a time of day.
        form: one of DATE_FORMATS.
    """
    try:
        if form == "iso":
            if len(cell) < 8 or (cell.isdecimal() and len(cell) != 8):
                return int(NO_DATE)
            date = datetime.fromisoformat(cell)
        else:
            date = parsed(cell, form)
        return math.floor((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return int(NO_DATE)


def parsed(cell: str, form: str) -> datetime:
    """A date of a format, perhaps with a time of day behind it.

    Raises:
        ValueError: if it has another format.
    """
    clock = TIME.search(cell)
    if clock is None:
        return datetime.strptime(cell, form)
    day, rest = cell[: clock.start()], " " + clock.group().strip("T ")
    for one in CLOCKS:
        try:
            return datetime.strptime(day + rest, form + one)
        except ValueError:
            continue
    raise ValueError(f"{cell!r} has no known time of day")


def numbers_of(cells: Sequence[str], style: NumberStyle) -> npt.NDArray[np.float64]:
    """Cells as numbers, shape (len(cells),); NaN where one is none."""
    return np.fromiter((number_of(cell, style) for cell in cells), np.float64, len(cells))
