"""The sigmoid stretched to a scale: what keeps predictions of ratings between two ends."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.nn.layer import Backward, Layer

__all__ = ["StretchedSigmoid"]


class StretchedSigmoid(Layer):
    """y = low + (high - low) · σ(x), elementwise (fast.ai, lesson 5).

    Args:
        low: what y comes to as x falls.
        high: what it comes to as x rises.
    """

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, any shape."""
        span, s = self.high - self.low, torch.sigmoid(x)

        def backward(dy: Tensor) -> Tensor:
            return dy * (s * (1 - s)).mul_(span)  # σ' = σ (1 - σ)

        return s * span + self.low, backward
