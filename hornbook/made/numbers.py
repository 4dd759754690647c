"""Number words and digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from hornbook.made.kind import Kind, Pair, Part, changed_sides
from hornbook.made.number_words import in_chinese, in_english
from hornbook.settings import Settings

__all__ = ["NUMBERS", "NumberSettings"]

MOST_DIGITS = 6
SPELLED = {"english": in_english, "chinese": in_chinese}


@dataclass(frozen=True)
class NumberSettings(Settings):
    """Numbers from 0 to 999,999. How many digits one has is drawn first, then the number: short
    ones are seen as often as long ones, until all of them are used up.
    """

    language: Literal["english", "chinese"] = "english"
    'english: without "and", as in the USA. chinese: 二 for every 2, never 两; 万, not 萬.'
    to: Literal["digits", "words"] = "digits"
    "digits: one thousand two → 1002. words: 1002 → one thousand two."


def columns(settings: NumberSettings) -> Pair:
    """The names of the columns."""
    names = ("words", "digits")
    return names if settings.to == "digits" else changed_sides(names)


def parts(settings: NumberSettings) -> Sequence[Part]:
    """A part for each number of digits."""
    found = []
    for digits in range(1, MOST_DIGITS + 1):
        low = 10 ** (digits - 1) if digits > 1 else 0
        found.append(Part(10**digits - low, partial(pair, low=low, settings=settings)))
    return found


def pair(number: int, *, low: int, settings: NumberSettings) -> Pair:
    """The pair of a number that is counted from `low`."""
    value = low + number
    both = SPELLED[settings.language](value), str(value)
    return both if settings.to == "digits" else changed_sides(both)


NUMBERS = Kind(NumberSettings, columns, parts)
