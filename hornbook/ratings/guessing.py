"""Which columns may be users, items and ratings where no name says so, by what they hold.

Users and items meet in a file of ratings in ever new pairs: each comes again, the same two together
hardly ever. Ratings are a few numbers that lie near each other. Other tables have such columns too,
so what is found here is proposed, and taken only where it was said that the file holds ratings.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.ratings.cells import Numbers, TimeCells, has_commas, parse_number
from hornbook.ratings.spellings import named, normal
from hornbook.rendering import many
from hornbook.sources.rows import Rows

__all__ = ["FEW", "Guess", "graded", "guess", "readable"]

FEW = 20  # rows: fewer show nothing
LONG = 60  # characters: cells that are longer on average are text
DIFFERENT = 30  # most different ratings of a scale
SPAN = 100  # most from the lowest to the highest
DISTINCT_USERS, DISTINCT_ITEMS = 2, 5  # at least; a class or a sex has fewer than items have
NEW_PAIRS = 0.9  # share of the rows, at least, whose user and item did not meet before
READ = 0.9  # share of times that must be readable
YEAR_1980 = 315_532_800  # seconds


@dataclass(frozen=True)
class Guess:
    """The places of columns, from 0, and why they may be what they seem."""

    user: int
    item: int
    rating: int | None
    time: int | None
    why: str


def guess(
    rows: Rows, data: Sequence[Sequence[str]], *, header: bool, told: Sequence[int] = ()
) -> Guess | None:
    """What a table or JSON may hold, by the cells of its first rows; None if nothing speaks for it.

    Args:
        rows: the file.
        data: its first rows without the header, each with all its cells.
        header: whether columns have names, which count where they say something.
        told: places that are something else.
    """
    if len(data) < FEW or rows.width < 2:
        return None
    columns = [[row[place] for row in data] for place in range(rows.width)]
    free = [p for p in range(rows.width) if p not in told and not is_index(columns[p])]
    names = rows.names if header else ()
    time = next(
        iter([*known("time", names, free), *(p for p in free if are_times(columns[p]))]), None
    )
    free = [place for place in free if place != time]
    scales = rating_of(columns, free, names)
    scale = scales[0] if scales else None
    named_ids = [*known("user", names, free), *known("item", names, free)]
    ids = [p for p in free if p != scale and (p in named_ids or are_ids(columns[p]))]
    ids = [
        p for at, p in enumerate(ids) if not any(twins(columns[p], columns[q]) for q in ids[:at])
    ]
    if (
        len(ids) != 2
        or len(scales) > 1
        or (scale is None and not any(coded(columns[p]) for p in ids))
    ):
        return None
    user, item = ids
    if known("item", names, [user]) or known("user", names, [item]):
        user, item = item, user
    if not meet_anew(columns[user], columns[item]):
        return None
    return Guess(user, item, scale, time, told_of(rows, columns, header, (user, item, scale)))


def graded(cells: Sequence[str]) -> bool:
    """Whether cells may be ratings: a few different numbers that lie near each other."""
    different = numbers_of(cells)
    if not different or any(map(math.isnan, different)):
        return False
    return 2 <= len(different) <= min(DIFFERENT, 0.5 * len(cells)) and (
        max(different) - min(different) <= SPAN and max(map(abs, different)) <= SPAN
    )


def numbers_of(cells: Sequence[str]) -> set[float]:
    """The different numbers of cells that hold something; NaN for what is none."""
    numbers = Numbers(comma=has_commas(cells))
    return {numbers[cell] for cell in cells if cell}


def readable(cells: Sequence[str]) -> float:
    """The share of times among the cells that hold something."""
    held, times = [cell for cell in cells if cell], TimeCells()
    return sum(times.readable(cell) for cell in held) / max(1, len(held))


def rating_of(
    columns: Sequence[Sequence[str]], free: Sequence[int], names: Sequence[str]
) -> list[int]:
    """The columns that may be ratings: those that are named so, or else all of a scale."""
    scales = [place for place in free if graded(columns[place])]
    if by_name := known("rating", names, scales):
        return by_name[:1]
    ids = {*known("user", names, free), *known("item", names, free)}
    ids |= {place for place in scales if names and normal(names[place]).endswith("id")}
    # Ids of what the rows are sorted by stand together; those of others are more than ratings.
    ids |= {place for place in scales if grouped(columns[place])}
    found = sorted({*scales} - ids, key=lambda place: len(set(columns[place])))
    sizes = [len(set(columns[place])) for place in found]
    return [place for place, size in zip(found, sizes, strict=True) if size < 2 * sizes[0]]


def known(role: str, names: Sequence[str], free: Sequence[int]) -> list[int]:
    """Those of some places whose names say that they are something."""
    return [place for place in named(role, names) if place in free]


def is_index(cells: Sequence[str]) -> bool:
    """Whether cells number the rows."""
    if not all(cell.isascii() and cell.isdecimal() for cell in cells):
        return False
    first = int(cells[0])
    return first in (0, 1) and all(int(cell) == first + at for at, cell in enumerate(cells))


def are_times(cells: Sequence[str]) -> bool:
    """Whether cells are dates, or seconds since 1970."""
    if not all(cells) or readable(cells) < READ:
        return False
    numbers = [parse_number(cell) for cell in cells]
    return all(math.isnan(one) or one > YEAR_1980 for one in numbers)


def are_ids(cells: Sequence[str]) -> bool:
    """Whether cells may be ids or short names: no text, and no number with a fraction."""
    if not all(cells) or len(set(cells)) < 2 or sum(map(len, cells)) > LONG * len(cells):
        return False
    return not any(re.fullmatch(r"[+-]?\d*[.,]\d+", cell) or cell.startswith("-") for cell in cells)


def coded(cells: Sequence[str]) -> bool:
    """Whether cells are numbers or codes: without ratings, words could be anything."""
    return all(any(map(str.isdecimal, cell)) and " " not in cell for cell in cells)


def twins(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two columns name the same things: each cell of one goes with one of the other."""
    return len(set(one)) == len(set(other)) == len(set(zip(one, other, strict=True)))


def meet_anew(users: Sequence[str], items: Sequence[str]) -> bool:
    """Whether both come again, and together hardly ever."""
    n, distinct = len(users), (len(set(users)), len(set(items)))
    pairs = len(set(zip(users, items, strict=True)))
    if min(distinct) < DISTINCT_USERS or max(distinct) < DISTINCT_ITEMS or max(distinct) == n:
        return False
    # In rows that are sorted by one, few of it come first; elsewhere few are classes.
    sorted_ = grouped(users) or grouped(items)
    return pairs >= NEW_PAIRS * n and (sorted_ or min(distinct) >= DISTINCT_ITEMS)


def grouped(cells: Sequence[str]) -> bool:
    """Whether equal cells stand together."""
    return 1 + sum(a != b for a, b in itertools.pairwise(cells)) == len(set(cells))


def told_of(
    rows: Rows,
    columns: Sequence[Sequence[str]],
    header: bool,
    places: tuple[int, int, int | None],
) -> str:
    """Why a guess was made, in words."""
    user, item, rating = places

    def called(place: int) -> str:
        told = rows.told(place, header=header)
        return f"column {told}" if told == str(place + 1) else repr(told)

    told = (
        f"{called(user)} ({many(len(set(columns[user])), 'value')}) and "
        f"{called(item)} ({len(set(columns[item])):,}) meet in ever new pairs"
    )
    if rating is not None:
        numbers = numbers_of(columns[rating])
        told += f", with numbers from {min(numbers):g} to {max(numbers):g} in {called(rating)}"
    return f"in its first {len(columns[0]):,} rows {told}"
