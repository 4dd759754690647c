"""EASE, a linear model of all pairs of items in closed form (Steck 2019).

Of all matrices B with a zero diagonal it has the one with the least ‖X - XB‖² + λ‖B‖², for X of 1
where a user has an item: with P = (XᵀX + λ)⁻¹ that is B = I - P / diag(P), column by column. A user
with items x has scores xB = x - (xP) / diag(P).

B is kept where it is small or users are many. With few users and many items nothing of items ×
items is ever made: by Woodbury's identity P = (I - XᵀGX) / λ with G = (XXᵀ + λ)⁻¹ of users × users.
That needs X itself, so such a model holds who has what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError
from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Recommender, Shape, Taste
from hornbook.ratings.models.ease_sides import EXACT, ByItems, ByUsers, Side
from hornbook.ratings.models.keeping import Arrays
from hornbook.ratings.models.sparse import nothing, row_by_row
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["EASE", "EASESettings"]

Array = npt.NDArray[np.float64]
SMALL = 4_000  # items up to which their weights are kept, though users be fewer
INVERTING = 4  # matrices that an inversion holds at its peak


@dataclass(frozen=True)
class EASESettings(Settings):
    """Settings of EASE."""

    penalty: Annotated[float, Bounds(0, 1e9, above=True), Range(10, 5000, log=True)] = 400.0
    "Ridge penalty on the squares of the weights (the paper's λ)."


class EASE(Recommender):
    """Weights from every item to every other."""

    Settings = EASESettings
    rates = False

    def __init__(self, settings: EASESettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.side: Side = (ByUsers if by_users(shape) else ByItems)(shape)
        self.history = nothing(shape.users)

    @classmethod
    def still_private(cls, shape: Shape) -> str:
        """Who has what, where that is what B is made from."""
        if by_users(shape):
            return "the model holds which items each user has, by number and without an id"
        return ""

    def fit(self, data: RatingsData) -> Self:
        """To the train split: who has what, however often or however rated.

        Raises:
            DataError: if the inverse would take more memory than there is.
        """
        self.refuse_too_large()
        self.history = data.history
        self.side.fit(data.history, self.settings.penalty)
        return self

    def remember(self, history: History) -> None:
        """Take what users have, to score the known ones."""
        self.history = history

    def refuse_too_large(self) -> None:
        """Say what is needed before it is taken.

        Raises:
            DataError: if there is less.
        """
        users = by_users(self.shape)
        side = self.shape.users if users else self.shape.items
        needed, there = INVERTING * side**2 * (8 if side <= EXACT else 4), available_memory()
        if there is None or needed <= there:
            return
        which = "users" if users else "items"
        raise DataError(
            f"EASE inverts a matrix of {side:,} × {side:,} ({which}), which takes "
            f"{needed / 2**30:.1f} GiB of memory; {there / 2**30:.1f} GiB are free.",
            hint="Train `item-knn` or `implicit-als`, which need no such matrix, or leave out "
            f"{which} with few clicks.",
        )

    @property
    def n_parameters(self) -> int:
        """The weights: one of each item to each other."""
        return self.shape.items * (self.shape.items - 1)

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        return self.side.scores(self.history, users)

    def weights(self, item: int) -> Array:
        """How much having each item adds to the score of one: a column of B, shape (items,)."""
        return self.side.column(item)

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, user by user."""
        found = np.zeros(len(users))
        for user, rows in row_by_row(users):
            found[rows] = self.scores(np.array([user], np.int32))[0, items[rows]]
        return found

    def known(self, user: int) -> EASETaste:
        """With what they have clicked."""
        return EASETaste(self, *self.history[user])

    def guest(self, items: Integers, values: Floats) -> EASETaste:
        """The same of anyone: no item counts twice."""
        return EASETaste(self, np.asarray(items, np.int32), np.asarray(values, np.float32))

    def alike(self, item: int) -> Array:
        """The weights from and to an item, their mean; itself the highest."""
        found = (self.side.product(np.array([item], np.int32)) + self.side.column(item)) / 2
        found[item] = -np.inf
        found[item] = max(1.0, float(found.max()))
        return found

    def arrays(self) -> Arrays:
        """B, or what it is made from."""
        return self.side.arrays()

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        self.side.load_arrays(arrays)
        if isinstance(self.side, ByUsers):
            self.history = self.side.history


class EASETaste(Taste):
    """A user as the items that they have."""

    def __init__(self, model: EASE, items: Integers, values: Floats) -> None:
        self.model, self.items, self.values = model, items, values

    def scores(self) -> Array:
        """xB, shape (items,)."""
        return self.model.side.product(np.unique(self.items))

    def pulls(self, item: int) -> Sequence[Pull]:
        """The weight of each item that they have: they add up to the score."""
        weights = self.model.weights(item)
        return [Pull(int(one), float(weights[one])) for one in np.unique(self.items)]


def by_users(shape: Shape) -> bool:
    """Whether a matrix of users × users is made: they are fewer, and the items many."""
    return shape.users < shape.items and shape.items > SMALL
