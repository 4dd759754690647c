"""How dates and times are written in the cells of tables."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from hornbook.tables.written import ALIKE, LOOKED, has_digit
from hornbook.tables.zones import in_utc, without_zone

__all__ = [
    "DATE_FORMATS",
    "NO_DATE",
    "date_format",
    "date_label",
    "date_of",
    "has_zone",
    "other_reading",
]

NO_DATE = np.iinfo(np.int64).min
"What stands for a missing date, among seconds."

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

TIME = re.compile(r"[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])[Mm])?$", re.ASCII)


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
