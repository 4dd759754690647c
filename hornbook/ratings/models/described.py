"""What is known of items beside their ratings, such as genres, as vectors that items share."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.nn import Bag, Lists
from hornbook.nn.layer import Backward, Layer
from hornbook.ratings.features import Features
from hornbook.ratings.models.pair_net import Looked, Pulls

__all__ = ["FeatureMean", "with_features"]


class FeatureMean(Layer):
    """y_i = |G(i)|^-1 Σ_{g in G(i)} w_g: the mean vector of the features of item i; 0 without any.

    Added to the vectors and biases of items: what few have rated is then like others of its kind.

    Args:
        features: of each item.
        length: C of a vector.
        std: standard deviation of the random start.
        generator: of the random start.

    Shapes: x (B,), numbers of items; y (B, C).
    """

    starts: Tensor
    ids: Tensor

    def __init__(
        self,
        features: Features,
        length: int,
        *,
        std: float,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.bag = Bag(len(features.names), length, std=std, generator=generator)
        # What items are, is kept with the data; only the vectors are part of a model.
        counts = torch.tensor([0, *map(len, features.of)], dtype=torch.int64)
        ids = torch.tensor([g for of in features.of for g in of], dtype=torch.int64)
        self.register_buffer("starts", counts.cumsum(0), persistent=False)
        self.register_buffer("ids", ids, persistent=False)

    @property
    def lists(self) -> Lists:
        """G(i) for each i."""
        return Lists(self.starts, self.ids)

    def scales(self, lists: Lists) -> Tensor:
        """|G|^-1 of some lists, shape (B, 1); 1 where there is nothing."""
        return 1 / lists.counts.clamp(min=1).to(self.bag.weight.dtype).unsqueeze(1)

    def all(self) -> Tensor:
        """Of every item, shape (items, C)."""
        return self.lists.sums(self.bag.weight) * self.scales(self.lists)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """The means, and the backward pass; ids have no gradient, so dy itself is returned."""
        lists = self.lists.take(x)
        sums, back = self.bag.lists_vjp(lists)  # (B, C)
        scales = self.scales(lists)

        def backward(dy: Tensor) -> Tensor:
            back(dy * scales)
            return dy

        return sums * scales, backward


def with_features(looked: Looked, described: FeatureMean | None, items: Tensor) -> Looked:
    """Rows of a batch with what is known of the items added to theirs.

    Args:
        looked: the rows.
        described: the vectors of features; None where nothing is known.
        items: shape (B,).
    """
    if described is None:
        return looked
    (p, q), own, rows_back = looked
    more, features_back = described.vjp(items)

    def backward(dp: Tensor, dq: Tensor, pulls: Pulls = (None, None)) -> None:
        rows_back(dp, dq, pulls)
        features_back(dq)

    return Looked((p, q + more), own, backward)
