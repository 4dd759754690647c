"""The product of embeddings with a weight, once for each id in place of once for each position.

A batch has few different ids at each place of its windows, and many windows: E Wₜ is computed for
the ids that occur at place t, and a window adds up one row of each place's table. Way back, the
gradients of windows are added up by id, before they are multiplied.

What is kept of a batch, beside the table and the embeddings that it was made from, are whole
numbers among the values: which row a position has of all tables, one after the other; the row of
each id in the table that is being made, counted from 1, or 0; how many rows each table has; and
whose they are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hornbook.kernels.compiled import kernel
from hornbook.kernels.layers import sum_rows
from hornbook.kernels.linked import give_product, make_dots, make_product
from hornbook.kernels.program import NONE
from hornbook.kernels.rows import add_row, add_told_rows, copy_row

__all__ = ["look_up", "look_up_back", "table", "table_back"]

Array = Any


class Places(NamedTuple):
    """Where what is kept begins among the values."""

    rows: int
    "Of each position."
    marks: int
    "Of each id: places take turns, for windows may be long and ids many."
    counts: int
    "Of each place."
    ids: int
    "Of each place and row."
    embeddings: int
    "The same."


@kernel
def places(kept: int, n: int, taps: int, symbols: int, most: int) -> Places:
    """For n positions, windows of `taps`, and tables with room for `most` rows."""
    marks = kept + n
    counts = marks + symbols
    ids = counts + taps
    return Places(kept, marks, counts, ids, ids + taps * most)


@kernel
def table(
    v: Array, d: Array, y: int, kept: int, ids: Array, p: Array, w: int, b: int, e: int, c: int,
    m: int, taps: int, symbols: int, most: int,
) -> None:  # fmt: skip
    """Tables of m numbers a row, the first with the bias; their gradients begin from zeros.

    Args:
        v, d, p: see `layers`.
        y, kept: where the tables begin, and what is kept.
        ids: of the batch, (N · taps,).
        w, b, e: where the weight (taps · c, m), the bias and the embeddings begin.
        c, m: numbers of an embedding, and of what is made of it.
        taps: places of a window.
        symbols: different ids that there may be.
        most: rows that there is room for in a table.
    """
    at = places(kept, len(ids), taps, symbols, most)
    v[at.marks : at.counts] = 0
    for t in range(taps):
        count, own = 0, at.ids + t * most
        for i in range(t, len(ids), taps):
            symbol = ids[i]
            row = int(v[at.marks + symbol]) - 1
            if row < 0:
                row = count
                count += 1
                v[at.marks + symbol] = count
                v[own + row] = symbol
                copy_row(v, at.embeddings + (t * most + row) * c, p, e + symbol * c, c)
            v[at.rows + i] = t * most + row
        v[at.counts + t] = count
        for row in range(count):
            v[at.marks + int(v[own + row])] = 0
        to = y + t * most * m
        make_product(
            v, to, p, b if t == 0 else NONE, v, at.embeddings + t * most * c, c, 1, p,
            w + t * c * m, count, c, m,
        )  # fmt: skip
        d[to : to + count * m] = 0


@kernel
def table_back(
    d: Array, v: Array, y: int, kept: int, n: int, p: Array, g: Array, w: int, b: int, e: int,
    c: int, m: int, taps: int, symbols: int, most: int, fresh: bool,
) -> None:  # fmt: skip
    """Gradients of weight, bias and embeddings: of the first two they are written where `fresh`."""
    at = places(kept, n, taps, symbols, most)
    for t in range(taps):
        count, own, of = int(v[at.counts + t]), at.embeddings + t * most * c, y + t * most * m
        give_product(g, w + t * c * m, fresh, v, own, 1, c, d, of, c, count, m)  # dW = Eᵀ dy
        if t == 0 and b >= 0:
            sum_rows(g, b, d, of, count, m, fresh)
        make_dots(d, own, p, NONE, d, of, p, w + t * c * m, count, m, c)  # dE = dy Wᵀ
        for row in range(count):
            symbol = int(v[at.ids + t * most + row])
            add_row(g, e + symbol * c, d, own + row * c, c)


@kernel
def look_up(v: Array, x: int, y: int, rows: int, n: int, taps: int, m: int) -> None:
    """Each of n windows gets the sum of its rows of the tables at x; `rows` is where these are."""
    for i in range(n):
        add_told_rows(v, y + i * m, v, x, v, rows + i * taps, taps, m)


@kernel
def look_up_back(d: Array, v: Array, x: int, y: int, rows: int, n: int, taps: int, m: int) -> None:
    """A row that k windows have looked up gets the sum of k gradients."""
    for t in range(taps):  # a place's table is in the nearest cache, and windows pass it
        for i in range(n):
            add_row(d, x + int(v[rows + i * taps + t]) * m, d, y + i * m, m)
