"""The layers between a net's products as it reads one more token: there, and no way back.

Rows of float32 follow each other in a flat array `v`. What each computes is its layer's `vjp` in
`hornbook.nn`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hornbook.kernels.activations import tail
from hornbook.kernels.compiled import kernel, summing
from hornbook.kernels.exponential import exponential

__all__ = [
    "add_rows", "add_to_all", "copy_rows", "embed", "gelu", "normal_rows", "rms_rows",
    "softcap", "softmax_rows", "squared_relu", "swiglu", "tanh_gelu",
]  # fmt: skip

Array = Any
ZERO, HALF, ONE, TWO = (np.float32(x) for x in (0, 0.5, 1, 2))


@kernel
def embed(v: Array, y: int, ids: Array, first: int, n: int, table: Array, c: int) -> None:
    """Rows of a table by n ids from the first on."""
    for i in range(n):
        row, made = table[ids[first + i] * c :], v[y + i * c : y + (i + 1) * c]
        for j in range(c):
            made[j] = row[j]


@kernel
def copy_rows(v: Array, y: int, x: int, count: int) -> None:
    """Numbers to another place."""
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        made[j] = given[j]


@kernel
def add_rows(v: Array, y: int, x: int, count: int) -> None:
    """Numbers added to those at another place."""
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        made[j] += given[j]


@kernel
def add_to_all(v: Array, y: int, n: int, m: int, row: Array) -> None:
    """The same row added to n others."""
    for i in range(n):
        made = v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            made[j] += row[j]


@summing
def normal_rows(
    v: Array, x: int, y: int, n: int, m: int, gain: Array, bias: Array, biased: bool, eps: Any
) -> None:
    """LayerNorm of n rows."""
    count = np.float32(m)
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        mean = square = ZERO
        for j in range(m):
            mean += row[j]
        mean /= count
        for j in range(m):
            square += (row[j] - mean) * (row[j] - mean)
        scale = ONE / math.sqrt(square / count + eps)
        for j in range(m):
            made[j] = (row[j] - mean) * scale * gain[j]
        if biased:
            for j in range(m):
                made[j] += bias[j]


@summing
def rms_rows(v: Array, x: int, y: int, n: int, m: int, gain: Array, gained: bool, eps: Any) -> None:
    """RMSNorm of n rows."""
    count = np.float32(m)
    for i in range(n):
        row, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        square = ZERO
        for j in range(m):
            square += row[j] * row[j]
        scale = ONE / math.sqrt(square / count + eps)
        for j in range(m):
            made[j] = row[j] * scale
        if gained:
            for j in range(m):
                made[j] *= gain[j]


@kernel
def squared_relu(v: Array, x: int, count: int) -> None:
    """In place; NaN stays NaN."""
    part = v[x : x + count]
    for j in range(count):
        positive = ZERO if part[j] < ZERO else part[j]
        part[j] = positive * positive


@kernel
def tanh(x: Any) -> Any:
    """1 - 2 / (e²ˣ + 1)."""
    return ONE - TWO / (exponential(TWO * x) + ONE)


@kernel
def softcap(v: Array, x: int, count: int, cap: Any) -> None:
    """In place."""
    part = v[x : x + count]
    for j in range(count):
        part[j] = cap * tanh(part[j] / cap)


ROOT = np.float32(math.sqrt(0.5))


@kernel
def gelu(v: Array, x: int, count: int) -> None:
    """In place: x Φ(x), for Φ(-|x|) = erfc(|x| / √2) / 2, exact where it is small."""
    part = v[x : x + count]
    for j in range(count):
        given = part[j]
        a = abs(given) * ROOT
        below = exponential(-a * a) * tail(a)
        part[j] = given * (below if given < ZERO else ONE - below)


SCALE, CUBE = np.float32(math.sqrt(2 / math.pi)), np.float32(0.044715)


@kernel
def tanh_gelu(v: Array, x: int, count: int) -> None:
    """In place."""
    part = v[x : x + count]
    for j in range(count):
        given = part[j]
        inner = SCALE * (given + CUBE * given * given * given)
        part[j] = HALF * given * (ONE + tanh(inner))


@kernel
def swiglu(v: Array, x: int, y: int, n: int, m: int) -> None:
    """silu(a) b for the two halves of m numbers of n rows."""
    for i in range(n):
        a, b = v[x + 2 * i * m : x + (2 * i + 1) * m], v[x + (2 * i + 1) * m : x + 2 * (i + 1) * m]
        made = v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            made[j] = a[j] / (ONE + exponential(-a[j])) * b[j]


@summing
def softmax_rows(s: Array, n: int, m: int) -> None:
    """n rows of m scores in place."""
    for i in range(n):
        row = s[i * m : (i + 1) * m]
        top = row[0]
        for j in range(1, m):
            top = max(top, row[j])
        for j in range(m):
            row[j] -= top
    for j in range(n * m):
        s[j] = exponential(s[j])
    for i in range(n):
        row, total = s[i * m : (i + 1) * m], ZERO
        for j in range(m):
            total += row[j]
        share = ONE / total
        for j in range(m):
            row[j] *= share
