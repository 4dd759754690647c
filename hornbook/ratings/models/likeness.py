"""Which items are alike: sums over the users of pairs of items, and the nearest neighbours of each.

The products of all pairs are never held at once: an item's row is made, its nearest are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.keeping import Arrays, damaged
from hornbook.ratings.models.sparse import entries, transposed

__all__ = ["NEIGHBOURS", "Neighbours", "Sums", "nearest", "shared", "weighted_products"]

Array = npt.NDArray[np.float64]
NEIGHBOURS = {"neighbours": (-1, -1), "likeness": (-1, -1)}
"Names and shapes of what `Neighbours.arrays` gives."
PAIRS = 2**22  # entries that are looked at together


@dataclass(frozen=True)
class Neighbours:
    """The items most like each, best first.

    Shapes: (items, K).
    """

    items: Integers
    likeness: Floats
    "0 where there are fewer than K."

    @classmethod
    def none(cls, items: int, k: int = 1) -> Neighbours:
        """Of so many items."""
        return cls(np.zeros((items, k), np.int32), np.zeros((items, k), np.float32))

    def arrays(self) -> Arrays:
        """By name."""
        return {"neighbours": self.items, "likeness": self.likeness}

    @classmethod
    def kept(cls, arrays: Arrays, items: int) -> Neighbours:
        """What `arrays` gave.

        Raises:
            RunError: if they are not of so many items.
        """
        numbers, likeness = arrays["neighbours"], arrays["likeness"]
        if numbers.shape != likeness.shape or len(numbers) != items:
            raise damaged("neighbours and likeness differ in shape")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < items:
            raise damaged("a neighbour is out of range")
        return cls(numbers.astype(np.int32), likeness)

    @cached_property
    def turned(self) -> Turned:
        """The other way round: whose neighbour each item is."""
        rows, columns = np.nonzero(self.likeness > 0)
        near = self.items[rows, columns]
        order = np.argsort(near, kind="stable")
        starts = np.zeros(len(self.items) + 1, np.int64)
        np.cumsum(np.bincount(near, minlength=len(self.items)), out=starts[1:])
        of: Integers = rows[order].astype(np.int32)
        places: Integers = columns[order].astype(np.int32)
        return Turned(History(starts, of, self.likeness[of, places]), places)

    def row(self, item: int) -> Array:
        """Of one item with each, shape (items,); 1 with itself."""
        found = np.zeros(len(self.items))
        found[self.items[item]] = self.likeness[item]
        found[item] = 1
        return found


@dataclass(frozen=True)
class Turned:
    """The items that have an item among their neighbours, for each."""

    lists: History
    "Who has it, and how much alike they are."
    places: Integers
    "Where it stands among theirs, from 0, for each entry of the lists."


@dataclass(frozen=True)
class Sums:
    """Sums over the users who have both of two items: one, and each of all.

    Shapes: (items,).
    """

    counts: Array
    products: Array
    own: Array
    "Squares of the values of the one."
    theirs: Array
    "Squares of the values of the others."


def pairs(history: History, columns: History, item: int) -> Iterator[tuple[Integers, Array, Array]]:
    """All that the users of an item have, some users at a time.

    Yields:
        Items, values of the one by the same user, and values; all of shape (N,).
    """
    users, own = columns[item]
    ends = np.cumsum(history.counts[users])
    cuts = np.searchsorted(ends, np.arange(PAIRS, ends[-1] if len(ends) else 0, PAIRS))
    for part in np.split(np.arange(len(users)), np.unique(cuts)):
        positions, counts = entries(history, users[part])
        ours = np.repeat(own[part].astype(np.float64), counts)
        yield history.others[positions], ours, history.values[positions].astype(np.float64)


def shared(history: History, columns: History, item: int) -> Sums:
    """All four sums of one item with each."""
    n = len(columns)
    found = np.zeros((4, n))
    for others, own, theirs in pairs(history, columns, item):
        found[0] += np.bincount(others, minlength=n)
        for row, weights in ((1, own * theirs), (2, own**2), (3, theirs**2)):
            found[row] += np.bincount(others, weights, minlength=n)
    return Sums(*found)


def weighted_products(history: History, columns: History, item: int) -> Array:
    """Σ_u x_ui x_uj for one item i and each j, shape (items,)."""
    n = len(columns)
    found = np.zeros(n)
    for others, own, theirs in pairs(history, columns, item):
        found += np.bincount(others, own * theirs, minlength=n)
    return found


def nearest(
    history: History,
    items: int,
    k: int,
    likeness: Callable[[History, History, int], Array],
) -> Neighbours:
    """The k items most like each, only where likeness is above 0; of equal ones the lower numbers.

    Args:
        history: of the users.
        items: how many there are.
        k: how many to keep of each.
        likeness: of one item with each, from the history, its transpose and the item: shape
            (items,).
    """
    columns = transposed(history, items)
    k = max(1, min(k, items - 1))
    found = Neighbours.none(items, k)
    for item in range(items):
        if not columns.counts[item]:
            continue
        row = likeness(history, columns, item)
        row[item] = 0
        best = np.flatnonzero(row > 0)
        if len(best) > k:
            least = -np.partition(-row[best], k - 1)[k - 1]
            above, level = best[row[best] > least], best[row[best] == least]
            best = np.concatenate([above, level[: k - len(above)]])
        best = best[np.lexsort((best, -row[best]))]
        found.items[item, : len(best)] = best
        found.likeness[item, : len(best)] = row[best]
    return found
