"""Layer normalisation (Ba, Kiros and Hinton 2016)."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.compute.products import lowered, raised
from hornbook.nn.layer import Backward, Layer, add_gradient, wants_gradient

__all__ = ["LayerNorm"]


class LayerNorm(Layer):
    """(x - mean) / sqrt(var + eps) · γ + β over the last dimension, as torch.nn.LayerNorm.

    BatchNorm turned by a right angle: each row is normalised by its own statistics, so there is
    nothing to run along and no difference between training and use.

    Args:
        normalized_shape: size C of the last dimension.
        eps: added to the (biased) variance.
        bias: whether there is a β.

    Shapes: x and y (..., C); weight and bias (C,).
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-5, *, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = torch.nn.Parameter(torch.ones(normalized_shape))
        self.bias = torch.nn.Parameter(torch.zeros(normalized_shape)) if bias else None

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass."""
        weight, bias = self.weight, self.bias
        x = raised(x)
        y, mean, scale = torch.native_layer_norm(x, weight.shape, weight, bias, self.eps)
        y = lowered(y)  # for the products that read it, there and back

        def backward(dy: Tensor) -> Tensor:
            # As in BatchNorm, with d = dy γ: dx = (d - mean(d) - normal · mean(d normal)) / std,
            # by torch's kernel, in one pass.
            wanted = [True, wants_gradient(weight), wants_gradient(bias)]
            dx, dweight, dbias = torch.ops.aten.native_layer_norm_backward(
                dy.to(x.dtype), x, weight.shape, mean, scale, weight, bias, wanted
            )
            if wants_gradient(weight):
                add_gradient(weight, dweight)
            if wants_gradient(bias):
                add_gradient(bias, dbias)
            found: Tensor = dx
            return found

        return y, backward
