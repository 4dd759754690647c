"""How weights start, so that signals keep their size from layer to layer.

A linear layer with weights of deviation s makes the deviation of its output s·sqrt(fan_in) times
its input's. A nonlinearity then shrinks it; its gain makes up for that.
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
        scheme: `kaiming`, deviation gain / sqrt(fan_in) (He et al. 2015); `xavier`, deviation
            gain · sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010); `normal`, deviation gain,
            whatever the fans: the lecture's first try, which saturates tanh and makes the first
            loss far too high.
        gain: factor on the deviation; a small one on the output layer keeps the first
            predictions unconfident, and the first loss near ln V.
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
