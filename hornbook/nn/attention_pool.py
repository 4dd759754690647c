"""One vector for a row: an average in which the positions that matter weigh more."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer, Shape, grad_of, wants_gradient
from hornbook.nn.padding import Padding

__all__ = ["AttentionPool"]


class AttentionPool(Layer):
    """Σ w_s x_s with w = softmax(q · x_s / sqrt(C)): one learned query asks all positions.

    The query starts at zero, so that it starts as the mean.

    Args:
        n_embd: C.

    Shapes: x (B, S, C) to y (B, C); query (C,).
    """

    def __init__(self, n_embd: int) -> None:
        super().__init__()
        self.query = torch.nn.Parameter(torch.zeros(n_embd))

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, padding)[0]

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: shape (B, S, C).
            padding: positions that do not count.
        """
        x = raised(x)
        query, scale = self.query, 1 / math.sqrt(x.shape[2])
        weights = self.weights(x, padding)
        y = (x * weights.unsqueeze(2)).sum(1)

        def backward(dy: Tensor) -> Tensor:
            dweights = (x * dy.unsqueeze(1)).sum(2)
            # Of softmax, whose Σ weights · dweights is the y · dy of `attend`.
            total = (y * dy).sum(1, keepdim=True)
            dscores = (dweights - total) * weights * scale
            if wants_gradient(query):
                grad_of(query).add_((x * dscores.unsqueeze(2)).sum((0, 1)))
            return weights.unsqueeze(2) * dy.unsqueeze(1) + dscores.unsqueeze(2) * query

        return y, backward

    def weights(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """How much of each position is taken, shape (B, S); 0 at padding."""
        scores = (x @ self.query) / math.sqrt(x.shape[2])
        if padding is not None:
            scores = scores.masked_fill(~padding.real, -math.inf)
        return torch.softmax(scores, 1)

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Scores, and values times weights."""
        return 2 * math.prod(given)
