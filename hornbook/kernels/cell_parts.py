"""What the recurrent layers have in common; arguments are as of `cells`."""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.layers import sum_rows
from hornbook.kernels.linked import add_product, give_product
from hornbook.kernels.panels import place, turned_block
from hornbook.kernels.rows import add_row
from hornbook.kernels.vectors import WIDTH

__all__ = ["at_once", "from_input", "keep_state", "take_state", "to_input", "turn"]

Array = Any
NEAR = 256  # rows whose gates stay in the caches between one product and the next


@kernel
def at_once(batch: int) -> int:
    """Rows of some steps whose inputs are taken together: enough of them for fast products."""
    return batch * max(1, NEAR // batch)


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
    v: Array, x: int, gates: int, first: int, n: int, k: int, m: int, p: Array, w: int, b: int,
    e: int, both: int, told: int,
) -> None:  # fmt: skip
    """What some steps, from row `first` on, take from their inputs: W x + b, (rows, m).

    The first `both` columns get the bias at e, too. Where k is 0, W x + b is looked up.
    """
    begin, other = gates + first * m, p[e : e + m]
    if k == 0:
        for i in range(n):
            row, at = v[begin + i * m : begin + (i + 1) * m], x + int(v[told + first + i]) * m
            found = v[at : at + m]
            for j in range(both):
                row[j] = found[j] + other[j]
            for j in range(both, m):
                row[j] = found[j]
        return
    bias = p[b : b + m]
    for i in range(n):
        row = v[begin + i * m : begin + (i + 1) * m]
        for j in range(both):
            row[j] = bias[j] + other[j]
        for j in range(both, m):
            row[j] = bias[j]
    add_product(v, begin, v, x + first * k, k, 1, p, w, n, k, m)


@kernel
def turn(d: Array, to: int, p: Array, at: int, k: int, m: int) -> None:
    """The transpose (m, k), at `to` in d, of a matrix (k, m), at `at` in p."""
    lanes = WIDTH // d.itemsize
    for i in range(0, k - k % lanes, lanes):
        for j in range(0, m - m % lanes, lanes):
            square = place(p, at + i * m + j)
            turned_block(place(d, to + j * k + i), k, square, m, lanes, lanes, 1, 1)
    for i in range(k):
        for j in range(0 if i >= k - k % lanes else m - m % lanes, m):
            d[to + j * k + i] = p[at + i * m + j]


@kernel
def to_input(
    d: Array, v: Array, x: int, gates: int, turned: int, first: int, n: int, k: int, m: int,
    g: Array, w: int, b: int, told: int,
) -> None:  # fmt: skip
    """The way back: gradients of W, b and x; the transpose of W is kept at `turned`.

    Where k is 0, those of what was looked up.
    """
    begin, x = gates + first * m, x + first * k
    if k == 0:
        for i in range(n):
            add_row(d, x + int(v[told + first + i]) * m, d, begin + i * m, m)
        return
    sum_rows(g, b, d, begin, n, m, False)
    add_product(g, w, v, x, 1, k, d, begin, k, n, m)  # dW = xᵀ dgates
    give_product(d, x, True, d, begin, m, 1, d, turned, n, m, k)  # dx = dgates Wᵀ
