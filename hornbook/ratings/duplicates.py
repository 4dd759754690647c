"""Rows of the same user and item: of ratings the last counts, clicks are added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Interactions

__all__ = ["Repeated", "added_up", "last_of_each", "repeated"]

PART = 2**20  # rows that are looked up at a time, to save memory


@dataclass(frozen=True)
class Repeated:
    """The rows whose user and item occur more than once."""

    rows: npt.NDArray[np.int64]
    "Their numbers, by user and item, the oldest of each pair first, ties in the order of rows."
    last: npt.NDArray[np.bool_]
    "Whether each is the last of its pair."

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def pairs(self) -> int:
        """How many pairs of a user and an item there are."""
        return int(self.last.sum())

    @property
    def of(self) -> npt.NDArray[np.int64]:
        """Of each row the number of its pair, from 0."""
        return np.cumsum(self.last) - self.last


def repeated(rows: Interactions, items: int) -> Repeated:
    """The rows whose user and item occur more than once.

    Args:
        rows: all rows.
        items: how many there are.
    """
    pairs = rows.users.astype(np.int64) * items + rows.items
    twice = np.sort(pairs)
    twice = np.unique(twice[1:][twice[1:] == twice[:-1]])
    if not len(twice):
        return Repeated(np.empty(0, np.int64), np.empty(0, bool))
    found = np.flatnonzero(
        np.concatenate(
            [
                twice[np.minimum(np.searchsorted(twice, part), len(twice) - 1)] == part
                for part in np.array_split(pairs, 1 + len(pairs) // PART)
            ]
        )
    )
    keys = pairs[found]
    times = np.zeros(len(found)) if rows.times is None else rows.times[found]
    order = np.lexsort((times, keys))
    keys = keys[order]
    last = np.append(keys[1:] != keys[:-1], True)
    return Repeated(found[order], last)


def last_of_each(rows: Interactions, found: Repeated) -> Interactions:
    """The rows with only the last of each pair by time; without times, by their order."""
    keep = np.ones(len(rows), bool)
    keep[found.rows[~found.last]] = False
    return rows.take(keep)


def added_up(rows: Interactions, found: Repeated) -> Interactions:
    """The rows with the values of each pair added up in its last."""
    values = rows.values.copy()
    sums = np.bincount(found.of, rows.values[found.rows].astype(np.float64))
    values[found.rows[found.last]] = sums.astype(np.float32)
    return last_of_each(Interactions(rows.users, rows.items, values, rows.times), found)
