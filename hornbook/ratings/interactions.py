"""Who gave what to what, and when: arrays of numbers, a row for each rating or click."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["History", "Interactions"]

Integers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interactions:
    """Rows of users, items and values.

    Shapes: all (N,).
    """

    users: Integers
    "Numbers of the users, from 0."
    items: Integers
    "Numbers of the items, from 0."
    values: Floats
    "Ratings; of clicks how many there were, or 1."
    times: Times | None = None
    "Seconds since 1970, or anything else that rises with time; None if nothing is known."

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Interactions:
        """Some of the rows, by their numbers or by a mask."""
        times = None if self.times is None else self.times[rows]
        return Interactions(self.users[rows], self.items[rows], self.values[rows], times)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The columns by name, to be kept."""
        found: dict[str, npt.NDArray[Any]] = {
            "users": self.users,
            "items": self.items,
            "values": self.values,
        }
        return found if self.times is None else {**found, "times": self.times}

    def by_user(self, users: int) -> History:
        """The rows of each user together, in their order.

        Args:
            users: how many there are.
        """
        return grouped(self.users, self.items, self.values, users)

    def by_item(self, items: int) -> History:
        """The rows of each item together, in their order.

        Args:
            items: how many there are.
        """
        return grouped(self.items, self.users, self.values, items)


@dataclass(frozen=True)
class History:
    """For each user the items and values that are known of them, or for each item the users.

    That is a sparse matrix of R rows by its rows (CSR): row r holds `others[starts[r] :
    starts[r + 1]]`.
    """

    starts: npt.NDArray[np.int64]
    "Shape (R + 1,)."
    others: Integers
    "Numbers of the items of each user, or of the users of each item, shape (N,)."
    values: Floats
    "Shape (N,)."

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> tuple[Integers, Floats]:
        """The others and the values of one row."""
        part = slice(self.starts[row], self.starts[row + 1])
        return self.others[part], self.values[part]

    def __iter__(self) -> Iterator[tuple[Integers, Floats]]:
        return (self[row] for row in range(len(self)))

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many each row holds, shape (R,)."""
        return np.diff(self.starts)

    def turned(self, n: int) -> History:
        """The other way round: of items the users, where this is of users the items.

        Args:
            n: how many others there are.
        """
        of = np.repeat(np.arange(len(self), dtype=np.int32), self.counts)
        return grouped(self.others, of, self.values, n)

    def __deepcopy__(self, memo: object) -> History:
        return self  # nothing changes it, so copies of a model share it


def grouped(of: Integers, others: Integers, values: Floats, n: int) -> History:
    """Rows sorted by what they are of, those of one in their order."""
    # Sorting whole numbers of which the rest is the place is several times faster than argsort.
    order = of.astype(np.int64) * max(1, len(of)) + np.arange(len(of))
    order.sort()
    order %= max(1, len(of))
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(of, minlength=n), out=starts[1:])
    return History(starts, others[order], values[order])
