"""The mean squared error: the loss of whatever predicts numbers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from hornbook.compute.products import raised

__all__ = ["SquaredError"]


class SquaredError(torch.nn.Module):
    """The mean of (prediction - target)², as torch.nn.MSELoss.

    Shapes: predictions and targets alike; the loss is a single number.
    """

    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The loss alone."""
        return self.vjp(predictions, targets)[0]

    def vjp(self, predictions: Tensor, targets: Tensor) -> tuple[Tensor, Callable[[], Tensor]]:
        """The loss, and the way to dloss/dpredictions, of their shape."""
        error = raised(predictions) - targets
        return error.square().mean(), lambda: error * (2 / error.numel())
