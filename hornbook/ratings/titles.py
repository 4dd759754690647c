"""Titles of items from a file of their own, and which item a typed title means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.errors import DataError
from hornbook.ratings.features import Features
from hornbook.ratings.spellings import named, normal
from hornbook.rendering import many
from hornbook.sources.opening import refuse_missing
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source

__all__ = ["Titles", "read_titles"]

NO_FEATURES = frozenset({"", "(no genres listed)"})
KNOWN = 0.5  # share of a column's cells that are known ids, from which on it may be that of items


@dataclass(frozen=True)
class Titles:
    """The titles of items by their ids, whether they were rated or not."""

    by_id: Mapping[str, str]
    features: Mapping[str, tuple[str, ...]]
    "Genres and the like of each item by its id; empty if the file has none."
    about: str
    "Which columns they are from, for people."

    def of(self, items: Sequence[str]) -> tuple[str, ...]:
        """The titles of some items; empty where there is none."""
        return tuple(self.by_id.get(item, "") for item in items)

    def features_of(self, items: Sequence[str]) -> Features | None:
        """What is known of some items; None if the file tells nothing."""
        if not self.features:
            return None
        rows = [self.features.get(item, ()) for item in items]
        numbers: dict[str, int] = {}
        for row in rows:
            for name in row:
                numbers.setdefault(name, len(numbers))
        return Features(tuple(numbers), tuple(tuple(numbers[name] for name in row) for row in rows))


def read_titles(
    path: str, items: Sequence[str], item_column: str = "", encoding: str = "auto"
) -> Titles:
    """Read a file of titles: a table or JSON, with a row for each item.

    Args:
        path: the file.
        items: the ids that were rated.
        item_column: what the column of the items is called in the file of ratings.
        encoding: see `decode`.

    Raises:
        DataError: if it cannot be read, has no column of items or of titles, or none of its items
            was rated.
    """
    refuse_missing(path, "titles")
    rows = Rows(Source(path), encoding)
    known = frozenset(items)
    item, title, header = columns_of(rows, known, item_column)
    featured = (
        [place for place in named("features", rows.names) if place != title] if header else []
    )
    places = [item, title, *featured[:1]]
    by_id: dict[str, str] = {}
    features: dict[str, tuple[str, ...]] = {}
    for chunk in rows.chunks(places, header=header):
        if chunk.ragged:
            line, cells = chunk.ragged[0]
            raise DataError(
                f"{path}, line {line:,}: it has {many(cells, 'cell')}, and {rows.width} were "
                "expected.",
                hint="Correct this row: a title that holds the separator needs quotation marks.",
                setting="titles",
            )
        for one, name in zip(chunk.columns[0], chunk.columns[1], strict=True):
            by_id.setdefault(one, name)
        if featured:
            for one, names in zip(chunk.columns[0], chunk.columns[2], strict=True):
                features.setdefault(one, parts_of(names))
    if not known & by_id.keys():
        raise DataError(
            f"None of the {many(len(by_id), 'item')} in {path} was rated: its column "
            f"{rows.names[item]!r} holds {next(iter(by_id), '')!r}, the ratings {items[0]!r}.",
            hint="Check whether both files are of the same data.",
            setting="titles",
        )
    about = f"titles from {Path(path).name}"
    if header:
        about += f", column {rows.names[title]!r}" + "".join(
            f", with {rows.names[place]}" for place in featured
        )
    return Titles(by_id, features if any(features.values()) else {}, about)


def parts_of(cell: str) -> tuple[str, ...]:
    """The names in a cell such as `Comedy|Drama`, each once."""
    parts = (part.strip() for part in cell.split("|"))
    return tuple(dict.fromkeys(part for part in parts if part not in NO_FEATURES))


def columns_of(rows: Rows, known: frozenset[str], item_column: str) -> tuple[int, int, bool]:
    """The places of items and titles, and whether there is a header.

    Raises:
        DataError: if one of them is not to be found.
    """
    names = [normal(name) for name in rows.names]
    items = named("item", rows.names)
    titles = named("title", rows.names)
    same = [place for place, name in enumerate(names) if name == normal(item_column)]
    plain = [place for place, name in enumerate(names) if name == "id"]
    found = [*(same if item_column else ()), *items, *plain]
    header = rows.kind != "table" or bool(found or titles)
    if not header:
        return (*without_header(rows, known), False)
    title = next((place for place in titles if place not in same[:1]), None)
    item = next((place for place in found if place != title), None)
    if item is None:
        item = most_known(rows, known, title)
    if item is None or title is None:
        what = "no column of items" if item is None else "no column of titles"
        wanted = item_column or "item_id"
        raise DataError(
            f"{rows.where} has {what}; its columns are {', '.join(map(repr, rows.names))}.",
            hint=f"Name its columns {wanted!r} and 'title'.",
            setting="titles",
        )
    return item, title, True


def most_known(rows: Rows, known: frozenset[str], but: int | None = None) -> int | None:
    """The column most of whose cells are ids that were rated; None if there is none."""
    shares = [
        (sum(row[place] in known for row in rows.sample if place < len(row)), -place)
        for place in range(rows.width)
        if place != but
    ]
    count, place = max(shares, default=(0, 0))
    return -place if count >= KNOWN * len(rows.sample) else None


def without_header(rows: Rows, known: frozenset[str]) -> tuple[int, int]:
    """Items and titles of a table without a header: the known ids, and the first words after them.

    Raises:
        DataError: if no column holds ids that were rated.
    """
    item = most_known(rows, known)
    if item is None or item + 1 >= rows.width:
        raise DataError(
            f"{rows.where} has no header, and none of its columns holds items that were rated.",
            hint="Give it a header with an item column and a title column.",
            setting="titles",
        )
    return item, item + 1
