"""What nets of users and items share: pairs in, ratings out, and rows kept small."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from hornbook.nn import Embedding, Net, SquaredError
from hornbook.nn.layer import Backward, grad_of, wants_gradient
from hornbook.nn.shapes import Shapes, layer_shapes
from hornbook.ratings.interactions import History
from hornbook.ratings.models.histories import need_history
from hornbook.ratings.models.pulls import pull_vjp

__all__ = [
    "Looked",
    "PairNet",
    "Pulls",
    "Rows",
    "Sparse",
    "looked_up",
    "table",
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
            pulls: gradients of the users' and the items' rows as they are in the tables alone, each
                (B, C); None where there is none.
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

    @cached_property
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
        ridged = self.weights_pulled
        for weight in ridged:
            loss = loss + self.ridge * weight.square().sum()
        columns = self.pulls / len(values) if self.pulled else None
        pulls = []
        for used, table_row, each in zip(rows, own, self.row_pulls(users, items), strict=True):
            total, pull_back = pull_vjp(used, table_row, columns, each)
            loss = loss + total
            pulls.append(pull_back)

        def backward() -> None:
            for weight in filter(wants_gradient, ridged):
                grad_of(weight).add_(weight, alpha=2 * self.ridge)
            grads = back(loss_back())
            on_used, on_own = zip(*(pull() for pull in pulls), strict=True)
            for grad, pull in zip(grads, on_used, strict=True):
                if pull is not None:
                    grad.add_(pull)
            rows_back(*grads, on_own)

        return loss, backward


def looked_up(user_table: Embedding, item_table: Embedding, users: Tensor, items: Tensor) -> Looked:
    """Rows of two tables, used as they are, and the backward pass of both."""
    (p, p_back), (q, q_back) = user_table.vjp(users), item_table.vjp(items)

    def backward(dp: Tensor, dq: Tensor, pulls: Pulls = (None, None)) -> None:
        for back, d, pull in ((p_back, dp, pulls[0]), (q_back, dq, pulls[1])):
            back(d if pull is None else d + pull)

    return Looked((p, q), (p, q), backward)


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
