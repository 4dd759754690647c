"""From a file to data: read, made unique, split, with titles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hornbook.ratings.data import Kind, RatingsData
from hornbook.ratings.duplicates import added_up, last_of_each, repeated
from hornbook.ratings.features import Features
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.reading import Read, read_ratings
from hornbook.ratings.splits import chosen_way, parts_of, split_rows
from hornbook.ratings.titles import read_titles
from hornbook.rendering import many
from hornbook.sources.source import Source
from hornbook.tasks.splits import SPLITS, empty_split, refused_split

__all__ = ["distinct_rows", "load_ratings", "titled"]

LARGEST = 100  # of usual scales
COUNTS = "these look like counts, not ratings: to rank items by them, set `task=clicks`"
WORDS = 0.5  # share of ids with letters in them, from which on they are their own titles


def load_ratings(
    source: Source, options: RatingsOptions | None = None, kind: Kind = "ratings"
) -> RatingsData:
    """Read ratings or clicks, and split them.

    Args:
        source: files, a folder, or standard input.
        options: how.
        kind: `ratings`: values are predicted; `clicks`: they are how often something happened.

    Raises:
        DataError: as `read_ratings`, `read_titles`; or if a split that was asked for is empty.
        SettingsError: if the settings do not fit the data.
    """
    options = options or RatingsOptions()
    options.shares  # noqa: B018 - asked before anything is read
    read = read_ratings(source, options, kind)
    titles, features, about = titled(read, options)
    rows, doubled = distinct_rows(read.rows, len(read.items), kind)
    read = replace(read, rows=rows)  # what was left out need not stay in memory
    splits, remarks = held_out(rows, len(read.users), options, source.where)
    scale = (read.scale.low, read.scale.high) if kind == "ratings" else (0.0, 1.0)
    return RatingsData(
        source.name,
        source.where,
        kind,
        splits,
        read.users,
        read.items,
        titles=titles,
        features=features,
        scale=scale,
        remarks=(
            *read.remarks,
            *((f"ratings {read.scale}",) if kind == "ratings" else ()),
            *((COUNTS,) if kind == "ratings" and read.scale.high > LARGEST else ()),
            *filter(None, (doubled, about)),
            *remarks,
            *only_held_out(splits, len(read.users), len(read.items), kind),
        ),
    )


def distinct_rows(rows: Interactions, items: int, kind: Kind) -> tuple[Interactions, str]:
    """The rows with one for each user and item, and what to say of it."""
    found = repeated(rows, items)
    if not len(found):
        return rows, ""
    fewer = len(found) - found.pairs
    if kind == "clicks":
        return added_up(rows, found), f"{many(fewer, 'repeated row')} added up"
    how = "by time" if rows.times is not None else "in the file"
    return (
        last_of_each(rows, found),
        f"{many(fewer, 'row')} left out: the user has rated the item again; the last {how} counts",
    )


def titled(read: Read, options: RatingsOptions) -> tuple[tuple[str, ...], Features | None, str]:
    """The titles of the items, what else is known of them, and what to say of it."""
    if options.titles is not None:
        found = read_titles(options.titles, read.items, read.item_column, options.encoding)
        titles = found.of(read.items)
        missing = sum(not title for title in titles)
        without = f"; {many(missing, 'item')} without" if missing else ""
        return titles, found.features_of(read.items), f"{found.about}{without}"
    if read.titles:
        return read.titles, None, ""
    worded = sum(any(map(str.isalpha, item)) and " " in item for item in read.items)
    if worded >= WORDS * len(read.items):
        return read.items, None, "ids of the items are their titles"
    return (), None, ""


def held_out(
    rows: Interactions, users: int, options: RatingsOptions, where: str
) -> tuple[dict[str, Interactions], list[str]]:
    """The splits, and how they were made.

    Raises:
        DataError: if one that was asked for is empty.
    """
    way, why = chosen_way(options, timed=rows.times is not None)
    splits = parts_of(rows, split_rows(rows, users, way, options))
    wanted = (1, 1, 1) if way == "last-out" else options.shares
    empty = empty_split([len(splits[name]) for name in SPLITS], wanted)
    if not empty:
        return splits, [why]
    if options.split == "auto" and options.split_by == "auto":
        whole = {name: rows.take(np.full(len(rows), name == "train")) for name in SPLITS}
        return whole, ["too little data to split: all of it is in train"]
    raise refused_split(f"{where} has {many(len(rows), 'row')}", empty)


def only_held_out(splits: dict[str, Interactions], users: int, items: int, kind: Kind) -> list[str]:
    """What to say of users and items that train has not seen."""
    told = []
    train = splits["train"]
    for thing, numbers, n in (("user", train.users, users), ("item", train.items, items)):
        unseen = n - len(np.unique(numbers))
        if unseen:
            what = f"predictions for {'it' if unseen == 1 else 'them'} use means and biases"
            if kind == "clicks":
                what = "nothing is known of " + ("it" if unseen == 1 else "them")
            told.append(f"{many(unseen, thing)} only in dev or test: {what}")
    return told
