"""A linear model: a weight for each category's code and for each number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from hornbook.nn import Embeddings, Linear, grad_of, wants_gradient
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.table_net import TableNet

__all__ = ["LinearModel", "LinearSettings"]


@dataclass(frozen=True)
class LinearSettings(Settings):
    """A linear model."""

    ridge: Annotated[float, Bounds(0, 1e9), Range(0.01, 100, log=True)] = 1.0
    "Pull on the weights: this times their squares stands beside the sum of all losses over train."


class LinearModel(TableNet):
    """Σ weight of each code + W · numbers + b: linear or logistic regression.

    It is an embedding of length 1, or of the number of classes, for each category: the product of
    one-hot vectors and their weights.

    Args:
        settings: of it.
        shape: of the table.
        generator: of the random start, which is 0 but for the last layer's.
    """

    Settings = LinearSettings

    def __init__(
        self, settings: LinearSettings, shape: Shape, generator: torch.Generator | None = None
    ) -> None:
        super().__init__(shape)
        self.settings, self.ridge = settings, settings.ridge / max(1, shape.rows)
        sizes = [(n, shape.outputs) for n in shape.codes]
        self.embeddings = Embeddings(sizes, generator=generator) if sizes else None
        if self.embeddings is not None:
            with torch.no_grad():
                for table in self.embeddings.chain:
                    table.weight.zero_()
        self.last = Linear(max(1, shape.read_as_numbers), shape.outputs, generator=generator)

    def outputs_vjp(
        self, codes: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """As of `TableNet`, with one head."""
        n, classes = len(self.shape.codes), self.shape.outputs
        given = self.with_orders(codes, numbers)
        given = given if given.shape[1] else numbers.new_zeros(len(codes), 1)
        y, last_back = self.last.vjp(given)  # (B, V)
        embedded_back = None
        if self.embeddings is not None:
            embedded, embedded_back = self.embeddings.vjp(codes)
            y = y + embedded.view(-1, n, classes).sum(1)

        def backward(dy: Tensor) -> Tensor:
            d = dy.squeeze(1)
            if embedded_back is not None:
                embedded_back(d.unsqueeze(1).expand(-1, n, classes).reshape(len(d), n * classes))
            return last_back(d)[:, : self.shape.continuous]

        return y.unsqueeze(1), backward

    def loss_vjp(self, batch: object) -> tuple[Tensor, Callable[[], None]]:
        """The objective of a batch, with the pull on the weights."""
        loss, back = super().loss_vjp(batch)
        pulled = [weight for name, weight in self.named_parameters() if name != "last.bias"]
        for weight in pulled:
            loss = loss + self.ridge * weight.square().sum()

        def backward() -> None:
            back()
            for weight in filter(wants_gradient, pulled):
                grad_of(weight).add_(weight, alpha=2 * self.ridge)

        return loss, backward
