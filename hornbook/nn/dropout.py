"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.errors import SettingsError
from hornbook.nn.layer import Backward, Layer

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training each element is zero with probability p, the rest grown by 1 / (1 - p).

    Args:
        p: share that is dropped, at least 0 and below 1.

    Raises:
        SettingsError: if p is not such a share.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise SettingsError(f"dropout must be at least 0 and below 1; it is {p}.")
        self.p = p

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the way back, any shape; the gradient passes where the value did."""
        if not self.training or self.p == 0:
            return x, lambda dy: dy
        mask = torch.empty_like(x).bernoulli_(1 - self.p) / (1 - self.p)
        return x * mask, lambda dy: dy * mask
