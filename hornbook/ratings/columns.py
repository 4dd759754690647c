"""Which column of a file is the user, the item, the rating, the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hornbook.actions import Action
from hornbook.errors import DataError
from hornbook.ratings.guessing import Guess, guess
from hornbook.ratings.spellings import COUNTS, named, normal
from hornbook.rendering import listed
from hornbook.sources.formats import is_number
from hornbook.sources.rows import DOUBLE, Rows
from hornbook.suggestions import did_you_mean

__all__ = ["ROLES", "Columns", "Role", "find_columns"]

Role = Literal["user", "item", "rating", "time"]
ROLES: tuple[Role, ...] = ("user", "item", "rating", "time")
"The columns that can be told; also the order that MovieLens has them in."

NEEDED = 2  # rows of numbers that a header does not have


@dataclass(frozen=True)
class Columns:
    """The places of the columns, from 0; None for what is not there."""

    user: int
    item: int
    rating: int | None = None
    time: int | None = None
    title: int | None = None
    "Where the file itself has titles beside the ids."
    counts: bool = False
    "Whether `rating` is how often something happened."
    header: bool = True
    names: tuple[str, ...] = ()
    "What to call each column of the file in messages."
    remark: str = ""
    "What was taken for what, where no name says it."

    def name(self, place: int) -> str:
        """What to call a column."""
        return self.names[place]


def find_columns(
    rows: Rows,
    told: Mapping[Role, str | None] | None = None,
    *,
    needs_rating: bool = True,
    like: Columns | None = None,
) -> Columns:
    """The columns of a file.

    Args:
        rows: the file.
        told: by role the name of a column, or its number from 1, where it was asked for.
        needs_rating: whether nothing can be read without ratings; else counts are taken too.
        like: those of the file before, for one that goes on without a header.

    Raises:
        DataError: if one is missing or could be several, with the columns there are and what to
            set.
    """
    asked = {role: name for role, name in (told or {}).items() if name}
    header = rows.kind != "table" or has_header(rows, list(asked.values()))
    if not header and like is not None and len(like.names) == rows.width:
        return Columns(like.user, like.item, like.rating, like.time, like.title, like.counts,
                       False, like.names)  # fmt: skip
    names = (
        rows.names if header else tuple(f"column {one}" for one in range(1, len(rows.names) + 1))
    )
    places: dict[Role, int | None] = dict.fromkeys(ROLES)
    for role, name in asked.items():
        places[role] = place_of(role, name, rows, header)
    remark, counts = "", False
    if header:
        counts = complete(places, rows, needs_rating)
    elif not asked:
        remark = movielens(places, rows) or by_cells(places, rows, needs_rating=needs_rating)
    refuse_missing(places, rows, header=header, needs_rating=needs_rating)
    refuse_shared(places, names)
    if places["rating"] is not None and header:
        counts = counts or normal(rows.names[places["rating"]]) in COUNTS
    user, item = places["user"], places["item"]
    assert user is not None
    assert item is not None
    title = named("title", rows.names) if header else []
    taken = set(places.values())
    other = next((place for place in title if place not in taken), None)
    return Columns(user, item, places["rating"], places["time"], other, counts, header, names,
                   remark)  # fmt: skip


def has_header(rows: Rows, asked: Sequence[str]) -> bool:
    """Whether the first row of a table names the columns."""
    first = rows.sample[0]
    if any(name in first for name in asked if not name.isdecimal()):
        return True
    if any(named(role, first) for role in ROLES):
        return (bool(asked) and all(name.isdecimal() for name in asked)) or not any(
            is_number(cell) for cell in first
        )
    below = rows.sample[1 : 1 + NEEDED]
    numbers = any(
        all(place < len(row) and is_number(row[place]) for row in below)
        for place in range(len(first))
    )
    return bool(below) and numbers and not any(is_number(cell) for cell in first)


def place_of(role: Role, name: str, rows: Rows, header: bool) -> int:
    """The place of a column that was asked for.

    Raises:
        DataError: if there is none of this name, or several.
    """
    if header and name in rows.names:
        if rows.names.count(name) > 1:
            raise DataError(
                f"{rows.where} has {rows.names.count(name)} columns named {name!r}.",
                hint="Rename them, or set the number of the column, from 1.",
                setting=role,
            )
        return rows.names.index(name)
    if rows.kind == "table" and name.isascii() and name.isdecimal():
        if 1 <= int(name) <= rows.width:
            return int(name) - 1
        raise DataError(
            f"{rows.where} has no column {name}: it has {rows.width}, numbered from 1.",
            hint=f"Set `{role}` to a number from 1 to {rows.width}.",
            setting=role,
        )
    if header:
        raise DataError(
            f"{rows.where} has no column {name!r}; its columns are {listed(rows.names)}.",
            hint=f"{did_you_mean(name, rows.names)}Set `{role}` to one of these.",
            setting=role,
        )
    raise DataError(
        f"{rows.where} has no column {name!r}: it has no header; its first row is "
        f"{listed(rows.sample[0])}.",
        hint=f"Set `{role}` to the number of a column, from 1 to {rows.width}.",
        setting=role,
    )


def complete(places: dict[Role, int | None], rows: Rows, needs_rating: bool) -> bool:
    """Find by their names the columns that were not told; returns whether counts were taken.

    Raises:
        DataError: if several could be one.
    """
    counts = False
    for role in ROLES:
        if places[role] is not None:
            continue
        taken = set(places.values())
        found = [place for place in named(role, rows.names) if place not in taken]
        if role == "rating" and not needs_rating:
            counted = [place for place in named("counts", rows.names) if place not in taken]
            found, counts = (counted, True) if counted else (found, False)
        if len(found) > 1:
            shown = listed([rows.names[place] for place in found])
            raise DataError(
                f"{rows.where} has several columns that could be the {role}: {shown}.",
                hint=f"Set `{role}` to one of them, for example:",
                setting=role,
                action=told_so(
                    rows, {**places, role: found[0]}, header=True, clicks=not needs_rating
                ),
            )
        places[role] = found[0] if found else None
    return counts


def movielens(places: dict[Role, int | None], rows: Rows) -> str:
    """Take MovieLens' order for a file of its form without a header; returns what to say of it."""
    cells = [cell for row in rows.sample for cell in row]
    numeric = rows.separator == DOUBLE or (
        rows.separator == "\t" and all(is_number(cell) for cell in cells)
    )
    if rows.kind != "table" or rows.width not in (3, 4) or not numeric:
        return ""
    if not all(is_number(row[2]) for row in rows.sample if len(row) > 2):
        return ""
    taken = ROLES[: rows.width]
    places.update(zip(taken, range(rows.width), strict=True))
    return f"no header: columns taken in the order {', '.join(taken)}, as in MovieLens"


def by_cells(places: dict[Role, int | None], rows: Rows, *, needs_rating: bool) -> str:
    """Take the columns of a file without a header by what they hold; returns what to say of it."""
    found = guessed(rows, places, header=False)
    if found is None or (needs_rating and found.rating is None):
        return ""
    taken = fill(places, found)
    told = ", ".join(f"{role} {place + 1}" for role, place in taken.items() if place is not None)
    return f"no header: columns taken by what they hold: {told}"


def guessed(rows: Rows, places: Mapping[Role, int | None], *, header: bool) -> Guess | None:
    """What the columns may be that nothing says of."""
    data = rows.sample[1:] if header and rows.kind == "table" else rows.sample
    data = [row for row in data if len(row) >= rows.width]
    told = [place for place in places.values() if place is not None]
    return None if told and not header else guess(rows, data, header=header)


def fill(places: dict[Role, int | None], found: Guess) -> dict[Role, int | None]:
    """The places of a guess for the roles that have none yet."""
    for role in ROLES:
        if places[role] is None:
            places[role] = getattr(found, role)
    return places


def told_so(rows: Rows, places: Mapping[Role, int | None], *, header: bool, clicks: bool) -> Action:
    """The call that tells columns."""
    settings = {"task": "clicks" if clicks else "ratings"}
    for role, place in places.items():
        if place is not None:
            settings[role] = rows.told(place, header=header)
    return Action("train", rows.source.given, settings)


def refuse_missing(
    places: Mapping[Role, int | None], rows: Rows, *, header: bool, needs_rating: bool
) -> None:
    """Refuse a file without a column that is needed.

    Raises:
        DataError: if so.
    """
    needed: Sequence[Role] = ("user", "item", "rating") if needs_rating else ("user", "item")
    missing = [role for role in needed if places[role] is None]
    if not missing:
        return
    if not rows.width:
        raise DataError(
            f"{rows.where} has no columns: it is JSON without objects.",
            hint="Give a table (CSV, TSV) or JSON lines with a user, an item and a rating in each "
            "row.",
            setting=missing[0],
        )
    if rows.width < 2:
        raise DataError(
            f"{rows.where} is not a table: its first row is one cell, "
            f"{listed([name[:60] for name in rows.names])}.",
            hint="Give a table (CSV, TSV) or JSON lines with a user, an item and a rating in each "
            "row.",
            setting=missing[0],
        )
    action = None
    if (found := guessed(rows, places, header=header)) is not None:
        likely = fill(dict(places), found)
        if len({*likely.values()}) == len(likely) or likely["time"] is None:
            action = told_so(rows, likely, header=header, clicks=not needs_rating)
    perhaps = " Perhaps these:" if action else ""
    what = " and ".join(f"no {role} column" for role in missing)
    settings = ", ".join(f"`{role}`" for role in missing)
    if not header:
        raise DataError(
            f"{rows.where} has no header, and its columns are not told; its first row is "
            f"{listed(rows.sample[0])}.",
            hint=f"Set {settings} to the numbers of the columns, from 1 to {rows.width}.{perhaps}",
            setting=missing[0],
            action=action,
        )
    clicks = " To read it without ratings, set `task=clicks`." if missing == ["rating"] else ""
    raise DataError(
        f"{rows.where} has {what}; its columns are {listed(rows.names)}.",
        hint=f"Set {settings} to the name of a column.{clicks}{perhaps}",
        setting=missing[0],
        action=action,
    )


def refuse_shared(places: Mapping[Role, int | None], names: Sequence[str]) -> None:
    """Refuse one column as two.

    Raises:
        DataError: if so.
    """
    seen: dict[int, Role] = {}
    for role, place in places.items():
        if place is None:
            continue
        if place in seen:
            raise DataError(
                f"{names[place]!r} cannot be both the {seen[place]} and the {role}.",
                hint=f"Set `{role}` to another column.",
                setting=role,
            )
        seen[place] = role
