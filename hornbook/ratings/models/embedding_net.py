"""A net on a user's vector and an item's, side by side (EmbeddingNet of fast.ai, lesson 5).

What it does worse than a dot product, it need not do: their product and biases are added to what
it makes, unless `beside` is off, which leaves the net of the lesson (compare He et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.nn import Dropout, Linear, ReLU, Sequential
from hornbook.nn.layer import Shape as Size
from hornbook.ranges import Range
from hornbook.ratings.interactions import Floats, History, Integers
from hornbook.ratings.models.contract import Recommender, Shape, Taste
from hornbook.ratings.models.dot_net import centred, penalty, unsquashed
from hornbook.ratings.models.dot_product import NOTHING, Array, Stretched, cosines
from hornbook.ratings.models.pair_net import Looked, PairNet, Rows, Sparse, looked_up, table
from hornbook.settings import Bounds, Settings

__all__ = ["EmbeddingNet", "EmbeddingNetSettings"]

START = 0.01  # standard deviation of the numbers in vectors
BLOCK = 1 << 16  # pairs that are predicted at a time
ROUNDS = 30  # of Gauss-Newton for a guest


@dataclass(frozen=True)
class EmbeddingNetSettings(Settings):
    """A net on two vectors."""

    n_factors: Annotated[int, Bounds(1, 10_000), Range(10, 200, log=True)] = 50
    "Numbers in the vector of a user or an item."
    n_hidden: Annotated[int, Bounds(1, 100_000), Range(5, 100, log=True)] = 10
    "Units of the hidden layer."
    dropout_rows: Annotated[float, Bounds(0, 0.99)] = 0.05
    "Dropout of the vectors."
    dropout: Annotated[float, Bounds(0, 0.99), Range(0, 0.7)] = 0.5
    "Dropout of the hidden layer."
    beside: bool = True
    "Whether the dot product of the vectors and two biases are added to what the net makes."
    l2: Annotated[float, Bounds(0, 1e6), Range(0.001, 0.2, log=True)] = 0.01
    "Pull on the vectors of a batch: this times their mean squared length is added to the loss."
    ridge: Annotated[float, Bounds(0, 1e9)] = 8.0
    """Pull on all weights in every step, also on rows that the batch does not touch: this times
    their squares stands beside the sum of all squared errors. In sparse tables a row has its whole
    share when batches touch it, by as much more as they touch it less often."""
    margin: Annotated[float, Bounds(0, 10)] = 0.4
    "How far the ends of the sigmoid lie beyond the scale of the ratings, in parts of it."
    from_mean: bool = True
    "Whether sums begin at the mean of all ratings; else in the middle of the scale."
    sparse: Sparse = "auto"
    "Whether an update changes only the rows that its batch touched (auto: in large tables)."


class EmbeddingNet(PairNet, Recommender):
    """σ(offset + w · relu(W [p, q] + b) + c + p · q + b_u + b_i), stretched to the scale.

    In training with dropout of p, q and the hidden layer in the net, not in the product. The hidden
    layer is a sum of a user's part and an item's, W_p p and W_q q + b. In use the parts are kept.

    All that hangs on a user is a row x: p, and the bias if there is one. In it a score is
    w · relu(W x + item part) + `direct` · x + `item_bias` + `constant`.

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.

    Attributes:
        user_rows: x, shape (users, C).
        weight: W, shape (hidden, C), 0 for the bias.
        user_parts: W x, shape (users, hidden).
        item_parts: shape (items, hidden).
        direct: q and 1 for each item, shape (items, C); 0 without what stands beside the net.
        item_bias: shape (items,), 0 likewise.
        last: w, shape (hidden,).
        constant: offset + c.
    """

    Settings = EmbeddingNetSettings

    def __init__(
        self,
        settings: EmbeddingNetSettings,
        shape: Shape,
        generator: torch.Generator | None = None,
    ) -> None:
        k, hidden = settings.n_factors, settings.n_hidden
        super().__init__(
            torch.full((k + settings.beside,), settings.l2, dtype=torch.float32),
            settings.ridge / max(shape.rows, 1),
        )
        self.settings, self.low, self.high = settings, shape.low, shape.high
        self.users, self.items = (
            table(n, k + settings.beside, settings.sparse, START, generator, biased=settings.beside)
            for n in (shape.users, shape.items)
        )
        self.hidden = Linear(2 * k, hidden, generator=generator)
        self.output = Linear(hidden, 1, generator=generator)
        self.net = Sequential(
            Dropout(settings.dropout_rows),
            self.hidden,
            ReLU(),
            Dropout(settings.dropout),
            self.output,
        )
        self.sigmoid = centred(shape, settings.margin)
        self.squash = Stretched(self.sigmoid.low, self.sigmoid.high)
        self.history: History | None = None

    def rows_vjp(self, users: Tensor, items: Tensor) -> Looked:
        """A vector of each."""
        return looked_up(self.users, self.items, users, items)

    def scores_vjp(self, p: Tensor, q: Tensor) -> tuple[Tensor, Callable[[Tensor], Rows]]:
        """What the net makes of them, and what stands beside it."""
        k, beside = self.settings.n_factors, self.settings.beside
        found, net_back = self.net.vjp(torch.cat([p[:, :k], q[:, :k]], 1))  # (B, 2K) to (B, 1)
        sums = found[:, 0] + self.offset
        if beside:
            sums = sums + (p[:, :k] * q[:, :k]).sum(1) + p[:, k] + q[:, k]
        y, squash_back = self.sigmoid.vjp(sums)

        def backward(dy: Tensor) -> Rows:
            ds = squash_back(dy).unsqueeze(1)  # (B, 1)
            dx = net_back(ds)
            dp, dq = dx[:, :k], dx[:, k:]
            if beside:
                dp = torch.cat([dp + ds * q[:, :k], ds], 1)
                dq = torch.cat([dq + ds * p[:, :k], ds], 1)
            return dp, dq

        return y, backward

    def multiplications(self, given: Size, gives: Size) -> int:
        """p · q of each pair, where it stands beside the net."""
        return gives[0] * self.settings.n_factors * self.settings.beside

    def remember(self, history: History) -> None:
        """Take what users have rated, and begin at the mean of it."""
        self.history = history
        self.weigh(history)
        if len(history.values) and self.settings.from_mean:
            mean = float(history.values.mean(dtype=np.float64))
            self.offset.fill_(unsquashed(self.squash, mean))

    def train(self, mode: bool = True) -> EmbeddingNet:
        """Begin to train, or to be used: then the parts are kept."""
        super().train(mode)
        if not mode and not self.anchor.is_meta:  # with numbers, not shapes alone
            self.keep_parts()
        return self

    def keep_parts(self) -> None:
        """Set what predictions are made of."""
        k, weight, bias = self.settings.n_factors, array(self.hidden.weight), self.hidden.bias
        self.user_rows, rows = array(self.users.weight), array(self.items.weight)
        self.vectors, self.weight = rows[:, :k], weight[:, :k]
        self.direct, self.item_bias = np.zeros_like(rows), np.zeros(len(rows), np.float32)
        if self.settings.beside:
            self.weight = np.pad(self.weight, ((0, 0), (0, 1)))
            self.direct, self.item_bias = rows.copy(), rows[:, k]
            self.direct[:, k] = 1
        self.user_parts = self.user_rows @ self.weight.T
        self.item_parts = self.vectors @ weight[:, k:].T
        if bias is not None:
            self.item_parts += array(bias)
        self.last = array(self.output.weight)[0]
        self.constant = float(self.offset)
        if self.output.bias is not None:
            self.constant += float(array(self.output.bias)[0])

    def predict(self, users: Integers, items: Integers) -> Array:
        """Of pairs, kept to the scale."""
        found = np.empty(len(users))
        with self.in_use():
            for at in range(0, len(users), BLOCK):
                of, to = users[at : at + BLOCK], items[at : at + BLOCK]
                direct = np.einsum("nc,nc->n", self.direct[to], self.user_rows[of])
                hidden = self.user_parts[of] + self.item_parts[to]
                found[at : at + BLOCK] = self.rating(hidden, direct + self.item_bias[to])
        return np.clip(found, self.low, self.high, out=found)

    def scores(self, users: Integers) -> Floats:
        """Of all items, shape (len(users), items)."""
        with self.in_use():
            rows = [
                self.rating(part + self.item_parts, self.direct @ row + self.item_bias)
                for part, row in zip(self.user_parts[users], self.user_rows[users], strict=True)
            ]
        return np.array(rows, np.float32).reshape(len(users), len(self.item_parts))

    def rating(self, hidden: npt.NDArray[Any], beside: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What comes of the hidden layer's sums, (..., hidden), and what is beside it, (...)."""
        return self.squash(np.maximum(hidden, 0) @ self.last + beside + self.constant)

    def known(self, user: int) -> Taste:
        """With what they have rated, if it is remembered."""
        items, values = NOTHING if self.history is None else self.history[user]
        with self.in_use():
            return NetTaste(self, self.user_rows[user].astype(np.float64), items, values)

    def guest(self, items: Integers, values: Floats) -> Taste:
        """With the vector that suits their ratings, beginning at the mean of all users'."""
        with self.in_use():
            return NetTaste(self, self.fold(items, values), items, values)

    def fold(self, items: Integers, values: Floats) -> Array:
        """The row x with the least Σ (r - f(x))² + pull · |x - m|², by damped Gauss-Newton.

        m is the mean of all users' rows, which is far from 0.

        Args:
            items: shape (n,).
            values: shape (n,).
        """
        usual: Array = self.user_rows.mean(0, dtype=np.float64)
        p = usual
        pull = penalty(len(items), self.settings.l2, self.settings.ridge)
        direct = self.direct[items]

        def at(p: Array) -> tuple[float, Array, Array]:
            hidden = self.item_parts[items] + self.weight @ p  # (n, hidden)
            y = self.rating(hidden, direct @ p + self.item_bias[items])
            slopes = ((hidden > 0) * self.last) @ self.weight + direct
            slopes = self.squash.slope(y)[:, None] * slopes
            errors = np.asarray(values, np.float64) - y
            return float(errors @ errors + pull * (p - usual) @ (p - usual)), errors, slopes

        if not len(items):
            return p
        least, errors, slopes = at(p)
        for _ in range(ROUNDS):
            matrix = slopes.T @ slopes + pull * np.eye(len(p))
            step = np.linalg.solve(matrix, slopes.T @ errors - pull * (p - usual))
            while np.abs(step).max() > 1e-6:
                tried = at(p + step)
                if tried[0] <= least:
                    break
                step = step / 2
            else:
                break
            p, (least, errors, slopes) = p + step, tried
        return p

    def alike(self, item: int) -> Array:
        """The cosines of item vectors."""
        with self.in_use():
            found: Array = cosines(self.vectors, item)
            return found

    @property
    def item_vectors(self) -> Floats:
        """Shape (items, K)."""
        with self.in_use():
            return self.vectors

    @property
    def item_biases(self) -> Floats | None:
        """Shape (items,), of what stands beside the net; None if nothing does."""
        if not self.settings.beside:
            return None
        with self.in_use():
            return self.item_bias


class NetTaste(Taste):
    """A user as a vector."""

    def __init__(self, net: EmbeddingNet, vector: Array, items: Integers, values: Floats) -> None:
        self.net, self.vector, self.items, self.values = net, vector, items, values

    def scores(self) -> Array:
        """Squashed."""
        net, x = self.net, self.vector
        beside = net.direct @ x + net.item_bias
        return np.asarray(net.rating(net.item_parts + net.weight @ x, beside), np.float64)


def array(tensor: Tensor) -> Floats:
    """A tensor's numbers, as a view where they are on the CPU."""
    found: Floats = tensor.detach().cpu().numpy()
    return found
