"""Item neighbours of clicks: what is like what a user has clicked.

A user's score of an item is the sum, over what they have clicked, of its likeness to it, where each
clicked item speaks for its k nearest alone. Likeness is the cosine, damped: users in common over
nᵢᵃ nⱼ¹⁻ᵃ + d, where users with many clicks count less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import numpy.typing as npt

from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Recommender, Shape, Taste
from hornbook.ratings.models.keeping import Arrays, taken
from hornbook.ratings.models.likeness import NEIGHBOURS, Neighbours, nearest, weighted_products
from hornbook.ratings.models.sparse import nothing, row_by_row
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["ItemKNN", "ItemKNNSettings"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ItemKNNSettings(Settings):
    """Settings of item neighbours of clicks."""

    neighbours: Annotated[int, Bounds(1, 10_000), Range(30, 1000, log=True)] = 300
    "Items most like each that are kept."
    shrinkage: Annotated[float, Bounds(0, 1e6)] = 0.0
    "Added to what common users are divided by: items that few have clicked say less."
    popularity: Annotated[float, Bounds(0, 1), Range(0, 1)] = 0.4
    """Exponent of the users of the item that is recommended, by which its likeness is divided: 0.5
    is the cosine; lower recommends more of what is popular."""
    rarity: Annotated[float, Bounds(0, 4)] = 0.0
    "Exponent of the clicks of a user, by which they are divided: those of busy users say less."
    idf: bool = True
    """Whether clicks of a user count by the share of log(items) that log(items / (1 + clicks)) is:
    those of busy users say less, as words that are in many texts do (tf-idf)."""


class ItemKNN(Recommender):
    """What is like what a user has clicked."""

    Settings = ItemKNNSettings
    rates = False

    def __init__(self, settings: ItemKNNSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.history = nothing(shape.users)
        self.near = Neighbours.none(shape.items)

    def fit(self, data: RatingsData) -> Self:
        """To the train split: who clicked what, however often."""
        self.history = data.history
        weights = np.maximum(self.history.counts, 1) ** (-self.settings.rarity / 2)
        if self.settings.idf:
            weights = weights * inverse_frequencies(self.history.counts, self.shape.items)
        values = np.repeat(weights, self.history.counts).astype(np.float32)
        weighted = History(self.history.starts, self.history.others, values)
        squares = np.asarray(values, np.float64) ** 2
        totals = np.bincount(self.history.others, squares, minlength=self.shape.items)
        totals[totals == 0] = 1
        power, shrinkage = self.settings.popularity, self.settings.shrinkage

        def likeness(history: History, columns: History, item: int) -> Array:
            products = weighted_products(history, columns, item)
            norms = totals**power * totals[item] ** (1 - power)
            return np.asarray(products / (norms + shrinkage))

        self.near = nearest(weighted, self.shape.items, self.settings.neighbours, likeness)
        return self

    def remember(self, history: History) -> None:
        """Take what users have clicked, to score the known ones."""
        self.history = history

    @property
    def n_parameters(self) -> int:
        """All likenesses above 0."""
        return int(np.count_nonzero(self.near.likeness))

    def known(self, user: int) -> ClickTaste:
        """With what they have clicked."""
        return ClickTaste(self.near, *self.history[user])

    def guest(self, items: Integers, values: Floats) -> ClickTaste:
        """The same of anyone."""
        return ClickTaste(self.near, np.asarray(items, np.int32), np.asarray(values, np.float32))

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, user by user."""
        found = np.zeros(len(users))
        for user, rows in row_by_row(users):
            found[rows] = self.known(user).scores()[items[rows]]
        return found

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        return np.array([self.known(int(user)).scores() for user in users], np.float32)

    def alike(self, item: int) -> Array:
        """Likenesses, 0 with all but those that are kept; with itself the highest."""
        row = self.near.row(item)
        row[item] = max(1.0, float(row.max()))
        return row

    def arrays(self) -> Arrays:
        """Neighbours; what users have clicked is given by `remember`."""
        return self.near.arrays()

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        self.near = Neighbours.kept(taken(arrays, NEIGHBOURS), self.shape.items)


def inverse_frequencies(counts: npt.NDArray[np.int64], items: int) -> Array:
    """log(items / (1 + n)) / log(items) of users with n clicks, shape (users,); never below 0."""
    return np.asarray(np.maximum(1 - np.log1p(counts) / np.log(max(items, 2)), 0))


class ClickTaste(Taste):
    """A user as what they have clicked."""

    def __init__(self, near: Neighbours, items: Integers, values: Floats) -> None:
        self.near, self.items, self.values = near, items, values

    def scores(self) -> Array:
        """Sums of likenesses, shape (items,)."""
        near = self.near
        weights = near.likeness[self.items].ravel()
        found = np.bincount(near.items[self.items].ravel(), weights, minlength=len(near.items))
        return np.asarray(found, np.float64)

    def pulls(self, item: int) -> Sequence[Pull]:
        """The likeness of each clicked item: they add up to the score."""
        rows, places = np.nonzero(self.near.items[self.items] == item)
        return [
            Pull(int(self.items[row]), float(value))
            for row, place in zip(rows, places, strict=True)
            if (value := self.near.likeness[self.items[row], place]) > 0
        ]
