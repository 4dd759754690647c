"""Ratings without taste: the mean of all, of each user and item, and biases fitted together.

mean      m
means     m + Σ_i (r_ui - m) / (n_u + s_u) + Σ_u (r_ui - m) / (n_i + s_i), shrunk each for itself
biases    m + b_u + b_i with the least Σ (r_ui - m - b_u - b_i)² + λ_u Σ b_u² + λ_i Σ b_i²
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, Integers, Interactions
from hornbook.ratings.models.contract import Recommender, Shape, Term
from hornbook.ratings.models.dot_product import DotProduct, DotTaste
from hornbook.ratings.models.keeping import Arrays, Keeping, parted, taken
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = [
    "BiasSettings",
    "Biases",
    "Mean",
    "MeanSettings",
    "Means",
    "MeansSettings",
    "fit_biases",
]

Array = npt.NDArray[np.float64]
CLOSE = 1e-7  # change of a bias from which on the fit has converged
ROUNDS = 1_000


@dataclass(frozen=True)
class MeanSettings(Settings):
    """Settings of the mean: none."""


@dataclass(frozen=True)
class MeansSettings(Settings):
    """Settings of means with shrinkage."""

    user_shrinkage: Annotated[float, Bounds(0, 1e6), Range(1, 100, log=True)] = 15.0
    "How many ratings at the mean of all are added to those of each user."
    item_shrinkage: Annotated[float, Bounds(0, 1e6), Range(1, 100, log=True)] = 5.0
    "How many ratings at the mean of all are added to those of each item."


@dataclass(frozen=True)
class BiasSettings(Settings):
    """Settings of biases."""

    user_penalty: Annotated[float, Bounds(0, 1e6), Range(0.5, 50, log=True)] = 5.0
    "Ridge penalty on the square of a user's bias."
    item_penalty: Annotated[float, Bounds(0, 1e6), Range(0.5, 50, log=True)] = 3.0
    "Ridge penalty on the square of an item's bias."
    tune: bool = False
    "Choose the two penalties on a tenth of train that is held out, then fit to all of it."


class Mean(Keeping, DotProduct):
    """The mean of all ratings, and the base of models that have biases and no vectors."""

    Settings: ClassVar[type[Any]] = MeanSettings
    kept: ClassVar[tuple[str, ...]] = ("mean",)

    def __init__(self, settings: Any, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.low, self.high = shape.low, shape.high
        self.user_biases = np.zeros(shape.users, np.float32)
        self.item_biases = np.zeros(shape.items, np.float32)
        self.user_vectors = np.zeros((shape.users, 0), np.float32)
        self.item_vectors = np.zeros((shape.items, 0), np.float32)

    def fit(self, data: RatingsData) -> Self:
        """To the train split."""
        self.history = data.history
        self.mean = float(data.splits["train"].values.mean(dtype=np.float64))
        return self

    @property
    def n_parameters(self) -> int:
        """The mean."""
        return 1

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """Nothing is learned of a guest."""
        return 0.0, np.zeros(0)

    def known(self, user: int) -> BiasTaste:
        """With what they have rated, if it is remembered."""
        return BiasTaste.of(super().known(user))

    def guest(self, items: Integers, values: Floats) -> BiasTaste:
        """Folded in."""
        return BiasTaste.of(super().guest(items, values))

    def alike(self, item: int) -> Array:
        """Nothing tells items apart.

        Raises:
            SettingsError: always.
        """
        return Recommender.alike(self, item)


class BiasTaste(DotTaste):
    """A user as a bias."""

    @classmethod
    def of(cls, taste: Any) -> BiasTaste:
        """Without the vector, which is empty."""
        return cls(taste.model, taste.bias, taste.vector, taste.items, taste.values)

    def terms(self, item: int) -> Sequence[Term]:
        """Mean and biases, if the model has them."""
        terms = super().terms(item)[:-1]
        return terms[:1] if type(self.model) is Mean else terms

    def pulls(self, item: int) -> Sequence[Any]:
        """None: a user's ratings count alike for every item."""
        return ()


class Means(Mean):
    """Means of users and items, each shrunk towards the mean of all."""

    Settings: ClassVar[type[Any]] = MeansSettings
    kept = ("mean", "user_biases", "item_biases")

    def fit(self, data: RatingsData) -> Self:
        """To the train split."""
        super().fit(data)
        train = data.splits["train"]
        over = train.values - self.mean
        self.user_biases = shrunk(train.users, over, self.shape.users, self.settings.user_shrinkage)
        self.item_biases = shrunk(train.items, over, self.shape.items, self.settings.item_shrinkage)
        return self

    @property
    def n_parameters(self) -> int:
        """The mean, and a bias of each user and item."""
        return 1 + len(self.user_biases) + len(self.item_biases)

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """The shrunk mean of the ratings, whatever was rated."""
        over = np.asarray(values, np.float64) - self.mean
        weight = len(items) + self.settings.user_shrinkage
        return (float(over.sum() / weight) if len(items) else 0.0), np.zeros(0)


class Biases(Means):
    """Biases of users and items, fitted together by ridge regression."""

    Settings = BiasSettings

    def __init__(self, settings: BiasSettings, shape: Shape) -> None:
        super().__init__(settings, shape)
        self.chosen = (settings.user_penalty, settings.item_penalty)

    def fit(self, data: RatingsData) -> Self:
        """To the train split, the penalties chosen first where that is asked for."""
        self.history = data.history
        train = data.splits["train"]
        if self.settings.tune and len(train) > 1:
            self.chosen = choose_penalties(train, self.shape)
        self.mean, users, items = fit_biases(train, self.shape, *self.chosen)
        self.user_biases, self.item_biases = users.astype(np.float32), items.astype(np.float32)
        return self

    def penalties(self, n: int) -> tuple[float, float]:
        """That of a user's bias."""
        return self.chosen[0], 1.0

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """The bias by ridge regression, biases of items as they are."""
        return DotProduct.fold(self, items, values)

    def arrays(self) -> Arrays:
        """Mean, biases and penalties."""
        return {**super().arrays(), "penalties": np.array(self.chosen)}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        mine, others = parted(arrays, ("penalties",))
        users, items = taken(mine, {"penalties": (2,)})["penalties"].tolist()
        super().load_arrays(others)
        self.chosen = (users, items)


def shrunk(of: Integers, over: npt.NDArray[Any], n: int, shrinkage: float) -> Floats:
    """Sums of each over their number and some more; 0 where there are none."""
    sums = np.bincount(of, over, minlength=n)
    weights = np.bincount(of, minlength=n) + shrinkage
    weights[weights == 0] = 1
    return np.asarray(sums / weights, np.float32)


def fit_biases(
    rows: Interactions, shape: Shape, user_penalty: float, item_penalty: float
) -> tuple[float, Array, Array]:
    """Mean, biases of users and of items, alternating exact solutions until nothing moves.

    Args:
        rows: what to fit.
        shape: how many users and items there are.
        user_penalty: λ_u.
        item_penalty: λ_i.

    Returns:
        The mean of all, and biases of shapes (users,) and (items,).
    """
    mean = float(rows.values.mean(dtype=np.float64))
    over = rows.values - mean
    users, items = np.zeros(shape.users), np.zeros(shape.items)
    by_user = np.bincount(rows.users, minlength=shape.users) + user_penalty
    by_item = np.bincount(rows.items, minlength=shape.items) + item_penalty
    by_user[by_user == 0], by_item[by_item == 0] = 1, 1
    of_user = np.bincount(rows.users, over, minlength=shape.users)
    of_item = np.bincount(rows.items, over, minlength=shape.items)
    for _ in range(ROUNDS):
        theirs = np.bincount(rows.items, users[rows.users], minlength=shape.items)
        items = (of_item - theirs) / by_item
        theirs = np.bincount(rows.users, items[rows.items], minlength=shape.users)
        moved = (of_user - theirs) / by_user
        change = float(np.abs(moved - users).max())
        users = moved
        if change < CLOSE:
            break
    return mean, users, items


def choose_penalties(rows: Interactions, shape: Shape) -> tuple[float, float]:
    """The two penalties with the least error on a tenth of the rows, by coordinate descent."""
    held = np.random.default_rng(0).random(len(rows)) < 0.1
    if held.all() or not held.any():
        held[:1], held[1:] = True, False
    kept, out = rows.take(~held), rows.take(held)

    def error(users: float, items: float) -> float:
        mean, of_user, of_item = fit_biases(kept, shape, users, items)
        away = out.values - mean - of_user[out.users] - of_item[out.items]
        return float(away @ away)

    tried: dict[tuple[float, float], float] = {}
    at = (4.0, 4.0)
    while True:
        near = [
            at,
            *((at[0] * f, at[1]) for f in (0.5, 2)),
            *((at[0], at[1] * f) for f in (0.5, 2)),
        ]
        for pair in near:
            if pair not in tried and min(pair) > 1e-3 and max(pair) < 1e5:
                tried[pair] = error(*pair)
        best = min((pair for pair in near if pair in tried), key=tried.__getitem__)
        if best == at:
            return at
        at = best
