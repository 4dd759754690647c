"""Initialisation of weights, so that activations keep their scale from layer to layer.

With weights of standard deviation s, the standard deviation of a linear layer's output is
s·sqrt(fan_in) times that of its input. A nonlinearity then shrinks it; its gain makes up for that.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import init as rules

from hornbook.nn.linear import Linear

__all__ = ["Scheme", "gain", "initialise"]

Scheme = Literal["kaiming", "xavier", "normal"]


def gain(nonlinearity: Literal["linear", "tanh", "relu"]) -> float:
    """The recommended gain of a nonlinearity: 1, 5/3 or sqrt(2)."""
    return float(rules.calculate_gain(nonlinearity))


def initialise(
    layer: Linear,
    scheme: Scheme,
    gain: float = 1.0,
    *,
    generator: torch.Generator | None = None,
) -> None:
    """Give a linear layer new weights, and a bias of zero.

    Args:
        layer: whose weights to set, in place.
        scheme: of the standard deviation. `kaiming`: gain / sqrt(fan_in) (He et al. 2015);
            `xavier`: gain · sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010); `normal`: gain,
            the lecture's first try, which saturates tanh and makes the first loss far too high.
        gain: factor in the standard deviation; a small one in the output layer makes the first
            predictions nearly uniform, and the first loss near ln V.
        generator: of the random numbers.
    """
    weight = layer.weight
    with torch.no_grad():
        if scheme == "kaiming":
            weight.normal_(0, gain * weight.shape[1] ** -0.5, generator=generator)
        elif scheme == "xavier":
            rules.xavier_normal_(weight, gain, generator=generator)
        else:
            weight.normal_(0, gain, generator=generator)
        if layer.bias is not None:
            layer.bias.zero_()
