"""The weights B of EASE, held as they are, or as a matrix of users × users and who has what."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.keeping import HISTORY, Arrays, history_arrays, history_from, taken
from hornbook.ratings.models.sparse import (
    blocks,
    dense,
    dense_columns,
    entries,
    nothing,
    transposed,
)

__all__ = ["ByItems", "ByUsers", "Side", "gram"]

Array = npt.NDArray[np.float64]
EXACT = 4_096  # users or items up to which the inverse is made in float64
AT_ONCE = 2**23  # numbers of a dense block
DENSE = 32  # a dense product is worth it from one entry in so many


class Side(ABC):
    """The weights of all items to all others, however they are held.

    Args:
        shape: of the data.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    @abstractmethod
    def fit(self, history: History, penalty: float) -> Self:
        """To who has what, with the ridge penalty λ."""

    @abstractmethod
    def scores(self, history: History, users: Integers) -> Floats:
        """xB of some users, shape (len(users), items)."""

    @abstractmethod
    def product(self, items: Integers) -> Array:
        """xB for x of 1 at some items, each once; shape (items,)."""

    @abstractmethod
    def column(self, item: int) -> Array:
        """How much having each item adds to the score of one: a column of B, shape (items,)."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """All that it holds, by name."""

    @abstractmethod
    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not its own.
        """


class ByItems(Side):
    """B as it is, shape (items, items): nothing of any one user is in it."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.weights: Floats = np.zeros((0, 0), np.float32)

    def fit(self, history: History, penalty: float) -> Self:
        """B = I - P / diag(P)."""
        shape = self.shape
        if shape.users < shape.items:
            inverse = inverted(transposed(history, shape.items), history, penalty)
            x = dense(history, np.arange(shape.users), shape.items).astype(inverse.dtype)
            p = (np.eye(shape.items, dtype=x.dtype) - x.T @ (inverse @ x)) / penalty
        else:
            p = inverted(history, transposed(history, shape.items), penalty)
        weights = p / -p.diagonal()
        np.fill_diagonal(weights, 0)
        self.weights = weights.astype(np.float32)
        return self

    def scores(self, history: History, users: Integers) -> Floats:
        """One product, or sums of rows where users have little."""
        items = self.shape.items
        if DENSE * history.counts[users].sum() > len(users) * items:
            return np.asarray(dense(history, users, items) @ self.weights, np.float32)
        found = np.empty((len(users), items), np.float32)
        for at, user in enumerate(users):
            found[at] = self.product(history[int(user)][0])
        return found

    def product(self, items: Integers) -> Array:
        """The sum of rows."""
        return np.asarray(self.weights[items].sum(0, dtype=np.float64))

    def column(self, item: int) -> Array:
        """As it is held."""
        return self.weights[:, item].astype(np.float64)

    def arrays(self) -> Arrays:
        """B."""
        return {"weights": self.weights}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave."""
        items = self.shape.items
        self.weights = taken(arrays, {"weights": (items, items)})["weights"]


class ByUsers(Side):
    """G = (XXᵀ + λ)⁻¹ of users × users, and X: xP = (x - xXᵀGX) / λ, whatever x."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.inverse: npt.NDArray[Any] = np.zeros((0, 0), np.float32)
        self.diagonal = np.ones(shape.items)
        self.penalty = np.ones(1)
        self.history = nothing(shape.users)
        self.turned: History | None = None

    @property
    def columns(self) -> History:
        """The users of each item; made when first asked for."""
        if self.turned is None:
            self.turned = transposed(self.history, self.shape.items)
        return self.turned

    def parts(self) -> Iterator[slice]:
        """Items in blocks whose columns fit."""
        return blocks(self.shape.items, max(1, AT_ONCE // self.shape.users))

    def fit(self, history: History, penalty: float) -> Self:
        """G, and the diagonal of P."""
        self.history, self.turned, self.penalty = history, None, np.array([penalty])
        self.inverse = inverted(self.columns, history, penalty)
        quadratic = np.zeros(self.shape.items)  # xᵀGx of each column x of X
        for part in self.parts():
            x = dense_columns(self.columns, part, self.shape.users)
            quadratic[part] = np.einsum("ui,ui->i", x, self.inverse @ x, dtype=np.float64)
        self.diagonal = (1 - quadratic) / penalty
        return self

    def scores(self, history: History, users: Integers) -> Floats:
        """For a user in train xP is a row of GX."""
        x = dense(self.history, users, self.shape.items)
        product = np.empty(x.shape)
        rows = self.inverse[users]
        for part in self.parts():
            product[:, part] = rows @ dense_columns(self.columns, part, self.shape.users)
        return np.asarray(x - product / self.diagonal, np.float32)

    def inner(self, items: Integers) -> Array:
        """xP."""
        x = np.zeros(self.shape.items)
        x[items] = 1
        positions, _ = entries(self.columns, items)
        common = np.bincount(self.columns.others[positions], minlength=self.shape.users)
        folded = common @ self.inverse  # (users,)
        back = np.bincount(
            self.history.others,
            np.repeat(folded, self.history.counts),
            minlength=self.shape.items,
        )
        return np.asarray((x - back) / self.penalty)

    def product(self, items: Integers) -> Array:
        """x - xP / diag(P)."""
        found = -self.inner(items) / self.diagonal
        found[items] += 1
        return np.asarray(found)

    def column(self, item: int) -> Array:
        """P is symmetric: a row of it is a column."""
        found = np.asarray(-self.inner(np.array([item], np.int32)) / self.diagonal[item])
        found[item] = 0
        return found

    def arrays(self) -> Arrays:
        """G, the diagonal of P, λ, and who has what."""
        return {
            "inverse": self.inverse,
            "diagonal": self.diagonal,
            "penalty": self.penalty,
            **history_arrays(self.history),
        }

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave."""
        users, items = self.shape.users, self.shape.items
        shapes = {"inverse": (users, users), "diagonal": (items,), "penalty": (1,)}
        found = taken(arrays, {**shapes, **HISTORY})
        self.inverse, self.diagonal = found["inverse"], found["diagonal"]
        self.penalty, self.turned = found["penalty"], None
        self.history = history_from(found, users, items)


def inverted(history: History, columns: History, penalty: float) -> npt.NDArray[Any]:
    """(XᵀX + λ)⁻¹ of the columns of a history."""
    return np.linalg.inv(gram(history, columns, penalty))


def gram(history: History, columns: History, penalty: float) -> npt.NDArray[Any]:
    """XᵀX + λ of the columns of a history; float64 where its inverse is cheap."""
    n = len(columns)
    found = np.empty((n, n), np.float64 if n <= EXACT else np.float32)
    for column in range(n):
        positions, _ = entries(history, columns[column][0])
        found[column] = np.bincount(history.others[positions], minlength=n)
    found[np.diag_indices(n)] += penalty
    return found
