"""The dot product of a user's vector and an item's, without and with biases (fast.ai, lesson 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from hornbook.ranges import Range
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.described import FeatureMean, with_features
from hornbook.ratings.models.dot_net import DotNet
from hornbook.ratings.models.pair_net import Looked, Rows, Sparse, looked_up, table
from hornbook.settings import Bounds, Settings

__all__ = ["START", "Dot", "DotBias", "DotBiasSettings", "DotSettings", "TwoTables"]

START = 0.01  # standard deviation of the numbers in vectors


@dataclass(frozen=True)
class DotSettings(Settings):
    """A dot product."""

    n_factors: Annotated[int, Bounds(1, 10_000), Range(10, 200, log=True)] = 50
    "Numbers in the vector of a user or an item."
    l2: Annotated[float, Bounds(0, 1e6), Range(0.001, 0.5, log=True)] = 0.05
    "Pull on the vectors of a batch: this times their mean squared length is added to the loss."
    sparse: Sparse = "auto"
    "Whether an update changes only the rows that its batch touched (auto: in large tables)."


@dataclass(frozen=True)
class PlainDotSettings(DotSettings):
    """A dot product alone."""

    ridge: Annotated[float, Bounds(0, 1e9)] = 0.0
    """Pull on all weights in every step, also on rows that the batch does not touch: this times
    their squares stands beside the sum of all squared errors."""
    uniform_start: Annotated[float, Bounds(0, 10)] = 0.0
    """Draw the first vectors evenly between 0 and this, as the lesson does (0.05): its first
    products are near 0, far below every rating (0: around the middle of the scale)."""


@dataclass(frozen=True)
class DotBiasSettings(DotSettings):
    """A dot product with biases, through a sigmoid."""

    l2: Annotated[float, Bounds(0, 1e6), Range(0.001, 0.5, log=True)] = 0.01
    "Pull on the vectors of a batch: this times their mean squared length is added to the loss."
    l2_bias: Annotated[float, Bounds(0, 1e6)] = 0.0
    "The same pull on the biases."
    ridge: Annotated[float, Bounds(0, 1e9)] = 6.0
    """Pull on all weights in every step, also on rows that the batch does not touch: this times
    their squares stands beside the sum of all squared errors. In sparse tables a row has its whole
    share when batches touch it, by as much more as they touch it less often."""
    margin: Annotated[float, Bounds(0, 10)] = 0.3
    "How far the ends of the sigmoid lie beyond the scale of the ratings, in parts of it."
    features: bool = True
    """Whether genres, or what else is known of items, have vectors, whose mean is added to an
    item's."""
    from_mean: bool = True
    """Whether sums begin at the mean of all ratings; else in the middle of the scale, as in the
    lesson, where the biases have to learn that mean against what pulls on them."""


class TwoTables(DotNet):
    """A dot product of rows that are looked up in two tables, and nothing else."""

    def used_rows(self) -> Rows:
        """As they are."""
        return self.users.weight, self.items.weight

    def rows_vjp(self, users: Tensor, items: Tensor) -> Looked:
        """The rows of a batch."""
        return looked_up(self.users, self.items, users, items)


class Dot(TwoTables):
    """p · q (EmbeddingDot of the lesson): all that it knows of a rating must come from vectors.

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = PlainDotSettings

    def __init__(
        self, settings: PlainDotSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        k = settings.n_factors
        super().__init__(shape, k, settings.l2, ridge=settings.ridge)
        self.settings = settings
        self.users, self.items = (
            table(n, k, settings.sparse, START, generator, biased=False)
            for n in (shape.users, shape.items)
        )
        middle = (shape.low + shape.high) / 2
        with torch.no_grad():
            for held in (self.users.weight, self.items.weight):
                if settings.uniform_start:
                    held.uniform_(0, settings.uniform_start, generator=generator)
                else:
                    held.add_((abs(middle) / k) ** 0.5)


class DotBias(TwoTables):
    """σ(offset + p · q + b_u + b_i), stretched to the scale (EmbeddingDotBias of the lesson).

    Where features of items are known, q and b_i are sums of the item's own and those of its genres.

    Args:
        settings: of it.
        shape: of the data.
        generator: of the random start.
    """

    Settings = DotBiasSettings

    def __init__(
        self, settings: DotBiasSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        k = settings.n_factors
        super().__init__(
            shape, k, settings.l2, settings.l2_bias, settings.margin, ridge=settings.ridge
        )
        self.settings, self.from_mean = settings, settings.from_mean
        self.users, self.items = (
            table(n, k + 1, settings.sparse, START, generator) for n in (shape.users, shape.items)
        )
        self.described: FeatureMean | None = None
        if settings.features and shape.features:
            self.described = FeatureMean(shape.features, k + 1, std=START, generator=generator)

    def used_rows(self) -> Rows:
        """Items with their features."""
        users, items = super().used_rows()
        return users, items if self.described is None else items + self.described.all()

    def rows_vjp(self, users: Tensor, items: Tensor) -> Looked:
        """The rows of a batch, items with their features."""
        return with_features(super().rows_vjp(users, items), self.described, items)
