"""What logits cost: cross-entropy, and its gradient. Arguments are as of `layers`."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.exponential import exponential
from hornbook.kernels.rows import largest, scale_row, shift_row, total

__all__ = ["cross_entropy", "token_losses"]

Array = Any
MOST = 1e200  # of a product of sums, each at most as many as there are classes


@kernel
def cross_entropy(
    v: Array, d: Array, x: int, n: int, m: int, targets: Array, counted: int
) -> float:
    """The mean loss of logits (n, m), and its gradient by them, (softmax - one-hot) / n, in d.

    A row whose target is negative counts in neither.

    Args:
        v, d, x, n, m: as of `layers`.
        targets: (n,).
        counted: targets that count: of all rows, where these are some. If there is none, the loss
            is NaN.
    """
    one = v.dtype.type(1)
    grad, loss = d[x : x + n * m], 0.0
    for i in range(n):
        most = largest(v, x + i * m, m)
        shift_row(grad, i * m, v, x + i * m, m, most)
        if targets[i] >= 0:
            loss -= grad[i * m + targets[i]]
    if counted == 0:
        return math.nan
    few = one / v.dtype.type(counted)
    for j in range(n * m):  # in one go: a row alone is short
        grad[j] = exponential(grad[j])
    totals = 1.0
    for i in range(n):
        if targets[i] < 0:
            grad[i * m : (i + 1) * m] = 0
            continue
        powers = total(grad, i * m, m)
        totals *= powers
        if not totals < MOST:
            loss += math.log(totals)
            totals = 1.0
        scale_row(grad, i * m, grad, i * m, m, few / powers)
        grad[i * m + targets[i]] -= few
    return (loss + math.log(totals)) / counted


@kernel
def token_losses(v: Array, d: Array, x: int, n: int, m: int, targets: Array, losses: Array) -> None:
    """The loss of each row of logits (n, m), with room for as many numbers in d.

    Of a row whose target is negative it is 0.
    """
    room = d[x : x + n * m]
    for i in range(n):
        most = largest(v, x + i * m, m)
        shift_row(room, i * m, v, x + i * m, m, most)
        losses[i] = -room[i * m + targets[i]] if targets[i] >= 0 else 0.0
    for j in range(n * m):
        room[j] = exponential(room[j])
    for i in range(n):
        if targets[i] >= 0:
            losses[i] += math.log(total(room, i * m, m))
