"""Whole numbers below a million in words: English and Chinese."""

from __future__ import annotations

__all__ = ["ORDINALS", "in_chinese", "in_english", "year_in_english"]

SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
IRREGULAR = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip

FIGURES = "零一二三四五六七八九"
UNITS = ("千", "百", "十", "")
TEN_THOUSAND = "万"


def in_english(number: int) -> str:
    """A number from 0 to 999,999 as in the USA, without "and": one thousand two."""
    if number < 20:
        return SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return TENS[tens - 2] + (f"-{SMALL[ones]}" if ones else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    many, rest = divmod(number, size)
    return f"{in_english(many)} {name}" + (f" {in_english(rest)}" if rest else "")


def year_in_english(year: int) -> str:
    """A year from 1000 to 9999 as it is said: nineteen oh one, nineteen hundred, two thousand."""
    if year % 1000 < 10:
        return in_english(year)
    century, rest = divmod(year, 100)
    if rest == 0:
        return f"{in_english(century)} hundred"
    return f"{in_english(century)} {'oh ' if rest < 10 else ''}{in_english(rest)}"


def ordinal(number: int) -> str:
    """The ordinal of a number from 1 to 99 in words: twenty-third."""
    before, dash, last = in_english(number).rpartition("-")
    ending = IRREGULAR.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return before + dash + ending


ORDINALS = tuple(ordinal(day) for day in range(1, 32))
"Those of the days of a month."


def in_chinese(number: int) -> str:
    """A number from 0 to 999,999 in Chinese: 一千零二.

    In the formal style: 二, never 两, before a unit; one 零 for however many zeros within a number
    and none where thousands follow tens of ten thousands (十万一千); 10 to 19 begin with 十.
    """
    if number == 0:
        return FIGURES[0]
    many, rest = divmod(number, 10_000)
    found = below_ten_thousand(many) + TEN_THOUSAND if many else ""
    if rest:
        found += (FIGURES[0] if many and rest < 1000 else "") + below_ten_thousand(rest)
    return found[1:] if found.startswith("一十") else found


def below_ten_thousand(number: int) -> str:
    """A number from 1 to 9,999, in which 10 is 一十."""
    found, zeros = "", False
    for unit, figure in zip(UNITS, f"{number:04}", strict=True):
        if figure == "0":
            zeros = bool(found)
            continue
        found += (FIGURES[0] if zeros else "") + FIGURES[int(figure)] + unit
        zeros = False
    return found
