"""One vector for a row: the mean over its positions."""

from __future__ import annotations

from torch import Tensor

from hornbook.nn.layer import Backward, Layer
from hornbook.nn.padding import Padding

__all__ = ["MeanPool"]


class MeanPool(Layer):
    """The mean over the positions of each row, its padding left out: x (B, S, C) to y (B, C)."""

    def forward(self, x: Tensor, padding: Padding | None = None) -> Tensor:
        """y alone."""
        return self.vjp(x, padding)[0]

    def vjp(self, x: Tensor, padding: Padding | None = None) -> tuple[Tensor, Backward]:
        """y and the backward pass.

        Args:
            x: shape (B, S, C).
            padding: positions that do not count.
        """
        if padding is None:
            share = x.new_full((1, x.shape[1], 1), 1 / x.shape[1])
        else:
            share = (padding.real.to(x.dtype) / padding.lengths.unsqueeze(1)).unsqueeze(2)
        return (x * share).sum(1), lambda dy: dy.unsqueeze(1) * share
