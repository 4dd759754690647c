"""What nets of users and items share: pairs in, ratings out, and rows kept small."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from hornbook.nn import Embedding, Net, SquaredError, StretchedSigmoid
from hornbook.nn.layer import Backward, grad_of
from hornbook.nn.layer import Shape as Size
from hornbook.nn.shapes import Shapes, layer_shapes
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Shape, Taste
from hornbook.ratings.models.dot_product import Array, DotProduct, Stretched
from hornbook.ratings.models.histories import need_history

__all__ = [
    "DotNet",
    "Looked",
    "PairNet",
    "Pulls",
    "Rows",
    "Sparse",
    "centred",
    "looked_up",
    "penalty",
    "table",
    "unsquashed",
]

Sparse = Literal["auto", "always", "never"]
LARGE = 1_000_000  # numbers in a table from which an update of the touched rows alone is faster

Rows = tuple[Tensor, Tensor]
Pulls = tuple[Tensor | None, Tensor | None]


class RowsBackward(Protocol):
    """The way back from the gradients of rows, each (B, C), to the parameters."""

    def __call__(self, dp: Tensor, dq: Tensor, pulls: Pulls = (None, None)) -> None:
        """Add to the parameters' gradients.

        Args:
            dp: of the users' rows as used.
            dq: of the items'.
            pulls: on the users' and the items' rows as they are in the tables, times their squares,
                shape (B,) each; None where there is none.
        """


class Looked(NamedTuple):
    """The rows of a batch."""

    used: Rows
    "What predictions are made of, each (B, C)."
    own: Rows
    "What is in the tables: the same, or that to which something was added."
    backward: RowsBackward


class PairNet(Net):
    """A net that looks up a row for a user and one for an item, and makes of them a prediction.

    A subclass says which rows (`rows_vjp`) and what is made of them (`scores_vjp`). The loss is the
    mean squared error, to which two pulls are added. One is on the rows of the batch: the mean of
    their squares, each column times its pull. The other is on all weights in every step. Adam
    scales both alike with a row's gradients, so rows that few batches touch are pulled to 0 nearly
    at the full rate: what is seldom seen must be modest. The price of this pull follows the tables.

    So of a sparse table only the rows of a batch are pulled on, by as much more as they are seen
    less. The ridge is λ Σ_r |w_r|² over the rows of a table. Of N ratings n_r look up row r, so
    each of a batch b = 1 … B, drawn evenly, looks it up with probability n_r / N, and

        E[(1 / B) Σ_b (N / n_r(b)) |w_r(b)|²] = Σ_r (n_r / N) (N / n_r) |w_r|² = Σ_r |w_r|²

    over the rows with ratings. In expectation loss and gradients are those of a dense table; in an
    epoch, N / B batches, the n_r pulls on a row add up to its whole ridge. A row without ratings is
    never looked up: it stays at its random start, next to 0.

    Args:
        pulls: of each column of the rows, shape (C,).
        ridge: λ, the pull on all weights, times their squares.

    Attributes:
        users: a row for each user.
        items: a row for each item.
        offset: what sums begin with, so that before training all are the mean of train.
        user_weights: N / n_r of each user, where their table is sparse and has a ridge; else empty.
        item_weights: likewise of items.
    """

    users: Embedding
    items: Embedding
    offset: Tensor
    pulls: Tensor
    user_weights: Tensor
    item_weights: Tensor

    def __init__(self, pulls: Tensor, ridge: float = 0.0) -> None:
        super().__init__()
        self.ridge = ridge
        self.register_buffer("pulls", pulls, persistent=False)
        for name in ("user_weights", "item_weights"):  # as counts of the data, no part of a model
            self.register_buffer(name, torch.zeros(0), persistent=False)
        self.register_buffer("offset", torch.zeros(()))
        self.pulled = bool((pulls.detach() > 0).any()) if pulls.device.type != "meta" else True

    def weights_pulled(self) -> list[torch.nn.Parameter]:
        """What `ridge` pulls on as a whole: all but sparse tables."""
        if not self.ridge:
            return []
        return [
            weight
            for part in self.modules()
            for name, weight in part.named_parameters(recurse=False)
            if name not in getattr(part, "tables", ())
        ]

    def weigh(self, history: History) -> None:
        """Count how often train looks up each row of the sparse tables that `ridge` pulls on."""
        if not self.ridge:
            return
        raters = np.bincount(history.others, minlength=self.items.weight.shape[0])
        for table, name, counts in (
            (self.users, "user_weights", history.counts),
            (self.items, "item_weights", raters),
        ):
            if table.tables:
                weights = torch.from_numpy(len(history.others) / np.maximum(counts, 1))
                setattr(self, name, weights.to(self.pulls))

    def row_pulls(self, users: Tensor, items: Tensor) -> Pulls:
        """The pull of `ridge` on each row of a batch, times its square, shape (B,).

        None where a table is dense.

        Raises:
            TrainingError: if what users have rated is not known.
        """
        if not self.ridge:
            return None, None

        def of(table: Embedding, weights: Tensor, ids: Tensor) -> Tensor | None:
            if not table.tables:
                return None
            need_history(len(weights) > 0)
            return weights.index_select(0, ids) * (self.ridge / len(ids))

        return of(self.users, self.user_weights, users), of(self.items, self.item_weights, items)

    @abstractmethod
    def rows_vjp(self, users: Tensor, items: Tensor) -> Looked:
        """The rows of users and items of shape (B,), and their backward pass."""

    @abstractmethod
    def scores_vjp(self, p: Tensor, q: Tensor) -> tuple[Tensor, Callable[[Tensor], Rows]]:
        """Predictions, shape (B,), and the way from their gradient to that of the rows."""

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """Predictions, shape (B,), of pairs of a user and an item, shape (B, 2).

        Ids have no gradient, so dy itself is returned for them.
        """
        rows, _, rows_back = self.rows_vjp(x[:, 0], x[:, 1])
        y, back = self.scores_vjp(*rows)

        def backward(dy: Tensor) -> Tensor:
            rows_back(*back(dy))
            return dy

        return y, backward

    def shapes(self) -> Shapes:
        """The layers with what each is given and gives, its parameters and multiplications.

        Of one pair. The net's own row, the last, has the product of the two vectors.
        """
        pair = torch.zeros((1, 2), dtype=torch.int64, device=self.anchor.device)
        with self.in_use():
            return layer_shapes(self, pair, "one pair of a user and an item")

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The objective of a batch of users, items and values, each of shape (B,)."""
        users, items, values = (self.tensor(array) for array in batch)
        rows, own, rows_back = self.rows_vjp(users, items)
        y, back = self.scores_vjp(*rows)
        loss, loss_back = SquaredError().vjp(y, values)
        if self.pulled:
            squares = sum((row.square().sum(0) for row in rows), torch.zeros_like(self.pulls))
            loss = loss + self.pulls @ squares / len(values)
        ridged = self.weights_pulled()
        for weight in ridged:
            loss = loss + self.ridge * weight.square().sum()
        row_pulls = self.row_pulls(users, items)
        for row, pull in zip(own, row_pulls, strict=True):
            if pull is not None:
                loss = loss + (pull @ row.square()).sum()

        def backward() -> None:
            for weight in ridged:
                grad_of(weight).add_(weight, alpha=2 * self.ridge)
            grads = back(loss_back())
            if self.pulled:
                for grad, row in zip(grads, rows, strict=True):
                    grad.addcmul_(row, self.pulls, value=2 / len(values))
            rows_back(*grads, row_pulls)

        return loss, backward


class DotNet(PairNet, DotProduct):
    """A net that in use is offset + b_u + b_i + p · q, squashed by a sigmoid or not.

    The bias is the last number of a row, so that an update fetches and changes one row for both.

    Args:
        shape: of the data.
        n_factors: size of the vectors.
        l2: pull on them.
        l2_bias: pull on the biases; None where there are none.
        margin: by how much the ends of the sigmoid lie beyond the scale, in parts of it; None where
            there is none.
        ridge: pull on all weights, beside the sum of squared errors over train.

    Attributes:
        usual: the mean of the users' rows as used, shape (C,).
    """

    usual: Array

    def __init__(
        self,
        shape: Shape,
        n_factors: int,
        l2: float,
        l2_bias: float | None = None,
        margin: float | None = None,
        *,
        ridge: float = 0.0,
    ) -> None:
        pulls = torch.full((n_factors + (l2_bias is not None),), l2, dtype=torch.float32)
        if l2_bias is not None:
            pulls[-1] = l2_bias
        super().__init__(pulls, ridge / max(shape.rows, 1))
        self.n_factors, self.biased = n_factors, l2_bias is not None
        self.low, self.high = shape.low, shape.high
        self.l2, self.l2_bias, self.whole_ridge = l2, l2_bias or 0.0, ridge
        self.sigmoid: StretchedSigmoid | None = None
        if margin is not None:
            self.sigmoid = centred(shape, margin)
            self.squash = Stretched(self.sigmoid.low, self.sigmoid.high)

    def multiplications(self, given: Size, gives: Size) -> int:
        """p · q of each pair."""
        return gives[0] * self.n_factors

    @abstractmethod
    def used_rows(self) -> Rows:
        """The rows of all users, (users, C), and of all items, (items, C), as used."""

    def scores_vjp(self, p: Tensor, q: Tensor) -> tuple[Tensor, Callable[[Tensor], Rows]]:
        """p · q, with biases and squashed where there are such."""
        k, d = self.n_factors, self.n_factors + self.biased
        sums = (p[:, :k] * q[:, :k]).sum(1)
        if self.biased:
            sums = sums + p[:, k] + q[:, k] + self.offset
        y, squash_back = sums, None
        if self.sigmoid is not None:
            y, squash_back = self.sigmoid.vjp(sums)

        def backward(dy: Tensor) -> Rows:
            ds = dy if squash_back is None else squash_back(dy)
            column = ds.unsqueeze(1)  # (B, 1)
            dp, dq = column * q, column * p
            dp[:, k:d] = dq[:, k:d] = column
            return dp, dq

        return y, backward

    def remember(self, history: History) -> None:
        """Take what users have rated, and begin at the mean of it."""
        super().remember(history)
        self.weigh(history)
        if self.biased:
            mean = float(history.values.mean(dtype=np.float64)) if len(history.values) else 0.0
            self.offset.fill_(mean if self.squash is None else unsquashed(self.squash, mean))

    def train(self, mode: bool = True) -> DotNet:
        """Begin to train, or to be used: then the tables become what predictions are made of."""
        super().train(mode)
        if not mode:
            with torch.no_grad():
                self.show(*(rows.detach().cpu().numpy() for rows in self.used_rows()))
        return self

    def show(self, users: Floats, items: Floats) -> None:
        """Set what `DotProduct` predicts with: views of the rows."""
        k = self.n_factors
        self.user_vectors, self.item_vectors = users[:, :k], items[:, :k]
        if self.biased:
            self.user_biases, self.item_biases = users[:, k], items[:, k]
        else:
            self.user_biases, self.item_biases = (
                np.zeros(len(x), np.float32) for x in (users, items)
            )
        self.mean = float(self.offset)
        self.usual = users.mean(0, dtype=np.float64)

    @property
    def prior(self) -> Array:
        """The mean of all users' biases and vectors, shape (1 + D,).

        The pulls make vectors carry what all users have in common, so their mean is far from 0: a
        user at 0 would rate nearly all items alike.
        """
        bias = self.usual[self.n_factors :] if self.biased else np.zeros(1)
        return np.concatenate([bias, self.usual[: self.n_factors]])

    def penalties(self, n: int) -> tuple[float, float]:
        """What pulls on a user's bias and vector in training."""
        bias, vector = (penalty(n, l2, self.whole_ridge) for l2 in (self.l2_bias, self.l2))
        return bias, vector

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, kept to the scale."""
        with self.in_use():
            return super().predict(users, items)

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        with self.in_use():
            return super().scores(users)

    def known(self, user: int) -> Taste:
        """With what they have rated, if it is remembered."""
        with self.in_use():
            return super().known(user)

    def guest(self, items: Integers, values: Floats) -> Taste:
        """Folded in, beginning at what users are on average."""
        with self.in_use():
            return super().guest(items, values)


def looked_up(user_table: Embedding, item_table: Embedding, users: Tensor, items: Tensor) -> Looked:
    """Rows of two tables, used as they are, and the backward pass of both."""
    (p, p_back), (q, q_back) = user_table.vjp(users), item_table.vjp(items)

    def backward(dp: Tensor, dq: Tensor, pulls: Pulls = (None, None)) -> None:
        for back, d, row, pull in ((p_back, dp, p, pulls[0]), (q_back, dq, q, pulls[1])):
            back(d if pull is None else torch.addcmul(d, row, pull.unsqueeze(1), value=2))

    return Looked((p, q), (p, q), backward)


def centred(shape: Shape, margin: float) -> StretchedSigmoid:
    """A sigmoid whose ends lie beyond the scale by a share of it."""
    beyond = margin * (shape.high - shape.low)
    return StretchedSigmoid(shape.low - beyond, shape.high + beyond)


def penalty(n: int, l2: float, ridge: float) -> float:
    """What pulls on the row of a user of n ratings, beside the sum of their squared errors."""
    return n * max(l2, 1e-3) + ridge


def unsquashed(squash: Stretched, y: float) -> float:
    """What the sigmoid makes y from; 0, the middle, where nothing does."""
    share = (y - squash.low) / (squash.high - squash.low)
    return math.log(share / (1 - share)) if 0 < share < 1 else 0.0


def table(
    rows: int,
    length: int,
    sparse: Sparse,
    std: float,
    generator: torch.Generator | None,
    *,
    biased: bool = True,
) -> Embedding:
    """A table of which an update changes the touched rows only, where it is large.

    Args:
        rows: in it.
        length: of a row.
        sparse: `always` or `never`; `auto` decides by its size.
        std: standard deviation of the random start.
        generator: of the random start.
        biased: whether the last number of a row is a bias, which begins at 0.
    """
    large = sparse == "always" or (sparse == "auto" and rows * length >= LARGE)
    made = Embedding(rows, length, sparse=large, generator=generator)
    with torch.no_grad():
        made.weight.mul_(std)
        if biased:
            made.weight[:, -1] = 0
    return made
