"""Roman numerals and decimal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hornbook.made.kind import Kind, Pair, Part, changed_sides
from hornbook.settings import Settings

__all__ = ["ROMAN", "RomanSettings", "numeral"]

MOST = 3999  # the last without a sign for 5,000
SIGNS = {
    1000: "M", 900: "CM", 500: "D", 400: "CD", 100: "C", 90: "XC", 50: "L", 40: "XL", 10: "X",
    9: "IX", 5: "V", 4: "IV", 1: "I",
}  # fmt: skip


@dataclass(frozen=True)
class RomanSettings(Settings):
    """Every numeral from I to MMMCMXCIX, in the form that subtracts: IV, not IIII."""

    to: Literal["decimal", "roman"] = "decimal"
    "decimal: MCMLXXXVII → 1987. roman: 1987 → MCMLXXXVII."


def numeral(number: int) -> str:
    """The Roman numeral of a number from 1 to 3,999."""
    found = ""
    for value, sign in SIGNS.items():
        times, number = divmod(number, value)
        found += sign * times
    return found


def columns(settings: RomanSettings) -> Pair:
    """The names of the columns."""
    names = ("roman", "decimal")
    return names if settings.to == "decimal" else changed_sides(names)


def parts(settings: RomanSettings) -> Sequence[Part]:
    """All of them."""

    def pair(number: int) -> Pair:
        both = numeral(number + 1), str(number + 1)
        return both if settings.to == "decimal" else changed_sides(both)

    return [Part(MOST, pair)]


ROMAN = Kind(RomanSettings, columns, parts)
