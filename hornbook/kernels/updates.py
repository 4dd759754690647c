"""The updates of `hornbook.training.adam` and `hornbook.training.sgd`, in one pass each."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel, summing

__all__ = ["adamw", "clip_norm", "sgd"]

Array = Any


@summing
def clip_norm(g: Array, most: Any) -> None:
    """Make a gradient that is longer than `most` as long as that."""
    total = g.dtype.type(0)
    for i in range(len(g)):
        total += g[i] * g[i]
    norm = math.sqrt(total)
    if norm > most:
        factor = most / norm
        for i in range(len(g)):
            g[i] *= factor


@kernel
def adamw(
    p: Array, g: Array, mean: Array, square: Array, parts: Array, factors: Array, pace: Array,
    constants: Array,
) -> None:  # fmt: skip
    """AdamW's update.

    Args:
        p, g, mean, square: parameters, gradients, and the two means; shape (P,).
        parts: begin and end of each group, (G, 2).
        factors: of each group, the factor on the rate and the weight decay, (G, 2).
        pace: of this update, the rate, the rate / (1 - β1ᵗ) and sqrt(1 - β2ᵗ).
        constants: 1 - β1, β2, 1 - β2, and ε.
    """
    rate, pull, root = pace[0], pace[1], pace[2]
    fresh, old, new, eps = constants[0], constants[1], constants[2], constants[3]
    one = p.dtype.type(1)
    for k in range(len(parts)):
        begin, end = parts[k, 0], parts[k, 1]
        keep, size = one - rate * factors[k, 0] * factors[k, 1], pull * factors[k, 0]
        values, grads, m, s = p[begin:end], g[begin:end], mean[begin:end], square[begin:end]
        for i in range(end - begin):
            m[i] += fresh * (grads[i] - m[i])
            s[i] = s[i] * old + new * grads[i] * grads[i]
            values[i] = values[i] * keep - size * m[i] / (math.sqrt(s[i]) / root + eps)


@kernel
def sgd(
    p: Array, g: Array, velocity: Array, parts: Array, factors: Array, pace: Array,
    constants: Array,
) -> None:  # fmt: skip
    """SGD's update.

    Args:
        p, g: parameters and gradients, shape (P,).
        velocity: the same shape; without momentum it is left alone.
        parts, factors: as of `adamw`.
        pace: its first number is the rate.
        constants: its first number is the momentum.
    """
    rate, momentum = pace[0], constants[0]
    for k in range(len(parts)):
        begin, end = parts[k, 0], parts[k, 1]
        size, decay = rate * factors[k, 0], factors[k, 1]
        values, grads, b = p[begin:end], g[begin:end], velocity[begin:end]
        if momentum > 0:
            for i in range(end - begin):
                b[i] = b[i] * momentum + (grads[i] + decay * values[i])
                values[i] -= size * b[i]
        else:
            for i in range(end - begin):
                values[i] -= size * (grads[i] + decay * values[i])
