"""What logits cost: cross-entropy, and its gradient. Arguments are as of `layers`."""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.exponential import exponential

__all__ = ["cross_entropy", "token_losses"]

Array = Any


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
    zero, one = v.dtype.type(0), v.dtype.type(1)
    grad, loss = d[x : x + n * m], 0.0
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], grad[i * m : (i + 1) * m]
        most = row[0]
        for j in range(m):
            most = row[j] if row[j] > most else most
        for j in range(m):
            made[j] = row[j] - most
        if targets[i] >= 0:
            loss -= made[targets[i]]
    if counted == 0:
        return math.nan
    few = one / v.dtype.type(counted)
    for j in range(n * m):  # in one go: a row alone is short
        grad[j] = exponential(grad[j])
    for i in range(n):
        made = grad[i * m : (i + 1) * m]
        if targets[i] < 0:
            made[:] = zero
            continue
        total = zero
        for j in range(m):
            total += made[j]
        loss += math.log(total)
        share = few / total
        for j in range(m):
            made[j] *= share
        made[targets[i]] -= few
    return loss / counted


@kernel
def token_losses(v: Array, d: Array, x: int, n: int, m: int, targets: Array, losses: Array) -> None:
    """The loss of each row of logits (n, m), with room for as many numbers in d.

    Of a row whose target is negative it is 0.
    """
    room = d[x : x + n * m]
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], room[i * m : (i + 1) * m]
        most = row[0]
        for j in range(m):
            most = row[j] if row[j] > most else most
        for j in range(m):
            made[j] = row[j] - most
        losses[i] = -made[targets[i]] if targets[i] >= 0 else 0.0
    for j in range(n * m):
        room[j] = exponential(room[j])
    for i in range(n):
        made = room[i * m : (i + 1) * m]
        total = v.dtype.type(0)
        for j in range(m):
            total += made[j]
        if targets[i] >= 0:
            losses[i] += math.log(total)
