"""Dates as people write them in English, and as ISO 8601 does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated

from hornbook.errors import SettingsError
from hornbook.made.kind import Kind, Pair, Part
from hornbook.made.number_words import ORDINALS, year_in_english
from hornbook.settings import Bounds, Settings

__all__ = ["DATES", "FORMS", "DateSettings"]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)  # fmt: skip


@dataclass(frozen=True)
class DateSettings(Settings):
    """Every day of the years, in every form; each form is equally probable."""

    first_year: Annotated[int, Bounds(1000, 9999)] = 1900
    "The first year."
    last_year: Annotated[int, Bounds(1000, 9999)] = 2099
    "The last year."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first_year > self.last_year:
            raise SettingsError(
                f"`first_year` must be at most `last_year`, {self.last_year}; it is "
                f"{self.first_year}.",
                hint="Raise `last_year`, or lower `first_year`.",
                setting="first_year",
            )


@dataclass(frozen=True)
class Words:
    """The parts of a date in words."""

    day: int
    month: str
    year: int
    weekday: str

    @property
    def ending(self) -> str:
        """What makes an ordinal of the day: st, nd, rd or th."""
        if 11 <= self.day <= 13:
            return "th"
        return {1: "st", 2: "nd", 3: "rd"}.get(self.day % 10, "th")

    @property
    def numbered(self) -> str:
        """The day as an ordinal: 3rd."""
        return f"{self.day}{self.ending}"

    @property
    def ordinal(self) -> str:
        """The day as an ordinal in words: third."""
        return ORDINALS[self.day - 1]

    @property
    def short(self) -> str:
        """The month in three letters."""
        return self.month[:3]

    @property
    def said(self) -> str:
        """The year in words."""
        return year_in_english(self.year)


# No two give the same text for any dates: where only an abbreviation would tell two forms apart,
# May, which has none, would stand in both. What is of numbers alone (3/5/1987) is left out, since
# half of the world would read it otherwise.
FORMS: tuple[Callable[[Words], str], ...] = (
    lambda w: f"{w.day} {w.month} {w.year}",  # 3 May 1987
    lambda w: f"{w.numbered} {w.month} {w.year}",  # 3rd May 1987
    lambda w: f"{w.numbered} of {w.month}, {w.year}",  # 3rd of May, 1987
    lambda w: f"the {w.numbered} of {w.month} {w.year}",  # the 3rd of May 1987
    lambda w: f"{w.month} {w.day}, {w.year}",  # May 3, 1987
    lambda w: f"{w.month} {w.numbered}, {w.year}",  # May 3rd, 1987
    lambda w: f"{w.day}-{w.short}-{w.year}",  # 3-May-1987
    lambda w: f"{w.year} {w.month} {w.day}",  # 1987 May 3
    lambda w: f"{w.ordinal} of {w.month} {w.year}",  # third of May 1987
    lambda w: f"the {w.ordinal} of {w.month}, {w.year}",  # the third of May, 1987
    lambda w: f"{w.month} the {w.ordinal}, {w.year}",  # May the third, 1987
    lambda w: f"the {w.ordinal} of {w.month}, {w.said}",  # …, nineteen eighty-seven
    lambda w: f"{w.month} {w.ordinal}, {w.said}",  # May third, nineteen eighty-seven
    lambda w: f"{w.weekday}, {w.day} {w.month} {w.year}",  # Sunday, 3 May 1987
    lambda w: f"{w.weekday}, {w.month} {w.day}, {w.year}",  # Sunday, May 3, 1987
    lambda w: f"{w.weekday} {w.numbered} {w.month} {w.year}",  # Sunday 3rd May 1987
    lambda w: f"{w.weekday[:3]}, {w.day:02} {w.short} {w.year}",  # Sun, 03 May 1987
    lambda w: f"{w.weekday}, the {w.ordinal} of {w.month}, {w.year}",  # Sunday, the third of …
)
"The ways to write a date."


def columns(settings: DateSettings) -> Pair:
    """The names of the columns."""
    return "date", "iso"


def parts(settings: DateSettings) -> Sequence[Part]:
    """A part for each form."""
    first = date(settings.first_year, 1, 1).toordinal()
    days = date(settings.last_year, 12, 31).toordinal() - first + 1
    return [Part(days, partial(pair, first=first, form=form)) for form in FORMS]


def pair(number: int, *, first: int, form: Callable[[Words], str]) -> Pair:
    """A date in a form.

    Args:
        number: of days after the first.
        first: day, as `date.toordinal` counts.
        form: how it is written.
    """
    day = date.fromordinal(first + number)
    words = Words(day.day, MONTHS[day.month - 1], day.year, WEEKDAYS[day.weekday()])
    return form(words), day.isoformat()


DATES = Kind(DateSettings, columns, parts)
