"""Causal attention over the short rows of small nets, there and back.

Scores of one head of one row, for some queries at a time, stay in the processor's cache, are never
kept, and are computed again on the way back. They are turned: a row for each key, a column for each
query. So the largest score of a query and the sum of its powers are taken over rows, for many
queries at once, and each product reads its operands as they lie.
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.attention_parts import (
    begin_scores,
    bytes_of,
    drop,
    drop_back,
    pack,
    powers,
    sum_products,
    transpose,
    weigh,
)
from hornbook.kernels.compiled import kernel
from hornbook.kernels.linked import add_product, give_product
from hornbook.kernels.program import BLOCK

__all__ = ["attention", "attention_back"]

Array = Any


@kernel
def attention(
    v: Array, x: int, y: int, kept: int, n: int, k: int, m: int, batch: int, heads: int,
    window: int, lot: int, least: int, grown: Any, drawn: Array, before: int, all_: int,
) -> None:  # fmt: skip
    """softmax(q kᵀ / sqrt(D)) v of all heads; `kept` gets each query's largest score, then 1 / sum.

    Args:
        v, x, y, n, k, m: as of `layers`; heads of queries, keys and values are side by side.
        kept: with room as `attention_room` says.
        batch: rows of the batch, of n / batch positions each.
        heads: of queries; of keys there may be fewer, each for some that follow each other.
        window: how far back a query sees, itself included; 0 or less: to the row's start.
        lot: queries that draw random bytes together.
        least: random byte from which on a weight is kept; 0: none is dropped.
        grown: what those are multiplied by.
        drawn: random bytes, of all rows of the batch.
        before, all_: rows of the batch before these, and how many it has.
    """
    time, size = n // batch, m // heads
    shared = (k // size - heads) // 2
    group = heads // shared
    turned = kept + 2 * n * heads
    values = turned + size * BLOCK
    scores = values + time * size
    out = scores + time * BLOCK
    one, scale = v.dtype.type(1), v.dtype.type(1 / math.sqrt(size))
    for of in range(batch * shared):
        b, s = of // shared, of % shared
        rows = x + b * time * k
        keys, given = rows + (heads + s) * size, rows + (heads + shared + s) * size
        pack(v, values, v, given, time, size, k, size, one)
        for h in range(s * group, (s + 1) * group):
            for first in range(0, time, BLOCK):
                many = min(BLOCK, time - first)
                low = max(0, first + 1 - window) if window > 0 else 0
                seen, at = first + many - low, kept + (b * heads + h) * time + first
                transpose(v, turned, v, rows + first * k + h * size, many, k, size, scale)
                begin_scores(v, scores, seen, many, first - low, window)
                add_product(v, scores, v, keys + low * k, k, 1, v, turned, seen, size, many)
                powers(v, scores, seen, many, at, at + n * heads)
                if least > 0:
                    own, stride = bytes_of(
                        first, low, (before + b) * heads + h, all_ * heads, time, window, lot
                    )
                    drop(v, scores, seen, many, own, stride, least, grown, drawn)
                give_product(
                    v, out, True, v, scores, 1, many, v, values + low * size, many, seen, size
                )
                for i in range(many):
                    share = v[at + n * heads + i]
                    to = y + (b * time + first + i) * m + h * size
                    pack(v, to, v, out + i * size, 1, m, size, size, share)


@kernel
def attention_back(
    d: Array, v: Array, x: int, y: int, kept: int, n: int, k: int, m: int, batch: int, heads: int,
    window: int, lot: int, least: int, grown: Any, drawn: Array, before: int, all_: int,
) -> None:  # fmt: skip
    """Back; arguments are those of `attention`."""
    time, size = n // batch, m // heads
    shared = (k // size - heads) // 2
    group = heads // shared
    copy = kept + 2 * n * heads  # of all keys; in d their gradients
    scores = copy + time * size
    turned = scores + time * BLOCK
    dturned = turned + size * BLOCK
    queries = dturned + size * BLOCK
    dout = queries + size * BLOCK
    dvalues, dqueries = turned, turned + time * size  # in d
    one, scale = v.dtype.type(1), v.dtype.type(1 / math.sqrt(size))
    sums = d[kept : kept + BLOCK]
    for of in range(batch * shared):
        b, s = of // shared, of % shared
        rows = x + b * time * k
        keys, values = rows + (heads + s) * size, rows + (heads + shared + s) * size
        pack(v, copy, v, keys, time, size, k, size, one)
        d[copy : copy + time * size] = 0
        d[dvalues : dvalues + time * size] = 0
        for h in range(s * group, (s + 1) * group):
            for first in range(0, time, BLOCK):
                many = min(BLOCK, time - first)
                low = max(0, first + 1 - window) if window > 0 else 0
                seen, at = first + many - low, kept + (b * heads + h) * time + first
                given, asked = y + (b * time + first) * m + h * size, rows + first * k + h * size
                transpose(v, turned, v, asked, many, k, size, scale)
                transpose(v, dturned, d, given, many, m, size, one)
                pack(v, queries, v, asked, many, size, k, size, scale)
                pack(v, dout, d, given, many, size, m, size, one)
                begin_scores(v, scores, seen, many, first - low, window)
                add_product(v, scores, v, keys + low * k, k, 1, v, turned, seen, size, many)
                give_product(
                    d, scores, True, v, values + low * k, k, 1, v, dturned, seen, size, many
                )
                sum_products(sums, d, v, given, many, m, size)
                most, share = v[at : at + many], v[at + n * heads : at + n * heads + many]
                if least > 0:
                    own, stride = bytes_of(
                        first, low, (before + b) * heads + h, all_ * heads, time, window, lot
                    )
                    drop_back(
                        d, v, scores, seen, many, own, stride, least, grown, drawn, most,
                        share, sums,
                    )  # fmt: skip
                else:
                    weigh(d, v, scores, seen, many, most, share, sums)
                dkey, dvalue = copy + low * size, dvalues + low * size
                add_product(d, dvalue, v, scores, many, 1, v, dout, seen, many, size)
                add_product(d, dkey, d, scores, many, 1, v, queries, seen, many, size)
                give_product(
                    d, dqueries, True, d, scores, 1, many, v, copy + low * size, many, seen, size
                )
                pack(d, asked, d, dqueries, many, k, size, size, scale)
        pack(d, keys, d, copy, time, k, size, size, one)
        pack(d, values, d, dvalues, time, k, size, size, one)
