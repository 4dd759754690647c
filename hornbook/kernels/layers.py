"""The layers between the products, each there and back, in place where nothing else needs it.

Arrays are flat: `v` holds the values that the net computes for a batch and `d` their gradients, at
the same places; `p` holds its parameters and `g` their gradients. A layer's input begins at `x` and
its output at `y`, in n rows. What each computes is its layer's `vjp` in `hornbook.nn`.
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.exponential import exponential
from hornbook.kernels.rows import add_row, add_rows, copy_row, without_negative

__all__ = [
    "add", "dropout", "dropout_back",
    "dropout_turned", "embedding", "embedding_back", "positions", "positions_back", "relu",
    "relu_back", "sigmoid", "spread", "sum_rows", "tanh", "tanh_back",
]  # fmt: skip

Array = Any
LONG = 2**10  # bytes of a row


@kernel
def embedding(v: Array, y: int, ids: Array, p: Array, w: int, c: int) -> None:
    """Rows of c numbers of the table at w, by ids (n,)."""
    for i in range(len(ids)):
        copy_row(v, y + i * c, p, w + ids[i] * c, c)


@kernel
def embedding_back(d: Array, y: int, ids: Array, g: Array, w: int, c: int) -> None:
    """A row that was picked k times gets the sum of k gradients."""
    for i in range(len(ids)):
        add_row(g, w + ids[i] * c, d, y + i * c, c)


@kernel
def positions(v: Array, x: int, y: int, n: int, m: int, time: int, p: Array, w: int) -> None:
    """To each row of x that of the table at w for its position, of `time` ones in a row."""
    for i in range(n):
        at = w + i % time * m
        given, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        own = p[at : at + m]
        for j in range(m):
            made[j] = given[j] + own[j]


@kernel
def positions_back(d: Array, x: int, y: int, n: int, m: int, time: int, g: Array, w: int) -> None:
    """A row of the table gets the sum over the batch."""
    for i in range(n):
        at = w + i % time * m
        made, given = d[x + i * m : x + (i + 1) * m], d[y + i * m : y + (i + 1) * m]
        own = g[at : at + m]
        for j in range(m):
            made[j] = given[j]
            own[j] += given[j]


@kernel
def add(v: Array, to: int, x: int, other: int, count: int) -> None:
    """The sum of numbers at x and at `other`."""
    made, first, second = v[to : to + count], v[x : x + count], v[other : other + count]
    for j in range(count):
        made[j] = first[j] + second[j]


@kernel
def spread(v: Array, y: int, p: Array, b: int, n: int, m: int) -> None:
    """n rows of the m numbers at b; zeros where b is negative: there is no bias."""
    zero = v.dtype.type(0)
    for i in range(n):
        row = v[y + i * m : y + (i + 1) * m]
        if b < 0:
            for j in range(m):
                row[j] = zero
        else:
            copy_row(v, y + i * m, p, b, m)


@kernel
def sum_rows(g: Array, b: int, d: Array, y: int, n: int, m: int, fresh: bool) -> None:
    """Add n rows of m gradients to those at b, or, if they are to be `fresh`, to zeros.

    Short rows are added up in registers, column by column. Of long ones that would read from a
    page after the other; their sums are in the nearest cache anyway.
    """
    if m * g.itemsize < LONG:
        add_rows(g, b, d, y, n, m, 0 if fresh else 1)
        return
    if fresh:
        g[b : b + m] = 0
    for i in range(n):
        add_row(g, b, d, y + i * m, m)


@kernel
def sigmoid(v: Array, x: int, count: int) -> None:
    """In place: 1 / (1 + e⁻ˣ)."""
    one = v.dtype.type(1)
    part = v[x : x + count]
    for j in range(count):
        part[j] = one / (one + exponential(-part[j]))


@kernel
def tanh(v: Array, x: int, count: int) -> None:
    """In place: 1 - 2 / (e²ˣ + 1)."""
    one, two = v.dtype.type(1), v.dtype.type(2)
    part = v[x : x + count]
    for j in range(count):
        part[j] = one - two / (exponential(two * part[j]) + one)


@kernel
def tanh_back(d: Array, v: Array, x: int, count: int) -> None:
    """In place: dy (1 - y²)."""
    part, y = d[x : x + count], v[x : x + count]
    for j in range(count):
        part[j] = part[j] - part[j] * y[j] * y[j]


@kernel
def relu(v: Array, x: int, count: int) -> None:
    """In place."""
    without_negative(v, x, v, x, count)


@kernel
def relu_back(d: Array, v: Array, x: int, count: int) -> None:
    """In place: dy where y is above 0."""
    zero = v.dtype.type(0)
    part, y = d[x : x + count], v[x : x + count]
    for j in range(count):
        part[j] = zero if y[j] <= zero else part[j]


@kernel
def dropout(v: Array, x: int, y: int, count: int, drawn: Array, first: int, grown: Any) -> None:
    """What is kept, of which the random byte is at least `first`, grown."""
    zero = v.dtype.type(0)
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        made[j] = given[j] * (grown if drawn[j] >= first else zero)


@kernel
def dropout_back(
    d: Array, x: int, y: int, count: int, drawn: Array, first: int, grown: Any
) -> None:
    """The gradient passes where the value did."""
    zero = d.dtype.type(0)
    made, given = d[x : x + count], d[y : y + count]
    for j in range(count):
        made[j] = given[j] * (grown if drawn[j] >= first else zero)


@kernel
def dropout_turned(
    v: Array, x: int, y: int, n: int, m: int, batch: int, drawn: Array, first: int, grown: Any
) -> None:
    """The same where n rows are in the order of time, and random bytes in that of the batch's rows.

    It is its own way back.
    """
    zero, time = v.dtype.type(0), n // batch
    for i in range(n):
        at = i % batch * time + i // batch
        given, made = v[x + i * m : x + (i + 1) * m], v[y + i * m : y + (i + 1) * m]
        own = drawn[at * m : (at + 1) * m]
        for j in range(m):
            made[j] = given[j] * (grown if own[j] >= first else zero)
