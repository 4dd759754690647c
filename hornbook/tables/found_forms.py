"""How the numbers of a column are written, found among its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import islice

from hornbook.tables.number_form import POWERS, NumberForm, alike, is_number, is_some_number, parted
from hornbook.tables.number_style import number_style
from hornbook.tables.signs import PERCENT, sign_among, signed
from hornbook.tables.written import ALIKE, LOOKED, MONEY

__all__ = ["form_among", "units_among"]


def units_among(cells: Collection[str]) -> Counter[str]:
    """The units of cells, and how many have each; empty if many are neither a number nor one.

    Args:
        cells: distinct ones.
    """
    found: Counter[str] = Counter()
    for some in (list(islice(cells, 0, None, max(1, len(cells) // LOOKED))), cells):
        found.clear()
        odd = 0
        for cell in some:
            body = signed(cell).body
            unit = parted(body)[1]
            if unit:
                found[unit] += 1
            else:
                odd += not is_number(body)
        if not found or odd > (1 - ALIKE) * len(some):
            return Counter()
        if len(some) == len(cells):
            break
    return found


def form_among(
    cells: Collection[str],
    separator: str = ",",
    commas: bool = False,
    *,
    fractions: int = 0,
    rows: Sequence[int] = (),
    plain: int = 0,
) -> NumberForm:
    """How the numbers among some cells are written: so that most of them are numbers.

    Args:
        cells: distinct ones.
        separator: as of `number_style`.
        commas: as of `number_style`.
        fractions: further numbers that are written with a decimal point.
        rows: as of `sign_among`.
        plain: as of `sign_among`.
    """
    told = list(cells)
    sign = sign_among(told, is_some_number, rows or [1] * len(told), plain)
    unit = unit_of(cells)
    if unit:
        parts = [(cell, *parted(signed(cell).body)) for cell in cells]
        numbers = {body for _, body, one in parts if alike(one, unit)}
        cells = numbers | {cell for cell, _, one in parts if not one and unit in POWERS}
    if sign and not {*sign} & {*MONEY, PERCENT}:
        cells = set(map(with_known_sign, cells))
    return NumberForm(number_style(cells, separator, commas, fractions), unit, sign)


def unit_of(cells: Collection[str]) -> str:
    """The unit that nearly all of some cells have; empty where there is none.

    A word that multiplies is one only where no other stands in the column.
    """
    units = units_among(cells)
    if not units:
        return ""
    ((unit, _),) = units.most_common(1)
    same = sum(count for one, count in units.items() if alike(one, unit))
    if unit in POWERS:
        return unit if same == units.total() else ""
    return unit if same >= ALIKE * len(cells) else ""


def with_known_sign(cell: str) -> str:
    """A cell with a sign of money in place of the name of a currency: 5 EUR is 5 €."""
    body, sign, _ = signed(cell)
    return f"{body} {sign if sign in MONEY else MONEY[0]}" if sign else cell
