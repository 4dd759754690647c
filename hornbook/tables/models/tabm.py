"""Many nets in one, on embeddings of categories and of numbers (TabM).

After Gorishniy et al. 2025 (arXiv 2410.24210): heads that share their weights are trained at once,
each on its own loss, and their predictions are averaged, as those of an ensemble. Here, unlike
there, categories have embeddings as in `MixedInput` in place of one-hot vectors. Numbers have
periodic embeddings of small frequencies, as in RealMLP (Holzmüller et al. 2024).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn import (
    BatchEnsemble,
    Dropout,
    Embeddings,
    Fork,
    HeadLinear,
    Layer,
    Linear,
    Periodic,
    PiecewiseLinear,
    ReLU,
    Sequential,
)
from hornbook.nn.piecewise_linear import quantile_edges
from hornbook.ranges import Choices, Range
from hornbook.settings import Bounds, Settings
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.table_net import LARGE, EmbeddingRule, TableNet, embedding_sizes

__all__ = ["TabM", "TabMSettings"]

LOOKED_AT = 200_000  # rows that bins are found from
FREQUENCIES = 16  # of each number
MANY = 30_000  # rows from which on numbers have bins: sharp bends are noise in small tables
BINS = 64  # of each number, in large tables
IN_A_BIN = 40  # rows, at least: finer curves of small tables follow their noise


@dataclass(frozen=True)
class TabMSettings(Settings):
    """Many nets in one, on embeddings of categories and of numbers."""

    n_heads: Annotated[int, Bounds(1, 256)] = 4
    "Nets in one: heads that share their weights, and whose predictions are averaged."
    n_hidden: Annotated[
        tuple[Annotated[int, Bounds(1, 100_000)], ...], Choices(((128, 64), (256, 128), (512, 256)))
    ] = (256, 128)
    "Units of each hidden layer."
    embedding_rule: EmbeddingRule = "half"
    """Length of the embedding of a category of c codes. half: c / 2, 50 at most. power: 1.6 c^0.56,
    600 at most."""
    embedding_size: Annotated[int, Bounds(0, 10_000)] = 0
    "Length of all embeddings of categories (0: by the rule)."
    spread: Annotated[float, Bounds(0, 100, above=True)] = 0.05
    """Standard deviation of the frequencies with which periodic embeddings of numbers begin, in
    waves a standard deviation of the number: larger ones make curves that bend more."""
    bins: Annotated[int, Bounds(0, 1_000)] | None = None
    """Bins of each number, by quantiles, within which its embedding changes linearly, in place of
    a periodic one (0: periodic); fewer where they would hold less than 40 rows each. By default 64
    from 30,000 rows of train on, unless `spread` is set; else 0."""
    number_size: Annotated[int, Bounds(1, 10_000)] = 8
    "Length of the embedding of a number; a periodic one has the number itself beside it."
    embedding_dropout: Annotated[float, Bounds(0, 0.99)] = 0.0
    "Dropout of the embeddings of categories."
    dropout: Annotated[float, Bounds(0, 0.99), Range(0, 0.4)] = 0.1
    "Dropout behind each hidden layer."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(not self.bins, ("spread",), "`bins=0`")
        if not self.n_hidden:
            raise SettingsError(
                "`n_hidden` must name at least one hidden layer: heads share what it learns.",
                hint="Set `n_hidden`, such as 256 128.",
                setting="n_hidden",
            )


class TabM(TableNet):
    """[embeddings, curves of numbers] → linear → K × (ReLU → dropout → linear …) → K heads.

    The paper multiplies the row by the signs of each head before the first layer, and so takes its
    product K times; here the signs stand behind it, which costs a K-th.

    Args:
        settings: of it.
        shape: of the table.
        generator: of the random start.
    """

    Settings = TabMSettings

    def __init__(
        self, settings: TabMSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(shape)
        self.settings = settings
        heads = settings.n_heads
        sizes = embedding_sizes(shape.codes, settings.embedding_rule, settings.embedding_size)
        self.embeddings = Embeddings(sizes, sparse=LARGE, generator=generator) if sizes else None
        self.embedding_dropout = Dropout(settings.embedding_dropout)
        numbers, size, bins = shape.read_as_numbers, settings.number_size, settings.bins
        if bins is None:
            waves = settings.spread != TabMSettings.spread  # asked for
            bins = BINS if shape.rows >= MANY and not waves else 0
        self.numbers: Periodic | PiecewiseLinear | None = None
        if numbers and bins:
            self.numbers = PiecewiseLinear(numbers, bins, size, generator=generator)
        elif numbers:
            self.numbers = Periodic(
                numbers, FREQUENCIES, size, settings.spread, generator=generator
            )
        width = sum(length for _, length in sizes)
        width += numbers * (size if bins else size + 1)
        layers: list[Layer] = []
        for units in settings.n_hidden:
            if layers:
                layers.append(BatchEnsemble(heads, width, units, generator=generator))
            else:  # one product for all heads
                layers += [
                    Linear(width, units, bias=False, generator=generator),
                    Fork(heads, units, generator=generator),
                ]
            layers.append(ReLU())
            layers += [Dropout(settings.dropout)] if settings.dropout else []
            width = units
        layers.append(HeadLinear(heads, width, shape.outputs, generator=generator))
        self.net = Sequential(layers)

    def acquaint(self, train: Mapped) -> None:
        """Make the bins of numbers, too, where there are any: as many rows of train in each."""
        super().acquaint(train)
        if isinstance(self.numbers, PiecewiseLinear):
            rows = np.linspace(0, len(train) - 1, min(len(train), LOOKED_AT)).astype(np.int64)
            bins = min(self.numbers.bins, max(2, len(train) // IN_A_BIN))
            codes, numbers = (torch.from_numpy(a[rows]) for a in (train.codes, train.with_places))
            seen = self.with_orders(codes, numbers).numpy()
            self.numbers.set_edges(quantile_edges(seen, bins))

    def outputs_vjp(
        self, codes: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """As of `TableNet`."""
        parts = []
        embedded_back = drop_back = numbers_back = None
        if self.embeddings is not None:
            embedded, embedded_back = self.embeddings.vjp(codes)
            embedded, drop_back = self.embedding_dropout.vjp(embedded)
            parts.append(embedded)
        if self.numbers is not None:
            curves, numbers_back = self.numbers.vjp(self.with_orders(codes, numbers))
            parts.append(curves)
        lengths = [part.shape[1] for part in parts]
        y, back = self.net.vjp(torch.cat(parts, 1))  # (B, K, V)

        def backward(dy: Tensor) -> Tensor:
            d = list(back(dy).split_with_sizes(lengths, 1))
            if embedded_back is not None and drop_back is not None:
                embedded_back(drop_back(d.pop(0)))
            if numbers_back is None:
                return torch.zeros_like(numbers)
            return numbers_back(d[0])[:, : self.shape.continuous]

        return y, backward
