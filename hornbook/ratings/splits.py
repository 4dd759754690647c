"""Train, dev and test: which rows are held out."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.options import RatingsOptions
from hornbook.tasks.splits import SPLITS, Parts, at_random

__all__ = ["Way", "chosen_way", "parts_of", "split_rows"]

Way = Literal["random", "time", "last", "last-out"]


def chosen_way(options: RatingsOptions, *, timed: bool) -> tuple[Way, str]:
    """How rows are split, and why, for people.

    Args:
        options: what was asked for.
        timed: whether rows have times.

    Raises:
        SettingsError: if times are needed and there are none, or a setting has no effect.
    """
    way = options.split_by
    if way == "auto":
        if timed:
            return "last", "split by the last of each user, since there are times"
        return "random", "split at random, since there are no times"
    if way != "random" and not timed:
        raise SettingsError(
            f"`split_by={way}` needs times, and the data has none.",
            hint="Set `time` to the column of the times, or `split_by=random`.",
            setting="split_by",
        )
    options.refuse_unless(way == "random", ("split_seed",), "`split_by=random`")
    options.refuse_unless(way != "last-out", ("split",), "`split_by` other than last-out")
    told = {
        "random": f"split at random, seed {options.split_seed}",
        "time": "split by time: the newest rows are held out",
        "last": "split by the last of each user",
        "last-out": "the last of each user is in test, the one before in dev",
    }
    return way, told[way]


def split_rows(rows: Interactions, users: int, way: Way, options: RatingsOptions) -> Parts:
    """The split of each row.

    Args:
        rows: all rows.
        users: how many there are.
        way: how; all but `random` need times.
        options: with the shares and the seed.

    Returns:
        The place of its split in SPLITS, shape (len(rows),).

    Raises:
        SettingsError: if the shares are not valid.
    """
    if way == "random":
        return at_random(len(rows), options.shares, options.split_seed)
    assert rows.times is not None
    if way == "time":
        return newest(rows.times, options.shares)
    order, place, count = by_user(rows, users)
    parts = np.zeros(len(rows), np.int8)
    if way == "last-out":
        before = count - place  # 1 for the last
        parts[order[(before == 2) & (count > 2)]] = 1
        parts[order[(before == 1) & (count > 2)]] = 2
        return parts
    train, dev, test = options.shares
    counts = np.bincount(rows.users, minlength=users)
    kept = np.maximum(1, counts * train // 100)
    held, both = counts - kept, max(1, dev + test)
    tested = held * test // both
    # Of users with too little for both, dev and test get theirs in turn, by their shares.
    few = (held > 0) & (tested == 0)
    turns = np.cumsum(held[few]) * test // both
    tested[few] = np.minimum(np.diff(turns, prepend=0), held[few])
    of = rows.users[order]
    parts[order[place >= kept[of]]] = 1
    parts[order[place >= (counts - tested)[of]]] = 2
    return parts


def newest(times: npt.NDArray[np.int64], shares: tuple[int, int, int]) -> Parts:
    """The oldest rows train, the newest test; of equal times the first in the file are older."""
    train, dev, _ = shares
    n, order = len(times), np.argsort(times, kind="stable")
    parts = np.zeros(n, np.int8)
    parts[order[n * train // 100 :]] = 1
    parts[order[n * (train + dev) // 100 :]] = 2
    return parts


def by_user(
    rows: Interactions, users: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The rows by user and time, the place of each among its user's, and how many those are.

    Shapes: all (len(rows),). In 32 bits, since of many millions of rows these take the most memory.
    """
    assert rows.times is not None
    order = np.argsort(rows.times, kind="stable").astype(np.int32)
    order = order[np.argsort(rows.users[order], kind="stable").astype(np.int32)]
    counts = np.bincount(rows.users, minlength=users).astype(np.int32)
    starts = np.cumsum(counts, dtype=np.int32) - counts
    place = np.arange(len(rows), dtype=np.int32)
    place -= np.repeat(starts, counts)
    return order, place, np.repeat(counts, counts)


def parts_of(rows: Interactions, parts: Parts) -> dict[str, Interactions]:
    """The rows of each split by name, in the order of the file."""
    return {name: rows.take(parts == place) for place, name in enumerate(SPLITS)}
