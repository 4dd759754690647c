"""Whether a file holds ratings or clicks, by its first rows."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hornbook.errors import HornbookError
from hornbook.ratings.columns import has_header
from hornbook.ratings.data import Kind
from hornbook.ratings.guessing import FEW, Guess, graded, grouped, guess
from hornbook.ratings.spellings import COUNTS, VAGUE, named, normal
from hornbook.sources.encoding import likely_codec
from hornbook.sources.formats import is_number
from hornbook.sources.rows import DOUBLE, Rows
from hornbook.sources.source import Source

__all__ = ["Recognised", "recognise"]

NAMED, PLACED, CLICKED, POSSIBLE = 10, 8, 5, 3
"""Strengths of a claim: all columns are named; they stand as in MovieLens, or are users, items,
ratings and times by what they hold; none is a rating; it may be."""
LONG = 60  # characters: cells that are longer on average are text
YEAR_1980 = 315_532_800  # seconds; a fourth column of such numbers is times
VALUES = 30  # distinct ratings, at most, of a file without a header
CLASSES = 0.2  # items for each row, at most, in a table of people with a column of classes


@dataclass(frozen=True)
class Recognised:
    """What a file was recognised as."""

    kind: Kind
    strength: int
    "As of `hornbook.tasks.Claim`."
    reason: str
    sure: bool = True
    "Whether it is nothing else."
    columns: Mapping[str, str] = field(default_factory=dict)
    "The columns to tell, where the file's own names do not."
    otherwise: Recognised | None = None
    "What it may be as well."

    def of(self, kind: Kind) -> Recognised | None:
        """It as one of the kinds; None if it is not that."""
        if self.kind == kind:
            return self
        return None if self.otherwise is None else self.otherwise.of(kind)


def recognise(source: Source) -> Recognised | None:
    """Whether a source holds ratings or clicks; None if it does not, or cannot be read.

    A data set with a name, none of which are ratings, is not fetched for it. An encoding that has
    to be told is guessed here, so that the file is the same before and after it is told.
    """
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        if first.dataset is None:
            rows = Rows(first, likely_codec(first.head()))
            header = rows.kind != "table" or has_header(rows, [])
            data = rows.sample[1:] if header and rows.kind == "table" else rows.sample
            data = [row for row in data if len(row) >= rows.width]
            found = by_names(rows, data) if header else by_places(rows)
            return found or by_cells(rows, data, header=header)
    return None


def by_names(rows: Rows, data: Sequence[Sequence[str]]) -> Recognised | None:
    """By the names of columns or fields."""
    users, items = named("user", rows.names), named("item", rows.names)
    items = [place for place in items if place not in users]
    if not users or not items:
        return None
    user, item = rows.names[users[0]], rows.names[items[0]]
    ratings = ratings_of(rows, data, [*users, *items])
    if ratings:
        rating = rows.names[ratings[0]]
        reason = f"it has the columns {user!r}, {item!r}, {rating!r}"
        if not data and not strong(user, item):
            return None
        if of_people(rows, data, [users[0], items[0], ratings[0]]):
            return Recognised("ratings", POSSIBLE, reason, sure=False)
        return Recognised("ratings", NAMED, reason)
    if not data:
        return None
    longest = max(sum(len(row[place]) for row in data) for place in range(rows.width))
    if longest > LONG * len(data) or not strong(user, item):
        return None
    reason = f"it has the columns {user!r} and {item!r}, and none of ratings"
    scale = other_scale(rows, data, [*users, *items])
    if scale is None and not of_people(rows, data, [users[0], items[0]]):
        return Recognised("clicks", CLICKED, reason)
    clicks = Recognised("clicks", POSSIBLE, reason, sure=False)
    if scale is None:
        return clicks
    name = rows.names[scale]
    why = f"it has the columns {user!r} and {item!r}, and {name!r} may be ratings"
    return Recognised(
        "ratings", POSSIBLE, why, False, {"rating": rows.told(scale, header=True)}, clicks
    )


def ratings_of(rows: Rows, data: Sequence[Sequence[str]], ids: Sequence[int]) -> list[int]:
    """The columns that are named as ratings; where names may mean other things, only of numbers."""
    found = [place for place in named("rating", rows.names) if place not in ids]
    certain = strong(rows.names[ids[0]], rows.names[ids[-1]])
    return [
        place
        for place in found
        if (certain and normal(rows.names[place]) not in VAGUE)
        or graded([row[place] for row in data])
        or all(is_number(row[place] or "0") for row in data)
    ]


def other_scale(rows: Rows, data: Sequence[Sequence[str]], ids: Sequence[int]) -> int | None:
    """The one column of a few numbers that has no name of something else; None beside counts."""
    if len(data) < FEW or named("counts", rows.names):
        return None
    taken = {*ids, *named("time", rows.names), *named("title", rows.names)}
    found = [
        place
        for place in range(rows.width)
        if place not in taken
        and not normal(rows.names[place]).endswith("id")
        and graded([row[place] for row in data])
    ]
    return found[0] if len(found) == 1 else None


def of_people(rows: Rows, data: Sequence[Sequence[str]], places: Sequence[int]) -> bool:
    """Whether it may be a table with a row for each person, and their features.

    None comes twice, the items are few and stand in no order, and there is more than ratings have.
    """
    user, item = ([row[place] for row in data] for place in places[:2])
    others = {*places, *named("time", rows.names), *named("title", rows.names)}
    return (
        len(data) >= FEW
        and len(set(user)) == len(user)
        and len(set(item)) <= CLASSES * len(data)
        and not grouped(item)
        and len(others) < rows.width
    )


def strong(user: str, item: str) -> bool:
    """Whether two names are those of ids: `name` and `title` stand in tables of other kinds too."""
    return not any(word in f"{user} {item}".lower() for word in ("name", "title"))


def by_places(rows: Rows) -> Recognised | None:
    """By what stands in a table without a header, in the two forms of MovieLens."""
    data = [row for row in rows.sample if len(row) == rows.width]
    if rows.width not in (3, 4) or not all(is_number(row[2]) for row in data):
        return None
    if rows.separator == DOUBLE:
        reason = "it has the form of MovieLens: user::item::rating"
        return Recognised("ratings", PLACED, reason)
    numeric = all(is_number(cell) for row in data for cell in row)
    if rows.separator != "\t" or rows.width != 4 or not numeric:
        return None
    timed = all(float(row[3]) > YEAR_1980 for row in data)
    if timed and len({row[2] for row in data}) <= VALUES:
        return Recognised(
            "ratings", PLACED, "it has the form of MovieLens: user, item, rating and time with tabs"
        )
    return None


def by_cells(rows: Rows, data: Sequence[Sequence[str]], *, header: bool) -> Recognised | None:
    """By what stands in columns of which no name says it."""
    found = guess(rows, data, header=header)
    if found is None:
        return None
    if not header and found == Guess(0, 1, 2, 3, found.why) and rows.width == 4:
        return Recognised("ratings", PLACED, f"it has users, items, ratings and times: {found.why}")
    counted = found.rating is not None and header and normal(rows.names[found.rating]) in COUNTS
    kind: Kind = "clicks" if found.rating is None or counted else "ratings"
    columns = {"user": found.user, "item": found.item, "rating": found.rating, "time": found.time}
    told = {
        role: rows.told(place, header=header)
        for role, place in columns.items()
        if place is not None
    }
    return Recognised(kind, POSSIBLE, found.why, False, told)
