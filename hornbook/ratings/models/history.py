"""Vectors that know what a user has rated, and who has rated an item: SVD++ and its mirror.

That someone has rated an item tells something of both, whatever the rating was. So beside its own
vector a user has the sum of vectors of the items that they have rated (Koren 2008), and an item
that of vectors of the users who have rated it:

    p'_u = p_u + |N(u)|^-½ Σ_{j in N(u)} y_j        q'_i = q_i + |N(i)|^-½ Σ_{v in N(i)} z_v

and a rating is σ(offset + p'_u · q'_i + b_u + b_i), stretched to the scale. To q'_i and b_i comes
the mean of those of the item's genres, where such are known. While a rating is
trained on, it is left out of both sums, for what is predicted later is not in them either. In use
it is a plain dot product of p' and q'; these are kept, so that it needs nobody's history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from hornbook.nn.shapes import Shapes
from hornbook.ranges import Range
from hornbook.ratings.interactions import History
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.described import FeatureMean, with_features
from hornbook.ratings.models.dot import DotBiasSettings
from hornbook.ratings.models.dot_net import DotNet
from hornbook.ratings.models.histories import HistorySum
from hornbook.ratings.models.pair_net import Looked, Pulls, Rows, looked_up, table
from hornbook.settings import Bounds

__all__ = ["HistoryNet", "HistorySettings"]

START = 0.01  # standard deviation of the numbers in vectors


@dataclass(frozen=True)
class HistorySettings(DotBiasSettings):
    """A dot product of vectors that know the histories of both sides."""

    l2: Annotated[float, Bounds(0, 1e6), Range(0.001, 0.5, log=True)] = 0.05
    "Pull on p' and q' of a batch: this times their mean squared length is added to the loss."
    l2_bias: Annotated[float, Bounds(0, 1e6)] = 0.02
    "The same pull on the biases."
    ridge: Annotated[float, Bounds(0, 1e9)] = 4.0
    """Pull on all weights in every step, also on rows that the batch does not touch: this times
    their squares stands beside the sum of all squared errors. In sparse tables a row has its whole
    share when batches touch it, by as much more as they touch it less often."""
    margin: Annotated[float, Bounds(0, 10)] = 0.1
    "How far the ends of the sigmoid lie beyond the scale of the ratings, in parts of it."
    itself: bool = False
    "Whether a rating that is trained on is in the histories that it is predicted from."


class HistoryNet(DotNet):
    """The net of the module's docstring.

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.

    Attributes:
        user_rows: p' and b_u of all users, as used; shape (users, K + 1).
        item_rows: q' and b_i of all items, as used; shape (items, K + 1).
    """

    Settings = HistorySettings
    user_rows: Tensor
    item_rows: Tensor

    def __init__(
        self, settings: HistorySettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        k, users, items = settings.n_factors, shape.users, shape.items
        super().__init__(
            shape, k, settings.l2, settings.l2_bias, settings.margin, ridge=settings.ridge
        )
        self.settings = settings
        self.users, self.items = (
            table(n, k + 1, settings.sparse, START, generator) for n in (users, items)
        )
        self.rated, self.raters = (
            HistorySum(*sizes, k, std=START, itself=settings.itself, generator=generator)
            for sizes in ((users, items), (items, users))
        )
        self.described: FeatureMean | None = None
        if settings.features and shape.features:
            self.described = FeatureMean(shape.features, k + 1, std=START, generator=generator)
        self.register_buffer("user_rows", torch.zeros(users, k + 1))
        self.register_buffer("item_rows", torch.zeros(items, k + 1))

    def remember(self, history: History) -> None:
        """Take the histories of users, and those of items from them."""
        super().remember(history)
        back = history.turned(len(self.item_rows))
        self.rated.remember(history, back)
        self.raters.remember(back, history)

    def shapes(self) -> Shapes:
        """As of every net of pairs; where the histories are not at hand, with one rating as such.

        A sum has the same shape and parameters, whoever has rated what.
        """
        if self.rated.known:
            return super().shapes()
        users, items = self.rated.sizes
        starts = np.minimum(np.arange(users + 1), 1)
        rating = History(starts, np.zeros(1, np.int32), np.ones(1, np.float32))
        turned = rating.turned(items)
        with self.in_use():  # first, so that the rows that are kept are not made from that rating
            try:
                self.rated.remember(rating, turned)
                self.raters.remember(turned, rating)
                return super().shapes()
            finally:
                self.rated.forget()
                self.raters.forget()

    def used_rows(self) -> Rows:
        """Rows with the sums in them; as they were kept, where the histories are not at hand."""
        if self.rated.known:
            for kept, own, sums in (
                (self.user_rows, self.users, self.rated),
                (self.item_rows, self.items, self.raters),
            ):
                kept.copy_(own.weight)
                kept[:, :-1] += sums.all()
            if self.described is not None:
                self.item_rows += self.described.all()
        return self.user_rows, self.item_rows

    def rows_vjp(self, users: Tensor, items: Tensor) -> Looked:
        """p' and q' with the biases."""
        (p, q), rows, own_back = looked_up(self.users, self.items, users, items)
        rated, rated_back = self.rated.vjp(torch.stack([users, items], 1))
        raters, raters_back = self.raters.vjp(torch.stack([items, users], 1))

        def backward(dp: Tensor, dq: Tensor, pulls: Pulls = (None, None)) -> None:
            own_back(dp, dq, pulls)
            rated_back(dp[:, :-1])
            raters_back(dq[:, :-1])

        looked = Looked((grown(p, rated), grown(q, raters)), rows, backward)
        return with_features(looked, self.described, items)


def grown(rows: Tensor, vectors: Tensor) -> Tensor:
    """Rows whose vectors have others added, and whose biases, at the end, stay.

    Args:
        rows: shape (B, K + 1).
        vectors: shape (B, K).
    """
    return rows + torch.nn.functional.pad(vectors, (0, 1))
