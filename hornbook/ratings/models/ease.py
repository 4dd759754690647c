"""EASE, a linear model of all pairs of items in closed form (Steck 2019).

Of all matrices B with a zero diagonal it has the one with the least ‖X - XB‖² + λ‖B‖², for X of 1
where a user has an item: with P = (XᵀX + λ)⁻¹ that is B = I - P / diag(P), column by column. A user
with items x has scores xB = x - (xP) / diag(P).

With fewer users than items nothing of items × items is ever made: by Woodbury's identity
P = (I - XᵀGX) / λ with G = (XXᵀ + λ)⁻¹, of users × users; for a user in train xP is a row of GX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Pull, Recommender, Shape, Taste
from hornbook.ratings.models.keeping import HISTORY, Arrays, history_arrays, history_from, taken
from hornbook.ratings.models.sparse import (
    blocks,
    dense,
    dense_columns,
    entries,
    nothing,
    row_by_row,
    transposed,
)
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData

__all__ = ["EASE", "EASESettings"]

Array = npt.NDArray[np.float64]
EXACT = 4_096  # users or items up to which the inverse is made in float64
AT_ONCE = 2**23  # numbers of a dense block
DENSE = 32  # a dense product is worth it from one entry in so many
INVERTING = 4  # matrices that an inversion holds at its peak


@dataclass(frozen=True)
class EASESettings(Settings):
    """Settings of EASE."""

    penalty: Annotated[float, Bounds(0, 1e9, above=True)] = 400.0
    "Ridge penalty on the squares of the weights (the paper's λ)."


class EASE(Recommender):
    """Weights from every item to every other."""

    Settings = EASESettings
    rates = False

    def __init__(self, settings: EASESettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.by_users = shape.users < shape.items
        self.inverse: npt.NDArray[Any] = np.zeros((0, 0), np.float32)
        self.diagonal = np.ones(shape.items)
        self.history = nothing(shape.users)
        self.turned: History | None = None

    def fit(self, data: RatingsData) -> Self:
        """To the train split: who has what, however often or however rated.

        Raises:
            DataError: if the inverse would take more memory than there is.
        """
        self.refuse_too_large()
        self.history, self.turned = data.history, None
        columns = self.columns
        if not self.by_users:
            self.inverse = self.inverted(self.history, columns)
            self.diagonal = self.inverse.diagonal().astype(np.float64)
            return self
        self.inverse = self.inverted(columns, self.history)
        quadratic = np.zeros(self.shape.items)  # xᵀGx of each column x of X
        for part in self.parts():
            x = dense_columns(columns, part, self.shape.users)
            quadratic[part] = np.einsum("ui,ui->i", x, self.inverse @ x, dtype=np.float64)
        self.diagonal = (1 - quadratic) / self.settings.penalty
        return self

    def parts(self) -> Any:
        """Items in blocks whose columns fit."""
        return blocks(self.shape.items, max(1, AT_ONCE // self.shape.users))

    def refuse_too_large(self) -> None:
        """Say what is needed before it is taken.

        Raises:
            DataError: if there is less.
        """
        side = min(self.shape.users, self.shape.items)
        needed, there = INVERTING * side**2 * (8 if side <= EXACT else 4), available_memory()
        if there is None or needed <= there:
            return
        which = "users" if self.by_users else "items"
        raise DataError(
            f"EASE inverts a matrix of {side:,} × {side:,} ({which}), which takes "
            f"{needed / 2**30:.1f} GiB of memory; {there / 2**30:.1f} GiB are free.",
            hint="Train `item-knn` or `implicit-als`, which need no such matrix, or leave out "
            f"{which} with few clicks.",
        )

    def inverted(self, history: History, columns: History) -> npt.NDArray[Any]:
        """(XᵀX + λ)⁻¹ of the columns of a history; float64 where that is cheap."""
        n = len(columns)
        kind = np.float64 if n <= EXACT else np.float32
        gram = np.empty((n, n), kind)
        for column in range(n):
            positions, _ = entries(history, columns[column][0])
            gram[column] = np.bincount(history.others[positions], minlength=n)
        gram[np.diag_indices(n)] += self.settings.penalty
        return np.linalg.inv(gram)

    @property
    def n_parameters(self) -> int:
        """The weights: one of each item to each other."""
        return self.shape.items * (self.shape.items - 1)

    def finished(self, x: npt.NDArray[Any], product: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """x - (xP) / diag(P), from x and xP of shape (..., items)."""
        return x - product / self.diagonal

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        x = dense(self.history, users, self.shape.items)
        if not self.by_users:
            if DENSE * self.history.counts[users].sum() > x.size:
                return np.asarray(self.finished(x, x @ self.inverse), np.float32)
            summed = np.array([self.product(self.history[int(user)][0]) for user in users])
            return np.asarray(self.finished(x, summed), np.float32)
        product = np.empty(x.shape)
        columns = self.columns
        rows = self.inverse[users]
        for part in self.parts():
            product[:, part] = rows @ dense_columns(columns, part, self.shape.users)
        return np.asarray(self.finished(x, product), np.float32)

    @property
    def columns(self) -> History:
        """The users of each item; made when first asked for."""
        if self.turned is None:
            self.turned = transposed(self.history, self.shape.items)
        return self.turned

    def product(self, items: Integers) -> Array:
        """xP for x of 1 at some items, shape (items,)."""
        if not self.by_users:
            return np.asarray(self.inverse[items].sum(0), np.float64)
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
        return np.asarray((x - back) / self.settings.penalty)

    def weights(self, item: int) -> Array:
        """How much having each item adds to the score of one: a column of B, shape (items,)."""
        column = np.asarray(-self.product(np.array([item], np.int32)) / self.diagonal[item])
        column[item] = 0
        return column

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
        product = self.product(np.array([item], np.int32))
        found = np.asarray(-(product / self.diagonal[item] + product / self.diagonal) / 2)
        found[item] = -np.inf
        found[item] = max(1.0, float(found.max()))
        return found

    def arrays(self) -> Arrays:
        """The inverse, its items' diagonal, and who has what."""
        return {
            "inverse": self.inverse,
            "diagonal": self.diagonal,
            **history_arrays(self.history),
        }

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        side = min(self.shape.users, self.shape.items)
        shapes: dict[str, tuple[int, ...]] = {
            "inverse": (side, side),
            "diagonal": (self.shape.items,),
        }
        found = taken(arrays, {**shapes, **HISTORY})
        self.inverse, self.diagonal = found["inverse"], found["diagonal"]
        self.turned = None
        self.history = history_from(found, self.shape.users, self.shape.items)


class EASETaste(Taste):
    """A user as the items that they have."""

    def __init__(self, model: EASE, items: Integers, values: Floats) -> None:
        self.model, self.items, self.values = model, items, values

    def scores(self) -> Array:
        """xB, shape (items,)."""
        own = np.unique(self.items)
        x = np.zeros(self.model.shape.items)
        x[own] = 1
        return np.asarray(self.model.finished(x, self.model.product(own)))

    def pulls(self, item: int) -> Sequence[Pull]:
        """The weight of each item that they have: they add up to the score."""
        weights = self.model.weights(item)
        return [Pull(int(one), float(weights[one])) for one in np.unique(self.items)]
