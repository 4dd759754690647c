"""Matrix factorisation by alternating least squares: users exactly, then items, and so on.

als           ratings: the least Σ (r_ui - m - b_u - b_i - p_u · q_i)² over what was rated, with
              ridge penalties (as Zhou and others 2008, biases fitted along with the vectors)
implicit-als  clicks: the least Σ c_ui (x_ui - p_u · q_i)² over all pairs, x = 1 where u clicked i
              and 0 elsewhere, with confidence c = 1 + α times the clicks (Hu, Koren and Volinsky
              2008): the zeros enter as one matrix QᵀQ that all users share
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

import numpy as np
import numpy.typing as npt

from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Shape, Term
from hornbook.ratings.models.dot_product import NOTHING, DotProduct, DotTaste
from hornbook.ratings.models.keeping import Keeping
from hornbook.ratings.models.means import fit_biases
from hornbook.ratings.models.sparse import padded, transposed
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = [
    "ALS",
    "ALSSettings",
    "ImplicitALS",
    "ImplicitALSSettings",
    "solve_clicks",
    "solve_ratings",
]

Array = npt.NDArray[np.float64]
NUMBERS = 2**22  # numbers of gathered vectors at a time


@dataclass(frozen=True)
class ALSSettings(Settings):
    """Settings of alternating least squares for ratings."""

    size: Annotated[int, Bounds(1, 1_024), Range(8, 128, log=True)] = 32
    "Numbers in a vector."
    rounds: Annotated[int, Bounds(1, 1_000)] = 10
    "How often users and items are solved for."
    penalty: Annotated[float, Bounds(0, 1e6, above=True), Range(1, 100, log=True)] = 8.0
    "Ridge penalty on the squares of the vectors, of each user and item."
    penalty_per_rating: Annotated[float, Bounds(0, 1e6)] = 0.04
    "What is added to it for each rating of the user or of the item."
    bias_penalty: Annotated[float, Bounds(0, 1e6, above=True)] = 4.0
    "Ridge penalty on the squares of the biases."
    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    "Of the vectors of items that it begins with."


@dataclass(frozen=True)
class ImplicitALSSettings(Settings):
    """Settings of alternating least squares for clicks."""

    size: Annotated[int, Bounds(1, 1_024), Range(16, 256, log=True)] = 64
    "Numbers in a vector."
    rounds: Annotated[int, Bounds(1, 1_000)] = 15
    "How often users and items are solved for."
    penalty: Annotated[float, Bounds(0, 1e6, above=True), Range(3, 300, log=True)] = 30.0
    "Ridge penalty on the squares of the vectors."
    confidence: Annotated[float, Bounds(0, 1e6, above=True), Range(0.5, 50, log=True)] = 3.0
    "How much more a click counts than no click (the paper's α)."
    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    "Of the vectors of items that it begins with."


class Factors(Keeping, DotProduct):
    """Vectors of users and items from alternating least squares."""

    settings: ALSSettings | ImplicitALSSettings
    kept: ClassVar[tuple[str, ...]] = ("user_vectors", "item_vectors")

    def __init__(self, settings: ALSSettings | ImplicitALSSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.user_biases = np.zeros(shape.users, np.float32)
        self.item_biases = np.zeros(shape.items, np.float32)
        self.user_vectors = np.zeros((shape.users, settings.size), np.float32)
        self.item_vectors = np.zeros((shape.items, settings.size), np.float32)

    def initial(self, n: int) -> Array:
        """Vectors to begin with, shape (n, size)."""
        random = np.random.default_rng(self.settings.seed)
        return random.normal(scale=0.1, size=(n, self.settings.size))

    @property
    def n_parameters(self) -> int:
        """The numbers in all arrays."""
        return sum(array.size for array in self.arrays().values())


class ALS(Factors):
    """Biases and vectors of users and items, for ratings."""

    Settings = ALSSettings
    kept = ("mean", "user_biases", "item_biases", *Factors.kept)
    settings: ALSSettings

    def __init__(self, settings: ALSSettings, shape: Shape) -> None:
        super().__init__(settings, shape)
        self.low, self.high = shape.low, shape.high

    def fit(self, data: RatingsData) -> Self:
        """To the train split, from biases alone."""
        train, shape = data.splits["train"], self.shape
        self.history = data.history
        by_item = transposed(data.history, shape.items)
        penalty = self.settings.bias_penalty
        self.mean, _, biases = fit_biases(train, shape, penalty, penalty)
        items = np.concatenate([biases[:, None], self.initial(shape.items)], axis=1)
        items[by_item.counts == 0] = 0
        users = np.zeros((shape.users, items.shape[1]))
        for _ in range(self.settings.rounds):
            users = solve_ratings(self.history, items, self.mean, self.penalties)
            items = solve_ratings(by_item, users, self.mean, self.penalties)
        # Users last: they are then what a guest with their ratings is.
        users = solve_ratings(self.history, as_kept(items), self.mean, self.penalties)
        self.user_biases, self.user_vectors = users[:, 0].astype("f4"), users[:, 1:].astype("f4")
        self.item_biases, self.item_vectors = items[:, 0].astype("f4"), items[:, 1:].astype("f4")
        return self

    def penalties(self, n: int) -> tuple[float, float]:
        """Of the bias and of the vector of a user or an item with n ratings."""
        each = self.settings.penalty_per_rating * n
        return self.settings.bias_penalty + each, self.settings.penalty + each


class ImplicitALS(Factors):
    """Vectors of users and items, for clicks."""

    Settings = ImplicitALSSettings
    settings: ImplicitALSSettings
    rates = False

    def fit(self, data: RatingsData) -> Self:
        """To the train split."""
        self.history = data.history
        by_item = transposed(data.history, self.shape.items)
        alpha, penalty = self.settings.confidence, self.settings.penalty
        items = self.initial(self.shape.items)
        items[by_item.counts == 0] = 0
        for _ in range(self.settings.rounds):
            users = solve_clicks(self.history, items, alpha, penalty)
            items = solve_clicks(by_item, users, alpha, penalty)
        users = solve_clicks(self.history, as_kept(items), alpha, penalty)
        self.user_vectors, self.item_vectors = users.astype("f4"), items.astype("f4")
        return self

    @property
    def gram(self) -> Array:
        """QᵀQ + λ, shape (size, size): what no clicks say."""
        vectors = self.item_vectors.astype(np.float64)
        return vectors.T @ vectors + self.settings.penalty * np.eye(vectors.shape[1])

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """The vector that suits some clicks, items as they are."""
        matrix, rows, confidence = self.clicked(items, values)
        solved = np.linalg.solve(matrix, rows.T @ (1 + confidence))
        return 0.0, np.asarray(solved, np.float64)

    def clicked(self, items: Integers, values: Floats) -> tuple[Array, Array, Array]:
        """The matrix of a user's system, (D, D), the vectors, (K, D), and α times clicks, (K,)."""
        rows = self.item_vectors[items].astype(np.float64)
        confidence = self.settings.confidence * np.asarray(values, np.float64)
        return self.gram + rows.T @ (rows * confidence[:, None]), rows, confidence

    def known(self, user: int) -> ClickedTaste:
        """With what they have clicked, if it is remembered."""
        items, values = NOTHING if self.history is None else self.history[user]
        return ClickedTaste(self, 0.0, self.user_vectors[user].astype(np.float64), items, values)

    def guest(self, items: Integers, values: Floats) -> ClickedTaste:
        """Folded in."""
        return ClickedTaste(self, *self.fold(items, values), items, values)


class ClickedTaste(DotTaste):
    """A user as a vector that clicks explain."""

    model: ImplicitALS

    def terms(self, item: int) -> Sequence[Term]:
        """The product alone."""
        return super().terms(item)[-1:]

    def pulls(self, item: int) -> Sequence[Pull]:
        """What each click adds: q · A⁻¹ q_j c_j (Hu, Koren and Volinsky 2008, section 5)."""
        if not len(self.items):
            return ()
        matrix, rows, confidence = self.model.clicked(self.items, self.values)
        asked = self.model.item_vectors[item].astype(np.float64)
        added = rows @ np.linalg.solve(matrix, asked) * (1 + confidence)
        return [
            Pull(int(one), value) for one, value in zip(self.items, added.tolist(), strict=True)
        ]


def as_kept(items: Array) -> Array:
    """Rounded as they are kept."""
    return items.astype(np.float32).astype(np.float64)


def solve_ratings(
    history: History,
    others: Array,
    mean: float,
    penalties: Callable[[int], tuple[float, float]],
) -> Array:
    """The biases and vectors that suit ratings best.

    Args:
        history: the ratings of each user (or of each item).
        others: biases and vectors of the items (or users), shape (n, 1 + D), biases first.
        mean: of all.
        penalties: λ of the bias and of the vector, from the number of ratings.

    Returns:
        Biases and vectors, shape (len(history), 1 + D); 0 where nothing was rated.
    """
    width = others.shape[1]
    found = np.zeros((len(history), width))
    for rows, positions, inside in padded(history, NUMBERS // width):
        picked = history.others[positions]  # (R, L)
        vectors = others[picked]  # (R, L, 1 + D)
        values = history.values[positions].astype(np.float64)
        left = (values - mean - vectors[..., 0]) * inside
        vectors[..., 0] = 1
        vectors *= inside[..., None]
        matrix = vectors.transpose(0, 2, 1) @ vectors
        both = np.array([penalties(int(n)) for n in history.counts[rows]])
        matrix[:, range(width), range(width)] += np.where(
            np.arange(width) == 0, both[:, :1], both[:, 1:]
        )
        right = vectors.transpose(0, 2, 1) @ left[..., None]
        found[rows] = np.linalg.solve(matrix, right)[..., 0]
    return found


def solve_clicks(history: History, others: Array, alpha: float, penalty: float) -> Array:
    """The vectors that suit clicks, and what was not clicked, best.

    Args:
        history: the clicks of each user (or of each item).
        others: vectors of the items (or users), shape (n, D).
        alpha: how much more a click counts.
        penalty: λ.

    Returns:
        Vectors, shape (len(history), D); 0 where nothing was clicked.
    """
    width = others.shape[1]
    found = np.zeros((len(history), width))
    shared = others.T @ others + penalty * np.eye(width)
    for rows, positions, inside in padded(history, NUMBERS // width):
        vectors = others[history.others[positions]]  # (R, L, D)
        confidence = alpha * history.values[positions] * inside
        matrix = vectors.transpose(0, 2, 1) @ (vectors * confidence[..., None]) + shared
        right = vectors.transpose(0, 2, 1) @ ((confidence + 1) * inside)[..., None]
        found[rows] = np.linalg.solve(matrix, right)[..., 0]
    return found
