"""The linear layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from hornbook.compute.products import add_product, linear, put_product, times
from hornbook.nn.layer import Backward, Layer, Shape, add_gradient, take_room, wants_gradient

__all__ = ["Linear"]


class Linear(Layer):
    """y = x Wᵀ + b, as torch.nn.Linear.

    Args:
        in_features: size of the input's last dimension.
        out_features: size of the output's last dimension.
        bias: whether there is a b; leave it out before BatchNorm, which would subtract it.
        generator: of the random start.

    Shapes: x (..., in_features), y (..., out_features), weight (out_features, in_features).
    The start is torch.nn.Linear's, uniform in ±1/sqrt(in_features); see `hornbook.nn.init`.
    """

    decayed = frozenset({"weight"})
    input_axes: ClassVar[Mapping[str, int]] = {"weight": 1}
    output_axes: ClassVar[Mapping[str, int]] = {"weight": 0, "bias": 0}

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(out_features, in_features)
        self.weight = torch.nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
        self.bias: torch.nn.Parameter | None = None
        if bias:
            start = torch.empty(out_features).uniform_(-bound, bound, generator=generator)
            self.bias = torch.nn.Parameter(start)

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass, for x of shape (..., in_features)."""
        weight, bias = self.weight, self.bias
        y = linear(x, weight, bias)

        def backward(dy: Tensor) -> Tensor:
            d, rows = (dy, x) if dy.dim() == 2 else (dy.flatten(0, -2), x.flatten(0, -2))
            if wants_gradient(weight):
                # dW = dyᵀ x, (out, N) times (N, in)
                if weight.grad is None:
                    weight.grad = put_product(take_room(weight), d, rows)
                else:
                    add_product(weight.grad, d, rows)
            if wants_gradient(bias):
                add_gradient(bias, d.sum(0))  # b is broadcast over N
            return times(d, weight).view_as(x)

        return y, backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Each result is a sum over what a row of the weight multiplies."""
        return math.prod(gives) * self.weight.shape[1]
