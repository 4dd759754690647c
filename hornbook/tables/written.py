"""How values are written in the cells of tables: numbers, dates, and marks of what is missing."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from hornbook.tables.zones import in_utc, without_zone

__all__ = [
    "ALIKE",
    "DATE_FORMATS",
    "EXACT",
    "LOOKED",
    "MINUSES",
    "MISSING",
    "MONEY",
    "NO_DATE",
    "PLAIN_MINUS",
    "SIGNS",
    "SPACES",
    "NumberStyle",
    "as_label",
    "bare",
    "date_format",
    "date_label",
    "date_of",
    "has_digit",
    "has_zone",
    "is_long",
    "is_number",
    "number_of",
    "numbers_of",
    "other_reading",
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

NO_DATE = np.iinfo(np.int64).min
"What stands for a missing date, among seconds."

ALIKE = 0.9
"Share of cells that are dates or numbers from which on the others are faults."
LOOKED = 200  # cells of a first look
EXACT = 2.0**53  # whole numbers from here on may not be floats

DATE_FORMATS = (
    "iso", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y",
    "%B %d, %Y", "%Y-%m",
)  # fmt: skip
"Formats of dates, each perhaps followed by a time of day. Where two fit alike, the first is taken."

SWAPPED = {
    form: form.replace("%d", "*").replace("%m", "%d").replace("*", "%m")
    for form in DATE_FORMATS
    if form in ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y")
}
"Of the formats that people in some countries read otherwise, what these read."

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
TIME = re.compile(r"[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])[Mm])?$", re.ASCII)


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
    if found := IN_BRACKETS.fullmatch(cell.translate(PLAIN_MINUS).strip(SIGNS)):
        inner = (found[1] or found[2]).strip()
        if is_number(inner, style):
            return f"which in accounting is -{inner}"
    try:
        return "which is infinite" if math.isinf(float(cell)) else ""
    except ValueError:
        return ""


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


def date_label(seconds: float) -> str:
    """A date as ISO 8601 writes it: its day, and the time of day if it is not midnight."""
    return str(np.datetime64(int(seconds), "s")).removesuffix("T00:00:00")


def date_format(cells: Sequence[str]) -> str:
    """The format of DATE_FORMATS that most of some cells fit; empty if many do not fit it.

    Args:
        cells: distinct ones, none of them missing.
    """
    spread = cells[:: max(1, len(cells) // LOOKED)]
    likely = [form for form in DATE_FORMATS if share_of_dates(spread, form) >= ALIKE]
    if len(spread) < len(cells):
        likely = [form for form in likely if share_of_dates(cells, form) >= ALIKE]
    found = max(likely, key=lambda form: share_of_dates(cells, form), default="")
    other = other_reading(cells, found)
    # a table of months, not of the first twelve days of Januaries
    return other if other and by_months(cells, other) and not by_months(cells, found) else found


def other_reading(cells: Sequence[str], form: str) -> str:
    """The format with month and day swapped, where it fits some dates as well; else empty.

    Args:
        cells: distinct ones, none of them missing.
        form: that they are read by.
    """
    other = SWAPPED.get(form, "")
    if not other or share_of_dates(cells, other) < share_of_dates(cells, form):
        return ""
    return other


def by_months(cells: Sequence[str], form: str) -> bool:
    """Whether dates of several months are all of one day of the month."""
    days = {date_of(cell, form) for cell in cells} - {int(NO_DATE)}
    parts = {str(np.datetime64(one, "s"))[8:10] for one in days}
    return len(days) > 1 and len(parts) == 1


def share_of_dates(cells: Sequence[str], form: str) -> float:
    """The share of cells that fit a format; 0 as soon as it is less than ALIKE."""
    wrong = 0
    for cell in cells:
        wrong += date_of(cell, form) == NO_DATE
        if wrong > (1 - ALIKE) * len(cells):
            return 0.0
    return 1 - wrong / len(cells) if cells else 0.0


def date_of(cell: str, form: str) -> int:
    """Seconds since 1970 of a date, UTC where no zone is given; NO_DATE if it has another format.

    Args:
        cell: perhaps with a time of day.
        form: one of DATE_FORMATS.
    """
    if len(cell) > 64 or not has_digit(cell):
        return int(NO_DATE)
    try:
        if form == "iso":
            if len(cell) < 8 or (cell.isdecimal() and len(cell) != 8):
                return int(NO_DATE)
            try:
                date = datetime.fromisoformat(cell)
                return math.floor((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
            except ValueError:
                time, zone = without_zone(cell)
                if not zone:
                    raise
                date = datetime.fromisoformat(time).replace(tzinfo=UTC)
                return in_utc(math.floor(date.timestamp()), zone)
        time, zone = without_zone(cell)
        seconds = seconds_of(time, form)
        return in_utc(seconds, zone) if zone else seconds
    except (ValueError, OverflowError):
        return int(NO_DATE)


def has_zone(cell: str) -> bool:
    """Whether a time has a zone other than UTC, which `date_of` turns into it."""
    _, zone = without_zone(cell)
    if not zone:
        return False
    try:
        return in_utc(0, zone) != 0 or "/" in zone
    except ValueError:
        return True


def seconds_of(cell: str, form: str) -> int:
    """Seconds since 1970 of a date of a format, perhaps with a time of day behind it.

    Raises:
        ValueError: if it has another format.
    """
    clock = TIME.search(cell)
    if clock is None:
        return day_of(cell, form)
    hour, minute, second, half = clock.groups()
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            raise ValueError(f"{cell!r} has no known time of day")
        hours = hours % 12 + 12 * (half in "Pp")
    if hours > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise ValueError(f"{cell!r} has no known time of day")
    return day_of(cell[: clock.start()], form) + 3600 * hours + 60 * int(minute) + int(second or 0)


@lru_cache(2**16)  # many rows are of one day
def day_of(cell: str, form: str) -> int:
    """Seconds since 1970 of a day."""
    return int(datetime.strptime(cell, form).replace(tzinfo=UTC).timestamp())


def numbers_of(cells: Sequence[str], style: NumberStyle) -> npt.NDArray[np.float64]:
    """Cells as numbers, shape (len(cells),); NaN where one is none."""
    return np.fromiter((number_of(cell, style) for cell in cells), np.float64, len(cells))
