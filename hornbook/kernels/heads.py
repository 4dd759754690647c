"""What is done to queries and keys before they meet, in place; arguments are as of `layers`.

A row has heads of `size` features side by side: of queries, keys and values.
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel, summing

__all__ = ["angles", "turn", "turn_back"]

Array = Any


@kernel
def angles(v: Array, y: int, time: int, size: int, base: Any) -> None:
    """Of each position the cosines of size / 2 angles, then their sines.

    Position t turns pair i by t / base^(2i / size) radians. What an earlier batch filled in stays:
    it does not hang on the batch.
    """
    half = size // 2
    for back in range(time):
        t = time - 1 - back
        at = y + t * size
        if v[at] != 0 or v[at + half] != 0:
            break
        for i in range(half):
            angle = t * float(base) ** (-2 * i / size)
            v[at + i], v[at + half + i] = math.cos(angle), math.sin(angle)


@summing
def turn(
    v: Array, x: int, kept: int, n: int, k: int, heads: int, size: int, time: int, table: int,
    eps: Any,
) -> None:  # fmt: skip
    """The first heads of each row; `kept` gets the scale of each, if they are normalised.

    Args:
        v, x, n: as of `layers`.
        kept: negative: they are not normalised.
        k: features of a row.
        heads, size: how many heads, and features of each.
        time: rows of `x` that are positions of one row of the batch.
        table: where `angles` begin; negative: they are not rotated.
        eps: added to the mean square.
    """
    one, count, half = v.dtype.type(1), v.dtype.type(size), size // 2
    for i in range(n):
        for h in range(heads):
            at = x + i * k + h * size
            head = v[at : at + size]
            if kept >= 0:
                square = v.dtype.type(0)
                for j in range(size):
                    square += head[j] * head[j]
                scale = one / math.sqrt(square / count + eps)
                v[kept + i * heads + h] = scale
                for j in range(size):
                    head[j] *= scale
            if table >= 0:
                own = table + i % time * size
                cosine, sine = v[own : own + half], v[own + half : own + size]
                for j in range(half):
                    a, b = head[2 * j], head[2 * j + 1]
                    head[2 * j] = a * cosine[j] - b * sine[j]
                    head[2 * j + 1] = a * sine[j] + b * cosine[j]


@summing
def turn_back(
    d: Array, v: Array, x: int, kept: int, n: int, k: int, heads: int, size: int, time: int,
    table: int,
) -> None:  # fmt: skip
    """Back, in place. A rotation keeps products, so what it made is looked at as it is:
    dx = (dy - y · mean(dy y)) · scale, rotated back.
    """
    count, half = v.dtype.type(size), size // 2
    for i in range(n):
        for h in range(heads):
            at = x + i * k + h * size
            dy, y = d[at : at + size], v[at : at + size]
            if kept >= 0:
                along, scale = v.dtype.type(0), v[kept + i * heads + h]
                for j in range(size):
                    along += dy[j] * y[j]
                along /= count
                for j in range(size):
                    dy[j] = (dy[j] - y[j] * along) * scale
            if table >= 0:
                own = table + i % time * size
                cosine, sine = v[own : own + half], v[own + half : own + size]
                for j in range(half):
                    a, b = dy[2 * j], dy[2 * j + 1]
                    dy[2 * j] = a * cosine[j] + b * sine[j]
                    dy[2 * j + 1] = b * cosine[j] - a * sine[j]
