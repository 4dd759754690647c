"""Which style the numbers of a column are written in: what their points and commas mean."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import get_args

from hornbook.tables.written import MONEY, NumberStyle, bare, has_digit, is_number

__all__ = ["dotted", "grouped", "number_style"]

MARKED = 5  # numbers with a mark between thousands: a few may have just three decimals
DOTTED = re.compile(r"(?:^|\n)[^\w\n.,]*[1-9]\d{0,2}(?:\.\d{3})+(?![\d.,]|[eE][+-]?\d)")
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*")


def number_style(
    cells: Collection[str], separator: str = ",", commas: bool = False, fractions: int = 0
) -> NumberStyle:
    """How the numbers among some cells are written: so that most of them are numbers.

    Args:
        cells: distinct ones.
        separator: of the table. Where it is a comma, a comma in a cell more likely stands between
            thousands; else it more likely is that of decimals.
        commas: whether another column of the table has decimal commas: 1.234 is a whole number.
        fractions: further numbers that are written with a decimal point.
    """
    points = dotted(cells)
    if not points and not any("," in cell and has_digit(cell) for cell in cells):
        return "plain"
    money = separator != ","
    if points and not fractions and grouped(cells, ".", money=money):
        return "comma"
    if not points and grouped(cells, ",", money=money):
        return "thousands"
    if points and separator == "," and not commas and not any("," in cell for cell in cells):
        return "plain"
    order: tuple[NumberStyle, ...] = ("plain", "thousands", "comma")
    if commas:
        order = ("comma", "plain", "thousands")
    elif separator != ",":
        order = ("plain", "comma", "thousands")
    pointed = {"plain": fractions, "thousands": fractions, "comma": 0}
    return max(
        order, key=lambda style: pointed[style] + sum(is_number(cell, style) for cell in cells)
    )


def grouped(cells: Collection[str], mark: str, *, money: bool = False) -> bool:
    """Whether a mark in numbers surely stands between thousands, and before no decimals.

    Decimals are cut to a fixed length, then all numbers have them, or they are of several lengths.
    So where each mark has three digits behind it, and numbers below 1000 have none, it parts
    thousands; so it does where it stands twice in a number.

    Args:
        cells: distinct ones.
        mark: a point or a comma.
        money: whether it does so in all amounts of money, too.
    """
    marked = below = 0
    sure = False
    for cell in cells:
        text = bare(cell)
        if text.isdecimal():
            if len(text) > 3 or (text[0] == "0" and len(text) > 1):
                return False
            below += 1
        elif found := GROUPED.fullmatch(text):
            if found[1] != mark:
                return False
            marked += 1
            sure = sure or text.count(mark) > 1 or (money and any(one in cell for one in MONEY))
        elif any(is_number(cell, style) for style in get_args(NumberStyle)):
            return False
    return marked > 0 and (sure or (below > 0 and marked >= MARKED))


def dotted(cells: Collection[str]) -> bool:
    """Whether some cells may be whole numbers with points between thousands, as 1.234."""
    return DOTTED.search("\n".join(cells)) is not None
