"""A dot product whose vectors are looked up and learned by gradients."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from hornbook.nn import StretchedSigmoid
from hornbook.nn.layer import Shape as Size
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Shape, Taste
from hornbook.ratings.models.dot_product import Array, DotProduct, Stretched
from hornbook.ratings.models.pair_net import PairNet, Rows

__all__ = ["DotNet", "centred", "penalty", "unsquashed"]


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
        from_mean: whether sums begin at the mean of train; else, of a squashed one, in the middle.
    """

    usual: Array
    from_mean: bool = True

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
        if self.biased and self.from_mean:
            mean = float(history.values.mean(dtype=np.float64)) if len(history.values) else 0.0
            self.offset.fill_(mean if self.squash is None else unsquashed(self.squash, mean))

    def train(self, mode: bool = True) -> DotNet:
        """Begin to train, or to be used: then the tables become what predictions are made of."""
        super().train(mode)
        if not mode and not self.anchor.is_meta:  # with numbers, not shapes alone
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
