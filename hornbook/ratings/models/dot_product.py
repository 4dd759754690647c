"""The sum that most models of ratings are: mean + b_u + b_i + p_u · q_i, and guests folded into it.

A guest gets the bias and the vector that fit their ratings best, all items as they are: θ = (b, p)
with the least ½ Σ (r_i - f(m + b_i + a_i · θ))² + ½ (θ - θ₀)ᵀ Λ (θ - θ₀), where a_i = (1, q_i), f
squashes or does nothing, and Λ is diagonal. Without squashing that is one ridge regression (what
alternating least squares does for every user); with it, damped Gauss-Newton.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Recommender, Taste, Term

__all__ = ["DotProduct", "DotTaste", "Stretched", "cosines"]

Array = npt.NDArray[np.float64]
ROUNDS = 100  # of Gauss-Newton at most; a guest needs about ten
NOTHING: tuple[Integers, Floats] = (np.zeros(0, np.int32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Stretched:
    """The sigmoid from `low` to `high`: low + (high - low) σ(x)."""

    low: float
    high: float

    def __call__(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Of any shape, in the type that it has."""
        # σ(x) = (1 + tanh(x / 2)) / 2 overflows nowhere.
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        stretched: npt.NDArray[Any] = middle + half * np.tanh(x / 2)
        return stretched

    def slope(self, y: Array) -> Array:
        """The derivative where the value is y."""
        return (y - self.low) * (self.high - y) / (self.high - self.low)


class DotTaste(Taste):
    """A user as a bias and a vector."""

    def __init__(
        self, model: DotProduct, bias: float, vector: Array, items: Integers, values: Floats
    ) -> None:
        self.model, self.bias, self.vector = model, bias, vector
        self.items, self.values = items, values

    def scores(self) -> Array:
        """Squashed where the model squashes."""
        model = self.model
        sums = model.mean + self.bias + model.item_biases + model.item_vectors @ self.vector
        return np.asarray(sums if model.squash is None else model.squash(sums), np.float64)

    def terms(self, item: int) -> Sequence[Term]:
        """Mean, biases and product, before squashing."""
        model = self.model
        return (
            Term("mean of all", model.mean),
            Term("bias of the user", self.bias),
            Term("bias of the item", float(model.item_biases[item])),
            Term("product of the vectors", float(model.item_vectors[item] @ self.vector)),
        )

    def pulls(self, item: int) -> Sequence[Pull]:
        """What each rating adds to the bias of the user and the product of the vectors.

        At the best fit θ - θ₀ = A⁻¹ Σ s_j a_j (s_j a_j · (θ - θ₀) + e_j), with slopes s_j (1
        without squashing), errors e_j and A = Λ + Σ s_j² a_j a_jᵀ: a sum over ratings (Hu, Koren
        and Volinsky 2008, section 5).
        """
        if not len(self.items):
            return ()
        theta = np.concatenate([[self.bias], self.vector])
        system = self.model.system(self.items, self.values, theta)
        asked = self.model.rows(np.array([item], np.int32))[0]
        moved = system.slopes * (system.rows @ (theta - system.prior)) + system.errors
        weights = system.weighted @ np.linalg.solve(system.matrix, asked)
        values = (weights * moved).tolist()
        return [Pull(int(one), v) for one, v in zip(self.items, values, strict=True)]


@dataclass(frozen=True)
class System:
    """The linear system of a step of Gauss-Newton for K ratings and vectors of size D."""

    rows: Array
    "a, shape (K, 1 + D)."
    slopes: Array
    "Shape (K,)."
    errors: Array
    "Shape (K,)."
    penalties: Array
    "The diagonal of Λ, shape (1 + D,)."
    prior: Array
    "θ₀, shape (1 + D,)."

    @property
    def weighted(self) -> Array:
        """s_j a_j, shape (K, 1 + D)."""
        return self.rows * self.slopes[:, None]

    @property
    def matrix(self) -> Array:
        """A, shape (1 + D, 1 + D)."""
        return np.diag(self.penalties) + self.weighted.T @ self.weighted

    def cost(self, theta: Array) -> float:
        """What is minimised."""
        away = theta - self.prior
        return 0.5 * float(self.errors @ self.errors + away @ (self.penalties * away))


class DotProduct(Recommender):
    """mean + b_u + b_i + p_u · q_i, squashed or not.

    A model that is fitted or trained gives these attributes:

    Attributes:
        mean: of all.
        user_biases: shape (users,).
        item_biases: shape (items,).
        user_vectors: shape (users, D).
        item_vectors: shape (items, D).
        squash: the sigmoid stretched to the scale, or None.
        low: the lowest prediction; -inf where nothing is a rating.
        high: the highest prediction.
        history: what users have rated in train, where that is at hand; `remember` sets it.
    """

    mean: float = 0.0
    user_biases: Floats = np.zeros(0, np.float32)
    item_biases: Floats = np.zeros(0, np.float32)
    user_vectors: Floats = np.zeros((0, 0), np.float32)
    item_vectors: Floats = np.zeros((0, 0), np.float32)
    squash: Stretched | None = None
    low: float = -np.inf
    high: float = np.inf
    history: History | None = None

    def penalties(self, n: int) -> tuple[float, float]:
        """Ridge penalties λ of the bias and of each number of the vector of a user of n ratings.

        In the units of ½ Σ errors² + ½ λ θ²: both above 0 where n is.
        """
        return 1.0, 1.0

    @property
    def prior(self) -> Array:
        """Bias and vector of a user of whom nothing is known, shape (1 + D,)."""
        return np.zeros(1 + self.item_vectors.shape[1])

    def remember(self, history: History) -> None:
        """Take what users have rated, for the reasons of known users."""
        self.history = history

    def rows(self, items: Integers) -> Array:
        """a = (1, q), shape (K, 1 + D)."""
        vectors = self.item_vectors[items].astype(np.float64)
        return np.concatenate([np.ones((len(items), 1)), vectors], axis=1)

    def system(self, items: Integers, values: Floats, theta: Array) -> System:
        """The linear system at some θ, shape (1 + D,)."""
        rows = self.rows(items)
        sums = self.mean + self.item_biases[items] + rows @ theta
        given = np.asarray(values, np.float64)
        bias, vector = self.penalties(len(items))
        penalties = np.full(len(theta), vector, np.float64)
        penalties[0] = bias
        if self.squash is None:
            return System(rows, np.ones(len(items)), given - sums, penalties, self.prior)
        squashed = self.squash(sums)
        return System(rows, self.squash.slope(squashed), given - squashed, penalties, self.prior)

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """The bias and the vector that suit some ratings, items as they are.

        Args:
            items: shape (K,).
            values: shape (K,).

        Returns:
            Bias and vector, of shape (D,).
        """
        theta = self.prior
        if not len(items):
            return float(theta[0]), theta[1:]
        system = self.system(items, values, theta)
        for _ in range(ROUNDS):
            away = theta - system.prior
            downhill = system.weighted.T @ system.errors - system.penalties * away
            step = np.linalg.solve(system.matrix, downhill)
            # Half the step, until it goes down; the first is the minimum without squashing.
            tried = self.system(items, values, theta + step)
            while not tried.cost(theta + step) <= system.cost(theta) and np.abs(step).max() > 1e-12:
                step = step / 2
                tried = self.system(items, values, theta + step)
            theta, system = theta + step, tried
            if self.squash is None or np.abs(step).max() <= 1e-9:
                break
        return float(theta[0]), theta[1:]

    def sums(self, users: Integers, items: Integers) -> Array:
        """What pairs are before squashing, shape (N,)."""
        found: Array = np.einsum(
            "nd,nd->n", self.user_vectors[users], self.item_vectors[items], dtype=np.float64
        )
        found += self.mean + self.user_biases[users] + self.item_biases[items]
        return found

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, kept to the scale."""
        sums = self.sums(users, items)
        return np.clip(sums if self.squash is None else self.squash(sums), self.low, self.high)

    def scores(self, users: Integers) -> npt.NDArray[np.float32]:
        """Of all items, shape (len(users), items)."""
        sums = self.user_vectors[users] @ self.item_vectors.T
        sums += self.mean + self.item_biases
        sums += self.user_biases[users][:, None]
        return np.asarray(sums if self.squash is None else self.squash(sums), np.float32)

    def known(self, user: int) -> Taste:
        """With what they have rated, if it is remembered."""
        items, values = NOTHING if self.history is None else self.history[user]
        vector = self.user_vectors[user].astype(np.float64)
        return DotTaste(self, float(self.user_biases[user]), vector, items, values)

    def guest(self, items: Integers, values: Floats) -> Taste:
        """Folded in."""
        bias, vector = self.fold(items, values)
        return DotTaste(self, bias, vector, items, values)

    def alike(self, item: int) -> Array:
        """The cosines of item vectors."""
        return cosines(self.item_vectors, item)


def cosines(vectors: npt.NDArray[np.float32], row: int) -> Array:
    """Of one row with each, shape (rows,); 0 where a vector is all zero."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    products = np.asarray(vectors @ vectors[row], np.float64)
    both = lengths * lengths[row]
    found: Array = np.divide(products, both, out=np.zeros(len(vectors)), where=both > 0)
    return found
