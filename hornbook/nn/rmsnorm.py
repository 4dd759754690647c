"""Root mean square normalisation (Zhang and Sennrich 2019)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward, Layer, grad_of, wants_gradient

__all__ = ["RMSNorm", "rms_normalise"]


class RMSNorm(Layer):
    """x / sqrt(mean(x²) + eps) · γ over the last dimension, as torch.nn.RMSNorm.

    LayerNorm without the mean: each row keeps its direction and gets the length sqrt(C).

    Args:
        normalized_shape: size C of the last dimension.
        eps: added to the mean square.
        gain: whether there is a γ.

    Shapes: x and y (..., C); weight (C,). The result is float32 for lower precisions too.
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-6, *, gain: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = torch.nn.Parameter(torch.ones(normalized_shape)) if gain else None

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        normal, normal_backward = rms_normalise(x, self.eps)
        weight = self.weight
        if weight is None:
            return normal, normal_backward

        def backward(dy: Tensor) -> Tensor:
            if wants_gradient(weight):
                grad_of(weight).add_((dy * normal).flatten(0, -2).sum(0))
            return normal_backward(dy * weight)

        return normal * weight, backward


def rms_normalise(x: Tensor, eps: float) -> tuple[Tensor, Backward]:
    """x / sqrt(mean(x²) + eps) over the last dimension, and the backward pass."""
    x = raised(x)
    scale = torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)
    y = x * scale

    def backward(dy: Tensor) -> Tensor:
        # y is x on a sphere: what points along y would only change the length, which is fixed.
        along = (dy * y).mean(-1, keepdim=True)
        return torch.addcmul(dy, y, along, value=-1).mul_(scale)

    return y, backward
