"""The examined: rows, how they are split, and what the checks ask of them. Nothing here judges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.ratings.data import Kind
from hornbook.ratings.duplicates import Repeated, added_up, last_of_each, repeated
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.options import RatingsOptions
from hornbook.ratings.reading import Read
from hornbook.ratings.splits import Way, chosen_way, parts_of, split_rows
from hornbook.ratings.titles import Titles

__all__ = ["Examined", "percent"]

MILLISECONDS = 10**11  # times above this are not seconds of this age
SHRINK = 10.0  # ratings of the mean that are added to those of a user or an item


@dataclass(frozen=True)
class Examined:
    """Ratings or clicks as they were read, and what several checks need to know."""

    read: Read
    kind: Kind
    options: RatingsOptions
    titles: Titles | None
    "Of a file of their own, if one was given."
    now: float
    "Seconds since 1970, UTC."

    @cached_property
    def repeated(self) -> Repeated:
        """The rows whose user and item occur more than once."""
        return repeated(self.read.rows, len(self.read.items))

    @cached_property
    def rows(self) -> Interactions:
        """The rows with one for each user and item."""
        made = added_up if self.kind == "clicks" else last_of_each
        return made(self.read.rows, self.repeated) if len(self.repeated) else self.read.rows

    @cached_property
    def per_user(self) -> npt.NDArray[np.int64]:
        """How many rows each user has, shape (users,)."""
        return np.bincount(self.rows.users, minlength=len(self.read.users))

    @cached_property
    def per_item(self) -> npt.NDArray[np.int64]:
        """How many rows each item has, shape (items,)."""
        return np.bincount(self.rows.items, minlength=len(self.read.items))

    @cached_property
    def values(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The distinct values, in order, and how often each occurs."""
        return np.unique(self.rows.values, return_counts=True)

    @cached_property
    def unit(self) -> int:
        """Units of time in a second: 1, or 1,000 where times are milliseconds."""
        times = self.rows.times
        return 1 if times is None or float(np.median(times)) < MILLISECONDS else 1_000

    @cached_property
    def way(self) -> Way | None:
        """How rows are split; None if they cannot be."""
        try:
            return chosen_way(self.options, timed=self.rows.times is not None)[0]
        except SettingsError:
            return None

    @cached_property
    def cut(self) -> dict[str, Interactions] | DataError | SettingsError:
        """The splits by name, or why there are none."""
        try:
            way, _ = chosen_way(self.options, timed=self.rows.times is not None)
            return parts_of(self.rows, split_rows(self.rows, len(self.per_user), way, self.options))
        except (DataError, SettingsError) as error:
            return error

    @property
    def splits(self) -> dict[str, Interactions]:
        """The splits that hold something; empty if they cannot be made."""
        if not isinstance(self.cut, dict):
            return {}
        return {name: rows for name, rows in self.cut.items() if len(rows)}

    @cached_property
    def baseline(self) -> dict[str, float]:
        """The RMSE on dev of the mean of train, and of it with those of items and users.

        The differences of an item's and of a user's ratings from the mean are shrunk, as if each
        had ten ratings more that are the mean.
        """
        if self.kind != "ratings" or "dev" not in self.splits:
            return {}
        train, dev = self.splits["train"], self.splits["dev"]
        mean = float(train.values.mean(dtype=np.float64))
        rest, true = train.values - mean, dev.values.astype(np.float64)  # squares need the room
        items = shrunk(train.items, rest, len(self.per_item))
        users = shrunk(train.users, rest - items[train.items], len(self.per_user))
        low, high = self.read.scale.low, self.read.scale.high
        guess = np.clip(mean + items[dev.items] + users[dev.users], low, high)
        return {
            "mean": float(np.sqrt(np.mean((true - mean) ** 2))),
            "means of users and items": float(np.sqrt(np.mean((true - guess) ** 2))),
        }


def shrunk(
    of: npt.NDArray[np.int32], rest: npt.NDArray[np.floating], n: int
) -> npt.NDArray[np.float64]:
    """The mean rest of each of `n`, shrunk towards 0, shape (n,)."""
    return np.bincount(of, rest, n) / (np.bincount(of, minlength=n) + SHRINK)


def percent(part: float, whole: float) -> str:
    """A share for people."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f}%" if share >= 10 or share == 0 else f"{share:.2g}%"
