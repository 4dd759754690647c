"""The updates of `hornbook.training.adam` and `hornbook.training.sgd`, in one pass each.

Each thread sees to the parameters between two places.
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel, summing

__all__ = ["adam", "gather", "scale", "sgd", "square"]

Array = Any


@kernel
def gather(g: Array, begin: int, end: int) -> None:
    """The first thread's gradients become the sum of all threads'."""
    total = g[0, begin:end]
    for other in range(1, len(g)):
        own = g[other, begin:end]
        for i in range(len(total)):
            total[i] += own[i]


@summing
def square(g: Array, begin: int, end: int) -> Any:
    """The sum of squares."""
    total = g.dtype.type(0)
    for i in range(begin, end):
        total += g[i] * g[i]
    return total


@kernel
def scale(g: Array, begin: int, end: int, most: Any, total: Any) -> None:
    """Make a gradient that is longer than `most` as long as that.

    Args:
        g, begin, end: gradients.
        most: length.
        total: sum of the squares of all of them.
    """
    norm = math.sqrt(total)
    if norm > most:
        factor = most / norm
        for i in range(begin, end):
            g[i] *= factor


@kernel
def adam(
    p: Array, g: Array, mean: Array, square: Array, parts: Array, factors: Array, pace: Array,
    constants: Array, from_: int, to: int,
) -> None:  # fmt: skip
    """Adam's or AdamW's update.

    Args:
        p, g, mean, square: parameters, gradients, and the two means; shape (P,).
        parts: begin and end of each group, (G, 2).
        factors: of each group, the factor on the rate and the weight decay, (G, 2).
        pace: of this update, the rate, the rate / (1 - β1ᵗ) and sqrt(1 - β2ᵗ).
        constants: 1 - β1, β2, 1 - β2, ε, and 1 where weight decay is added to the gradients, for
            AdamW 0.
        from_, to: parameters that are updated.
    """
    rate, pull, root = pace[0], pace[1], pace[2]
    fresh, old, new, eps = constants[0], constants[1], constants[2], constants[3]
    one = p.dtype.type(1)
    for k in range(len(parts)):
        begin, end = max(from_, parts[k, 0]), min(to, parts[k, 1])
        if begin >= end:
            continue
        decay, keep, size = factors[k, 1], one, pull * factors[k, 0]
        values, grads, m, s = p[begin:end], g[begin:end], mean[begin:end], square[begin:end]
        if constants[4] == 0:
            keep = one - rate * factors[k, 0] * decay
        elif decay > 0:
            for i in range(end - begin):
                grads[i] += decay * values[i]
        for i in range(end - begin):
            m[i] += fresh * (grads[i] - m[i])
            s[i] = s[i] * old + new * grads[i] * grads[i]
            values[i] = values[i] * keep - size * m[i] / (math.sqrt(s[i]) / root + eps)


@kernel
def sgd(
    p: Array, g: Array, velocity: Array, parts: Array, factors: Array, pace: Array,
    constants: Array, from_: int, to: int,
) -> None:  # fmt: skip
    """SGD's update.

    Args:
        p, g: parameters and gradients, shape (P,).
        velocity: the same shape; without momentum it is left alone.
        parts, factors, from_, to: as of `adam`.
        pace: its first number is the rate.
        constants: its first number is the momentum.
    """
    rate, momentum = pace[0], constants[0]
    for k in range(len(parts)):
        begin, end = max(from_, parts[k, 0]), min(to, parts[k, 1])
        if begin >= end:
            continue
        size, decay = rate * factors[k, 0], factors[k, 1]
        values, grads, b = p[begin:end], g[begin:end], velocity[begin:end]
        if momentum > 0:
            for i in range(end - begin):
                b[i] = b[i] * momentum + (grads[i] + decay * values[i])
                values[i] -= size * b[i]
        else:
            for i in range(end - begin):
                values[i] -= size * (grads[i] + decay * values[i])
