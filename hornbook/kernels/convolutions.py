"""What reads along rows and is not a product: taps of convolutions, gates and skips, means.

Rows of a batch stand one after the other, each padded to the same length. A convolution is its taps
and a product of these, as in `hornbook.nn.conv`. Arguments that all have are those of `layers`;
`time` is the length of a row.
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.layers import sigmoid, tanh
from hornbook.kernels.rows import add_row, copy_row

__all__ = ["average", "average_back", "gate", "gate_back", "skip", "skip_back", "taps", "taps_back"]

Array = Any


@kernel
def taps(v: Array, x: int, y: int, n: int, k: int, m: int, time: int, dilation: int) -> None:
    """m / k positions side by side, `dilation` apart, the oldest first; zeros before a row."""
    many = m // k
    for i in range(n):
        for tap in range(many):
            shift = (many - 1 - tap) * dilation
            to = y + i * m + tap * k
            if i % time < shift:
                v[to : to + k] = 0
            else:
                copy_row(v, to, v, x + (i - shift) * k, k)


@kernel
def taps_back(
    d: Array, x: int, y: int, n: int, k: int, m: int, time: int, dilation: int, added: bool
) -> None:
    """Back: a position was looked at by up to m / k; the last tap is at its own."""
    many = m // k
    for i in range(n):
        to = x + i * k
        if added:
            add_row(d, to, d, y + (i + 1) * m - k, k)
        else:
            copy_row(d, to, d, y + (i + 1) * m - k, k)
        for tap in range(many - 1):
            shift = (many - 1 - tap) * dilation
            if i % time + shift < time:
                add_row(d, to, d, y + (i + shift) * m + tap * k, k)


@kernel
def gate(v: Array, x: int, y: int, n: int, m: int) -> None:
    """tanh(f) σ(g) for f and g, (n, m) each, side by side; both take their places."""
    for i in range(n):
        f = x + 2 * i * m
        g = f + m
        tanh(v, f, m)
        sigmoid(v, g, m)
        bent, opened, made = v[f : f + m], v[g : g + m], v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            made[j] = bent[j] * opened[j]


@kernel
def gate_back(d: Array, v: Array, x: int, y: int, n: int, m: int) -> None:
    """tanh' = 1 - tanh², σ' = σ (1 - σ)."""
    one = v.dtype.type(1)
    for i in range(n):
        f = x + 2 * i * m
        g = f + m
        bent, opened, dz = v[f : f + m], v[g : g + m], d[y + i * m : y + (i + 1) * m]
        df, dg = d[f : f + m], d[g : g + m]
        for j in range(m):
            df[j] = dz[j] * opened[j] * (one - bent[j] * bent[j])
        for j in range(m):
            dg[j] = dz[j] * bent[j] * opened[j] * (one - opened[j])


@kernel
def skip(
    v: Array, x: int, y: int, stream: int, total: int, n: int, k: int, m: int, first: bool
) -> None:
    """What is given, (n, k), to two places.

    Args:
        v, x, n, k: as ever.
        stream: where the residual stream begins; the first m numbers of a row are added to it.
        y: where the sum goes.
        total: where the sum of the other numbers of all blocks begins, (n, k - m).
        m: 0 for the last block.
        first: whether there is no such sum yet.
    """
    rest = k - m
    for i in range(n):
        made, old = v[y + i * m : y + (i + 1) * m], v[stream + i * m : stream + (i + 1) * m]
        given = v[x + i * k : x + i * k + m]
        for j in range(m):
            made[j] = old[j] + given[j]
        if first:
            copy_row(v, total + i * rest, v, x + i * k + m, rest)
        else:
            add_row(v, total + i * rest, v, x + i * k + m, rest)


@kernel
def skip_back(d: Array, x: int, y: int, stream: int, total: int, n: int, k: int, m: int) -> None:
    """Back: a sum hands its gradient on to both; what is also looked at adds to the stream's."""
    rest = k - m
    for i in range(n):
        copy_row(d, x + i * k, d, y + i * m, m)
        copy_row(d, x + i * k + m, d, total + i * rest, rest)
        if stream != y:
            copy_row(d, stream + i * m, d, y + i * m, m)


@kernel
def average(v: Array, x: int, y: int, m: int, batch: int, time: int) -> None:
    """The mean of positions 0 to t of each row."""
    one = v.dtype.type(1)
    for row in range(batch):
        first = row * time * m
        copy_row(v, y + first, v, x + first, m)
        for t in range(1, time):  # sums, at first
            at = first + t * m
            made, given = v[y + at : y + at + m], v[x + at : x + at + m]
            before = v[y + at - m : y + at]
            for j in range(m):
                made[j] = before[j] + given[j]
        for t in range(1, time):
            share = one / v.dtype.type(t + 1)
            made = v[y + first + t * m : y + first + (t + 1) * m]
            for j in range(m):
                made[j] *= share


@kernel
def average_back(d: Array, x: int, y: int, m: int, batch: int, time: int) -> None:
    """Position s spoke to all that came after it: the sum of dy[t] / (t + 1) over t from s on."""
    one = d.dtype.type(1)
    for row in range(batch):
        first = row * time * m
        for t in range(time - 1, -1, -1):
            at = first + t * m
            share = one / d.dtype.type(t + 1)
            made, given = d[x + at : x + at + m], d[y + at : y + at + m]
            if t == time - 1:
                for j in range(m):
                    made[j] = given[j] * share
            else:
                later = d[x + at + m : x + at + 2 * m]
                for j in range(m):
                    made[j] = later[j] + given[j] * share
