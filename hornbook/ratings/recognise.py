"""Whether a file holds ratings or clicks, by its first rows."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from hornbook.errors import HornbookError
from hornbook.ratings.columns import has_header, is_number
from hornbook.ratings.data import Kind
from hornbook.ratings.spellings import named
from hornbook.sources.rows import DOUBLE, Rows
from hornbook.sources.source import Source

__all__ = ["Recognised", "recognise"]

NAMED, PLACED, CLICKED = 10, 8, 5
"Strengths of a claim: all columns are named; they stand as in MovieLens; none is a rating."
LONG = 60  # characters: cells that are longer on average are text
YEAR_1980 = 315_532_800  # seconds; a fourth column of such numbers is times
VALUES = 30  # distinct ratings, at most, of a file without a header


@dataclass(frozen=True)
class Recognised:
    """What a file was recognised as."""

    kind: Kind
    strength: int
    "As of `hornbook.tasks.Claim`."
    reason: str


def recognise(source: Source) -> Recognised | None:
    """Whether a source holds ratings or clicks; None if it does not, or cannot be read.

    A data set with a name, none of which are ratings, is not fetched for it.
    """
    if source.dataset is not None:
        return None
    with contextlib.suppress(HornbookError, ValueError):
        first = source.first
        if first.dataset is None:
            rows = Rows(first)
            if rows.kind != "table" or has_header(rows, []):
                return by_names(rows)
            return by_places(rows)
    return None


def by_names(rows: Rows) -> Recognised | None:
    """By the names of columns or fields."""
    data = rows.sample if rows.kind != "table" else rows.sample[1:]
    data = [row for row in data if len(row) >= rows.width]
    users, items = named("user", rows.names), named("item", rows.names)
    items = [place for place in items if place not in users]
    if not users or not items or not data:
        return None
    user, item = rows.names[users[0]], rows.names[items[0]]
    ratings = [place for place in named("rating", rows.names) if place not in (*users, *items)]
    if not strong(user, item):
        ratings = [p for p in ratings if all(is_number(row[p] or "0") for row in data)]
    if ratings:
        rating = rows.names[ratings[0]]
        return Recognised("ratings", NAMED, f"it has the columns {user!r}, {item!r}, {rating!r}")
    longest = max(sum(len(row[place]) for row in data) for place in range(rows.width))
    if longest > LONG * len(data) or not strong(user, item):
        return None
    return Recognised(
        "clicks", CLICKED, f"it has the columns {user!r} and {item!r}, and none of ratings"
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
