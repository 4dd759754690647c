"""A bound on the logits."""

from __future__ import annotations

from torch import Tensor

from hornbook.nn.activations import Tanh
from hornbook.nn.layer import Backward, Layer

__all__ = ["SoftCap"]


class SoftCap(Layer):
    """cap · tanh(x / cap): nearly x where x is small, never beyond ±cap (Gemma 2, 2024).

    Args:
        cap: the bound.
    """

    featurewise = True

    def __init__(self, cap: float) -> None:
        super().__init__()
        self.cap, self.tanh = cap, Tanh()

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        y, backward = self.tanh.vjp(x / self.cap)
        return y * self.cap, backward  # the two factors cap and 1 / cap cancel
