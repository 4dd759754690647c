"""What the recurrent layers have in common; arguments are as of `cells`."""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.layers import spread, sum_rows
from hornbook.kernels.linked import add_product

__all__ = ["from_input", "keep_state", "sum_both", "take_state", "to_input", "turn"]

Array = Any


@kernel
def take_state(v: Array, at: int, state: Array, own: int, batch: int, size: int) -> None:
    """The state that a batch begins from, to where a layer looks for it."""
    for i in range(batch):
        row = v[at + i * size : at + (i + 1) * size]
        for j in range(size):
            row[j] = state[i, own + j]


@kernel
def keep_state(v: Array, at: int, state: Array, own: int, batch: int, size: int) -> None:
    """The way back, of the state that it ends in."""
    for i in range(batch):
        row = v[at + i * size : at + (i + 1) * size]
        for j in range(size):
            state[i, own + j] = row[j]


@kernel
def from_input(
    v: Array, x: int, gates: int, n: int, k: int, m: int, p: Array, w: int, b: int
) -> None:
    """What all steps take from their inputs: W x + b, (n, m)."""
    spread(v, gates, p, b, n, m)
    add_product(v, gates, v, x, k, 1, p, w, n, k, m)


@kernel
def to_input(
    d: Array, v: Array, x: int, gates: int, turned: int, n: int, k: int, m: int, p: Array,
    g: Array, w: int,
) -> None:  # fmt: skip
    """The way back: gradients of W and of x."""
    add_product(g, w, v, x, 1, k, d, gates, k, n, m)  # dW = xᵀ dgates
    turn(d, turned, p, w, k, m)
    d[x : x + n * k] = 0
    add_product(d, x, d, gates, m, 1, d, turned, n, m, k)  # dx = dgates Wᵀ


@kernel
def turn(d: Array, to: int, p: Array, at: int, k: int, m: int) -> None:
    """The transpose (m, k) of a weight (k, m)."""
    for j in range(m):
        row = d[to + j * k : to + (j + 1) * k]
        for i in range(k):
            row[i] = p[at + i * m + j]


@kernel
def sum_both(g: Array, b: int, e: int, d: Array, gates: int, n: int, m: int) -> None:
    """The gradients of two biases that are added to the same."""
    sum_rows(g, e, d, gates, n, m)
    for j in range(m):
        g[b + j] += g[e + j]
