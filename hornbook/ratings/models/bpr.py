"""Clicks: what a user has clicked should score above what they have not (Rendle et al. 2009)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from hornbook.nn import CrossEntropy
from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.dot import START, DotSettings, TwoTables
from hornbook.ratings.models.dot_product import Array, DotProduct
from hornbook.ratings.models.pair_net import table
from hornbook.settings import Bounds

__all__ = ["Bpr", "BprSettings"]

ROUNDS = 50  # of Newton's method for a guest


@dataclass(frozen=True)
class BprSettings(DotSettings):
    """A dot product and a bias of the item, trained to rank."""

    n_factors: Annotated[int, Bounds(1, 10_000), Range(16, 256, log=True)] = 100
    "Numbers in the vector of a user or an item."
    l2: Annotated[float, Bounds(0, 1e6), Range(0.001, 0.5, log=True)] = 0.05
    "Pull on the vectors of a batch: this times their mean squared length is added to the loss."
    l2_bias: Annotated[float, Bounds(0, 1e6)] = 0.001
    "The same pull on the biases of items."
    negatives: Annotated[int, Bounds(1, 10_000), Range(1, 16, log=True)] = 8
    """Items that are drawn beside each click; with 1 the loss is Bayesian personalised ranking,
    with more the cross-entropy of the click among them."""


class Bpr(TwoTables):
    """s = p · q + b_i, with the loss -ln softmax of the click's score among those of n negatives.

    With one negative that is -ln σ(s_i - s_j), Bayesian personalised ranking.

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = BprSettings
    rates: ClassVar[bool] = False

    def __init__(
        self, settings: BprSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        k = settings.n_factors
        super().__init__(shape, k, settings.l2, settings.l2_bias)
        self.settings, self.low, self.high = settings, -np.inf, np.inf
        # A user's bias, the last number of their row, changes no order and stays 0.
        self.users, self.items = (
            table(n, k + 1, settings.sparse, START, generator) for n in (shape.users, shape.items)
        )

    def remember(self, history: History) -> None:
        """Take what users have clicked."""
        DotProduct.remember(self, history)

    def loss_vjp(self, batch: Any) -> tuple[Tensor, Callable[[], None]]:
        """The objective of a batch of users (B,), items (B,) and negatives (B, n)."""
        users, items, negatives = (self.tensor(array) for array in batch)
        k, n = self.n_factors, len(users)
        choices = torch.cat([items.unsqueeze(1), negatives], 1)  # (B, 1 + n), the click first
        (p, q), _, rows_back = self.rows_vjp(users, choices)  # (B, K + 1), (B, 1 + n, K + 1)
        scores = (q[..., :k] @ p[:, :k].unsqueeze(2)).squeeze(2) + q[..., k]
        target = torch.zeros_like(items, dtype=torch.int64)
        loss, loss_back = CrossEntropy().vjp(scores, target)
        squares = p.square().sum(0) + q.square().mean(1).sum(0)
        loss = loss + self.pulls @ squares / n

        def backward() -> None:
            d = loss_back().unsqueeze(2)  # (B, 1 + n, 1)
            dp, dq = (d * q).sum(1), d * p.unsqueeze(1)
            dp[:, k], dq[..., k] = 0, d[..., 0]
            dp.addcmul_(p, self.pulls, value=2 / n)
            dq.addcmul_(q, self.pulls, value=2 / (n * q.shape[1]))
            rows_back(dp, dq)

        return loss, backward

    @property
    def prior(self) -> Array:
        """At 0, as in `fold`: of whom nothing is known has what most have, shape (1 + D,)."""
        return np.zeros(1 + self.n_factors)

    def fold(self, items: Integers, values: Floats) -> tuple[float, Array]:
        """The vector with the least mean of -ln softmax over all items, and the pull on it.

        By Newton's method; the loss is convex. The softmax is over all items, as in training it is
        over a sample of them.
        """
        q, b = self.item_vectors.astype(np.float64), self.item_biases.astype(np.float64)
        p, pull = np.zeros(q.shape[1]), 2 * max(self.l2, 1e-3)
        if not len(items):
            return 0.0, p
        wanted = q[items].mean(0)

        def cost(p: Array) -> tuple[float, Array]:
            s = q @ p + b
            top = s.max()
            weights = np.exp(s - top)
            total = weights.sum()
            least = top + np.log(total) - wanted @ p + pull / 2 * p @ p
            return float(least), weights / total

        least, weights = cost(p)
        for _ in range(ROUNDS):
            mean = weights @ q
            curve = (q * weights[:, None]).T @ q - np.outer(mean, mean) + pull * np.eye(len(p))
            step = np.linalg.solve(curve, wanted - mean - pull * p)
            tried = cost(p + step)
            while tried[0] > least and np.abs(step).max() > 1e-9:
                step = step / 2
                tried = cost(p + step)
            p, (least, weights) = p + step, tried
            if np.abs(step).max() <= 1e-6:
                break
        return 0.0, p
