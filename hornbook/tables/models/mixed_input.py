"""Embeddings beside numbers, then linear layers (MixedInputModel of fast.ai, lesson 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from hornbook.nn import (
    BatchNorm1d,
    Dropout,
    Embeddings,
    Layer,
    Linear,
    ReLU,
    Sequential,
    StretchedSigmoid,
)
from hornbook.ranges import Choices, Range
from hornbook.settings import Bounds, Settings
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.table_net import LARGE, EmbeddingRule, TableNet, embedding_sizes

__all__ = ["MixedInput", "MixedInputSettings"]


@dataclass(frozen=True)
class MixedInputSettings(Settings):
    """A net on embeddings and numbers."""

    embedding_rule: EmbeddingRule = "half"
    """Length of the embedding of a category of c codes. half: c / 2, 50 at most. power: 1.6 c^0.56,
    600 at most."""
    embedding_size: Annotated[int, Bounds(0, 10_000)] = 0
    "Length of all embeddings (0: by the rule)."
    n_hidden: Annotated[
        tuple[Annotated[int, Bounds(1, 100_000)], ...], Choices(((64, 32), (200, 100), (400, 200)))
    ] = (200, 100)
    "Units of each hidden layer."
    embedding_dropout: Annotated[float, Bounds(0, 0.99), Range(0, 0.2)] = 0.04
    "Dropout of the embeddings."
    dropout: Annotated[float, Bounds(0, 0.99), Range(0, 0.5)] = 0.25
    "Dropout behind each hidden layer."
    batchnorm: bool = True
    "Whether numbers and hidden layers are normalised (BatchNorm)."
    output_range: bool = True
    "Whether a sigmoid keeps predicted numbers within the range of train, a fifth beyond its ends."


class MixedInput(TableNet):
    """[embeddings, numbers] → (linear → ReLU → BatchNorm → dropout) … → linear.

    Args:
        settings: of it.
        shape: of the table.
        generator: of the random start.
    """

    Settings = MixedInputSettings

    def __init__(
        self,
        settings: MixedInputSettings,
        shape: Shape,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(shape)
        self.settings = settings
        sizes = embedding_sizes(shape.codes, settings.embedding_rule, settings.embedding_size)
        self.embeddings = Embeddings(sizes, sparse=LARGE, generator=generator) if sizes else None
        self.embedding_dropout = Dropout(settings.embedding_dropout)
        numbers = shape.read_as_numbers
        self.norm = BatchNorm1d(numbers) if settings.batchnorm and numbers else None
        width = sum(length for _, length in sizes) + numbers
        layers: list[Layer] = []
        for units in settings.n_hidden:
            layers += [Linear(width, units, generator=generator), ReLU()]
            layers += [BatchNorm1d(units)] if settings.batchnorm else []
            layers += [Dropout(settings.dropout)] if settings.dropout else []
            width = units
        layers.append(Linear(width, shape.outputs, generator=generator))
        if settings.output_range and shape.outputs == 1:
            beyond = 0.2 * (shape.high - shape.low)
            layers.append(StretchedSigmoid(shape.low - beyond, shape.high + beyond))
        self.net = Sequential(layers)

    def outputs_vjp(
        self, codes: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """As of `TableNet`, with one head."""
        parts, lengths = [], []
        embedded_back = drop_back = norm_back = None
        if self.embeddings is not None:
            embedded, embedded_back = self.embeddings.vjp(codes)
            embedded, drop_back = self.embedding_dropout.vjp(embedded)
            parts.append(embedded)
        if self.shape.read_as_numbers:
            scaled = self.with_orders(codes, numbers)
            if self.norm is not None:
                scaled, norm_back = self.norm.vjp(scaled)
            parts.append(scaled)
        lengths = [part.shape[1] for part in parts]
        y, back = self.net.vjp(torch.cat(parts, 1))

        def backward(dy: Tensor) -> Tensor:
            d = list(back(dy.squeeze(1)).split_with_sizes(lengths, 1))
            if embedded_back is not None and drop_back is not None:
                embedded_back(drop_back(d.pop(0)))
            if not d:
                return torch.zeros_like(numbers)
            dx = d[0] if norm_back is None else norm_back(d[0])
            return dx[:, : self.shape.continuous]

        return y.unsqueeze(1), backward
