"""Item neighbours: what users rated or clicked, and what is like it.

knn       m + b_u + b_i + Σ_j s_ij (r_uj - m - b_u - b_j) / (Σ_j s_ij + d), over the k items j most
          like i of those that u has rated; s is the correlation of what biases leave, shrunk
          (Koren 2010, section 2.2)
item-knn  Σ_j s_ji over what u has clicked, j keeping its k nearest
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

import numpy as np
import numpy.typing as npt

from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Recommender, Shape, Taste, Term
from hornbook.ratings.models.keeping import Arrays, Keeping, parted, taken
from hornbook.ratings.models.likeness import NEIGHBOURS, Neighbours, Sums, nearest, shared
from hornbook.ratings.models.means import fit_biases
from hornbook.ratings.models.sparse import entries, nothing, row_by_row
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["KNN", "KNNSettings"]

Array = npt.NDArray[np.float64]
AT_ONCE = 2**22  # neighbours that are looked at together


@dataclass(frozen=True)
class KNNSettings(Settings):
    """Settings of item neighbours of ratings."""

    neighbours: Annotated[int, Bounds(1, 10_000), Range(10, 300, log=True)] = 60
    "Rated items, those most like an item, that predict its rating."
    kept: Annotated[int, Bounds(1, 10_000)] = 500
    "Items most like each that are kept, rated by the user or not."
    shrinkage: Annotated[float, Bounds(0, 1e6), Range(1, 1000, log=True)] = 120.0
    "Ratings in common at which a correlation counts for half."
    least: Annotated[int, Bounds(1, 10_000)] = 1
    "Fewest users who have rated both of two items that are alike."
    damping: Annotated[float, Bounds(0, 1e6)] = 0.1
    "Added to the sum of correlations: few and weak neighbours say less."
    user_penalty: Annotated[float, Bounds(0, 1e6)] = 5.0
    "Ridge penalty on the square of a user's bias."
    item_penalty: Annotated[float, Bounds(0, 1e6)] = 3.0
    "Ridge penalty on the square of an item's bias."


class KNN(Keeping, Recommender):
    """Baselines and the weighted mean of what neighbours leave over them."""

    Settings = KNNSettings
    kept = ("mean", "user_biases", "item_biases")
    item_biases: Floats = np.zeros(0, np.float32)

    def __init__(self, settings: KNNSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.mean = 0.0
        self.user_biases = np.zeros(shape.users, np.float32)
        self.item_biases = np.zeros(shape.items, np.float32)
        self.history = nothing(shape.users)
        self.near = Neighbours.none(shape.items)

    def fit(self, data: RatingsData) -> Self:
        """To the train split."""
        settings, train = self.settings, data.splits["train"]
        self.history = data.history
        self.mean, users, items = fit_biases(
            train, self.shape, settings.user_penalty, settings.item_penalty
        )
        self.user_biases, self.item_biases = users.astype(np.float32), items.astype(np.float32)
        of = np.repeat(np.arange(len(self.history)), self.history.counts)
        others = self.history.others
        over = self.history.values - self.mean - self.user_biases[of] - self.item_biases[others]
        left = History(self.history.starts, others, over.astype(np.float32))
        self.near = nearest(left, self.shape.items, settings.kept, self.correlations)
        return self

    def remember(self, history: History) -> None:
        """Take what users have rated: without it they are what their biases say."""
        self.history = history

    def correlations(self, history: History, columns: History, item: int) -> Array:
        """Of what is left of one item with each: shrunk, 0 where too few have rated both."""
        return shrunk_correlations(
            shared(history, columns, item), self.settings.shrinkage, self.settings.least
        )

    @property
    def n_parameters(self) -> int:
        """The mean, the biases and all likenesses above 0."""
        biases = len(self.user_biases) + len(self.item_biases)
        return 1 + biases + int(np.count_nonzero(self.near.likeness))

    def taste(self, bias: float, items: Integers, values: Floats) -> KNNTaste:
        """Of ratings."""
        left = values.astype(np.float64) - self.mean - bias - self.item_biases[items]
        return KNNTaste(self, bias, items, values, left)

    def known(self, user: int) -> KNNTaste:
        """With what they have rated."""
        return self.taste(float(self.user_biases[user]), *self.history[user])

    def guest(self, items: Integers, values: Floats) -> KNNTaste:
        """With a bias by ridge regression."""
        over = np.asarray(values, np.float64) - self.mean - self.item_biases[items]
        weight = len(items) + self.settings.user_penalty
        bias = float(over.sum() / weight) if len(items) else 0.0
        return self.taste(bias, np.asarray(items, np.int32), np.asarray(values, np.float32))

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, user by user, kept to the scale."""
        found = np.zeros(len(users))
        for user, rows in row_by_row(users):
            found[rows] = self.known(user).of(items[rows])
        return np.clip(found, self.shape.low, self.shape.high)

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        return np.array([self.known(int(user)).scores() for user in users], np.float32)

    def alike(self, item: int) -> Array:
        """Correlations of what is left, 0 with all but those that are kept."""
        return self.near.row(item)

    def arrays(self) -> Arrays:
        """Biases and neighbours; what users have rated is given by `remember`."""
        return {**super().arrays(), **self.near.arrays()}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        mine, others = parted(arrays, NEIGHBOURS)
        near = Neighbours.kept(taken(mine, NEIGHBOURS), self.shape.items)
        super().load_arrays(others)
        self.near = near


class KNNTaste(Taste):
    """A user as a bias and what their ratings leave over the baselines."""

    def __init__(
        self, model: KNN, bias: float, items: Integers, values: Floats, left: Array
    ) -> None:
        self.model, self.bias, self.items, self.values = model, bias, items, values
        self.left = np.zeros(model.shape.items)
        self.left[items] = left
        self.rated = np.zeros(model.shape.items, bool)
        self.rated[items] = True

    def shares(self, items: npt.NDArray[np.integer]) -> Array:
        """The weight of each neighbour of some items in their predictions, shape (N, K)."""
        near, settings = self.model.near, self.model.settings
        weights = near.likeness[items] * self.rated[near.items[items]].astype(np.float64)
        used = weights > 0
        weights *= used & (np.cumsum(used, axis=1) <= settings.neighbours)
        sums = weights.sum(1, keepdims=True) + settings.damping
        sums[sums == 0] = 1
        shares: Array = weights / sums
        return shares

    def of(self, items: npt.NDArray[np.integer]) -> Array:
        """Ratings of some items, shape (N,)."""
        model, found = self.model, np.zeros(len(items))
        size = max(1, AT_ONCE // model.near.items.shape[1])
        for start in range(0, len(items), size):
            some = items[start : start + size]
            added = (self.shares(some) * self.left[model.near.items[some]]).sum(1)
            found[start : start + size] = model.mean + self.bias + model.item_biases[some] + added
        return found

    def scores(self) -> Array:
        """Of all items, from what has a rated item among its neighbours."""
        model, n = self.model, self.model.shape.items
        rated = np.flatnonzero(self.rated)
        positions, counts = entries(model.near.turned.lists, rated)
        of, left = model.near.turned.lists.others[positions], np.repeat(self.left[rated], counts)
        weights = model.near.turned.lists.values[positions].astype(np.float64)
        if len(rated) > model.settings.neighbours:  # the most alike of each alone
            places = model.near.turned.places[positions]
            order = np.argsort(of.astype(np.int64) * model.near.items.shape[1] + places)
            starts = np.cumsum(np.bincount(of, minlength=n)) - np.bincount(of, minlength=n)
            nearest = np.arange(len(of)) - starts[of[order]] < model.settings.neighbours
            kept = order[nearest]
            of, left, weights = of[kept], left[kept], weights[kept]
        sums = np.bincount(of, weights, minlength=n) + model.settings.damping
        sums[sums == 0] = 1
        added = np.bincount(of, weights * left, minlength=n) / sums
        return np.asarray(model.mean + self.bias + model.item_biases + added, np.float64)

    def terms(self, item: int) -> Sequence[Term]:
        """Mean, biases, and what neighbours add."""
        model = self.model
        added = sum(pull.value for pull in self.pulls(item))
        return (
            Term("mean of all", model.mean),
            Term("bias of the user", self.bias),
            Term("bias of the item", float(model.item_biases[item])),
            Term("items like it", added),
        )

    def pulls(self, item: int) -> Sequence[Pull]:
        """What each neighbour adds: they add up to the term of the neighbours."""
        near = self.model.near.items[item]
        shares = self.shares(np.array([item]))[0]
        return [
            Pull(int(near[at]), float(shares[at] * self.left[near[at]]))
            for at in np.flatnonzero(shares)
        ]


def shrunk_correlations(sums: Sums, shrinkage: float, least: int) -> Array:
    """Correlations over the users of both, times (n - 1) / (n - 1 + shrinkage)."""
    roots = np.sqrt(sums.own * sums.theirs)
    enough = (sums.counts >= max(2, least)) & (roots > 0)
    freedom = np.maximum(sums.counts - 1, 0)
    weights = np.divide(freedom, (freedom + shrinkage) * roots, where=enough, out=roots * 0)
    return np.asarray(sums.products * weights)
