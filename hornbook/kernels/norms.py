"""Normalisation of rows, there and back; arguments are as of `layers`.

The input stays as it is, for a residual connection may read it, too. A weight or bias that is
negative is not there.
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import summing

__all__ = ["layer_norm", "layer_norm_back", "rms_norm", "rms_norm_back"]

Array = Any


@summing
def layer_norm(
    v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, w: int, b: int, eps: Any
) -> None:
    """There: `kept` gets the mean and the scale of each row."""
    one, count = v.dtype.type(1), v.dtype.type(m)
    weight = p[w : w + m]
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        mean = square = v.dtype.type(0)
        for j in range(m):
            mean += row[j]
        mean /= count
        for j in range(m):
            square += (row[j] - mean) * (row[j] - mean)
        scale = one / math.sqrt(square / count + eps)
        v[kept + 2 * i], v[kept + 2 * i + 1] = mean, scale
        if b >= 0:
            bias = p[b : b + m]
            for j in range(m):
                made[j] = bias[j] + (row[j] - mean) * scale * weight[j]
        else:
            for j in range(m):
                made[j] = (row[j] - mean) * scale * weight[j]


@summing
def layer_norm_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, g: Array, w: int,
    b: int,
) -> None:  # fmt: skip
    """Back: dx = (e - mean(e) - normal · mean(e normal)) · scale, for e = dy γ."""
    count = v.dtype.type(m)
    weight, dweight = p[w : w + m], g[w : w + m]
    for i in range(n):
        dy, row = d[y + i * m : y + (i + 1) * m], v[x + i * m : x + (i + 1) * m]
        dx = d[x + i * m : x + (i + 1) * m]
        mean, scale = v[kept + 2 * i], v[kept + 2 * i + 1]
        level = slope = v.dtype.type(0)
        for j in range(m):
            normal = (row[j] - mean) * scale
            dweight[j] += dy[j] * normal
            level += dy[j] * weight[j]
            slope += dy[j] * weight[j] * normal
        level /= count
        slope /= count
        for j in range(m):
            dx[j] = (dy[j] * weight[j] - level - (row[j] - mean) * scale * slope) * scale
        if b >= 0:
            dbias = g[b : b + m]
            for j in range(m):
                dbias[j] += dy[j]


@summing
def rms_norm(
    v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, w: int, eps: Any
) -> None:
    """There: `kept` gets the scale of each row."""
    one, count = v.dtype.type(1), v.dtype.type(m)
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        square = v.dtype.type(0)
        for j in range(m):
            square += row[j] * row[j]
        scale = one / math.sqrt(square / count + eps)
        v[kept + i] = scale
        if w >= 0:
            weight = p[w : w + m]
            for j in range(m):
                made[j] = row[j] * scale * weight[j]
        else:
            for j in range(m):
                made[j] = row[j] * scale


@summing
def rms_norm_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, m: int, p: Array, g: Array, w: int
) -> None:
    """Back: dx = (e - normal · mean(e normal)) · scale, for e = dy γ."""
    count = v.dtype.type(m)
    for i in range(n):
        dy, row = d[y + i * m : y + (i + 1) * m], v[x + i * m : x + (i + 1) * m]
        dx = d[x + i * m : x + (i + 1) * m]
        scale, slope = v[kept + i], v.dtype.type(0)
        if w >= 0:
            weight, dweight = p[w : w + m], g[w : w + m]
            for j in range(m):
                dweight[j] += dy[j] * row[j] * scale
                dx[j] = dy[j] * weight[j]
        else:
            for j in range(m):
                dx[j] = dy[j]
        for j in range(m):
            slope += dx[j] * row[j]
        slope *= scale * scale / count
        for j in range(m):
            dx[j] = (dx[j] - row[j] * slope) * scale
