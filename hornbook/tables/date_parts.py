"""What a date is made of: year, month, week, day, weekday, flags of ends, elapsed time.

The parts are those of fast.ai's `add_datepart`, and the hour where there are times of day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from hornbook.tables.frame import Categories, Dates, Numbers
from hornbook.tables.written_dates import NO_DATE

__all__ = ["CATEGORIES", "NUMBERS", "DateParts"]

DAY = 86_400
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
Days = npt.NDArray[np.int64]


class Calendar:
    """Some days, counted.

    Args:
        day: since 1970-01-01, a Thursday; shape (n,).
    """

    def __init__(self, day: Days) -> None:
        self.day = day
        days = self.day.astype("datetime64[D]")
        months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
        self.year: Days = years.astype(np.int64) + 1970
        self.month: Days = months.astype(np.int64) % 12 + 1
        self.day_of_month: Days = (days - months).astype(np.int64) + 1
        self.day_of_year: Days = (days - years).astype(np.int64) + 1
        self.weekday: Days = (self.day + 3) % 7  # 0 is Monday
        following = months + np.timedelta64(1, "M")
        ends = following.astype("datetime64[D]") - np.timedelta64(1, "D")
        self.is_month_end = days == ends
        self.is_month_start = self.day_of_month == 1
        # ISO 8601: the week is the one that holds the Thursday, and a year's first holds its first.
        thursday = (self.day - self.weekday + 3).astype("datetime64[D]")
        in_year = (thursday - thursday.astype("datetime64[Y]")).astype(np.int64)
        self.week: Days = in_year // 7 + 1


def quarter_start(of: Calendar) -> npt.NDArray[np.bool_]:
    """Whether a day is the first of a quarter."""
    found: npt.NDArray[np.bool_] = of.is_month_start & (of.month % 3 == 1)
    return found


def quarter_end(of: Calendar) -> npt.NDArray[np.bool_]:
    """Whether a day is the last of a quarter."""
    found: npt.NDArray[np.bool_] = of.is_month_end & (of.month % 3 == 0)
    return found


OF_DAYS: Mapping[str, tuple[tuple[str, ...], Callable[[Calendar], Days]]] = {
    "month": (MONTHS, lambda of: of.month - 1),
    "week": (tuple(map(str, range(1, 54))), lambda of: of.week - 1),
    "day": (tuple(map(str, range(1, 32))), lambda of: of.day_of_month - 1),
    "weekday": (WEEKDAYS, lambda of: of.weekday),
}
"Parts of days that are categories, by name: their labels, and the places of these."

HOURS = tuple(map(str, range(24)))
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    **{name: labels for name, (labels, _) in OF_DAYS.items()}, "hour": HOURS,
}  # fmt: skip
"The labels of all parts that are categories."

COUNTED: Mapping[str, Callable[[Calendar], npt.NDArray[np.generic]]] = {
    "year": lambda of: of.year,
    "day of year": lambda of: of.day_of_year,
    "month start": lambda of: of.is_month_start,
    "month end": lambda of: of.is_month_end,
    "quarter start": quarter_start,
    "quarter end": quarter_end,
    "year start": lambda of: of.is_month_start & (of.month == 1),
    "year end": lambda of: of.is_month_end & (of.month == 12),
}
"Parts of days that are numbers."

NUMBERS = (*COUNTED, "elapsed")
"All parts that are numbers; `elapsed` is in days since 1970."


class DateParts:
    """The parts of some dates: each day is taken apart once, however many rows have it.

    Args:
        dates: perhaps with missing ones.
    """

    def __init__(self, dates: Dates) -> None:
        self.known = dates.seconds != NO_DATE
        self.seconds = dates.seconds[self.known]
        days, self.place = np.unique(self.seconds // DAY, return_inverse=True)
        self.calendar = Calendar(days)

    def part(self, name: str) -> Categories | Numbers:
        """One part, by its name in CATEGORIES or NUMBERS."""
        if name in CATEGORIES:
            codes = np.full(len(self.known), -1, np.int32)
            if name == "hour":
                codes[self.known] = self.seconds % DAY // 3600
            else:
                codes[self.known] = OF_DAYS[name][1](self.calendar)[self.place]
            return Categories(codes, CATEGORIES[name])
        values = np.full(len(self.known), np.nan)
        if name == "elapsed":
            values[self.known] = self.seconds / DAY
        else:
            values[self.known] = COUNTED[name](self.calendar)[self.place]
        return Numbers(values)
