"""The linear layer with its weight in 8 bits, for a net that is used and no longer trained."""

from __future__ import annotations

import copy
import math
from typing import TypeVar

import torch
from torch import Tensor

from hornbook.compute.eight_bits import EightBits
from hornbook.compute.products import times
from hornbook.nn.layer import Backward, Layer, Shape
from hornbook.nn.linear import Linear

__all__ = ["EightBitLinear", "in_eight_bits"]

L = TypeVar("L", bound=Layer)


class EightBitLinear(Layer):
    """y = x Wᵀ + b, where each row of W is int8 and one scale.

    Args:
        linear: the layer whose weight is rounded; its bias is shared.

    Shapes: x (..., in_features), y (..., out_features).
    """

    def __init__(self, linear: Linear) -> None:
        super().__init__()
        self.weight, self.bias = EightBits(linear.weight.detach()), linear.bias

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y, and the way back to x: what is rounded has no gradient."""
        weight, bias = self.weight, self.bias

        def backward(dy: Tensor) -> Tensor:
            return times(dy * weight.scale, weight.whole.to(dy.dtype))

        with torch.no_grad():
            return weight.product(x, bias), backward

    def multiplications(self, given: Shape, gives: Shape) -> int:
        """Each result is a sum over what a row of the weight multiplies."""
        return math.prod(gives) * self.weight.whole.shape[1]


def in_eight_bits(net: L) -> tuple[L, int]:
    """A net like another one, whose linear layers have their weights in 8 bits.

    All other parameters and buffers are shared; the other net stays as it is.

    Returns:
        The net, and how many weights are in 8 bits; 0 if it has no linear layers.
    """
    shared = {id(tensor): tensor for tensor in (*net.parameters(), *net.buffers())}
    linears = [one for one in net.modules() if type(one) is Linear]
    made = {id(one): EightBitLinear(one) for one in linears}
    return copy.deepcopy(net, {**shared, **made}), sum(
        one.weight.whole.numel() for one in made.values()
    )
