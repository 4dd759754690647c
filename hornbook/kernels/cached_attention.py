"""Attention of one more token of each row to the keys and values that are kept of those before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from hornbook.kernels.compiled import given, kernel, summing
from hornbook.kernels.decoding_layers import softmax_rows
from hornbook.kernels.panels import place
from hornbook.kernels.tiles import apart_dots_tile, tile
from hornbook.kernels.vectors import COLUMNS, SMALL, VECTORS, WIDTH

__all__ = ["attend", "keep", "turn"]

Array = Any
EPS = np.float32(1e-6)  # of `hornbook.nn.attention`
ZERO, ONE = np.float32(0), np.float32(1)
AHEAD, LINE = (
    2,
    16,
)  # rows whose keys are asked of memory before their turn; numbers of a cache line


@intrinsic  # type: ignore[untyped-decorator]
def fetch(typing: Any, array: Any, at: Any) -> Any:
    """Let memory bring what stands at a place, and do not wait for it."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        place = builder.bitcast(builder.gep(data, [given[1]]), cgutils.voidptr_t)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, SMALL, SMALL, SMALL])
        asked = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(asked, [place, SMALL(0), SMALL(3), SMALL(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@summing
def turn(v: Array, x: int, n: int, apart: int, heads: int, d: int, turns: int, by: Array) -> None:
    """Heads of d features of n rows normalised (turns 1), turned (2) or both (3), in place.

    Args:
        v, x: array, and where they begin.
        n, apart, heads, d: rows, from a row to the next, heads of each, and features.
        turns: see `Place`.
        by: of each pair of features the cosine and the sine, (d,).
    """
    for i in range(n):
        for h in range(heads):
            at = x + i * apart + h * d
            row = v[at : at + d]
            if turns & 1:
                square = ZERO
                for j in range(d):
                    square += row[j] * row[j]
                scale = ONE / math.sqrt(square / np.float32(d) + EPS)
                for j in range(d):
                    row[j] *= scale
            if turns & 2:
                for j in range(0, d, 2):
                    real, other = row[j], row[j + 1]
                    row[j] = real * by[j] - other * by[j + 1]
                    row[j + 1] = real * by[j + 1] + other * by[j]


@kernel
def keep(
    kept: Array, at: int, size: int, places: Array, first: int, v: Array, x: int,
    n: int, apart: int,
) -> None:  # fmt: skip
    """n rows of `size` numbers, `apart` from each other, each at its place in a cache."""
    for i in range(n):
        row, to = v[x + i * apart : x + i * apart + size], at + places[first + i] * size
        made = kept[to : to + size]
        for j in range(size):
            made[j] = row[j]


@given
def dots(
    s: Array, so: int, v: Array, q: int, keys: Array, k: int, d: int, t: int, apart: int
) -> None:
    """A query's products with t keys that are `apart` from each other, added to scores."""
    o = 0
    while o + COLUMNS <= t:
        apart_dots_tile(s, so + o, v, q, keys, k + o * apart, d, t, apart, 1, COLUMNS)
        o += COLUMNS
    while o < t:
        apart_dots_tile(s, so + o, v, q, keys, k + o * apart, d, t, apart, 1, 1)
        o += 1


@given
def weigh(
    v: Array, y: int, s: Array, so: int, values: Array, o: int, d: int, t: int, apart: int
) -> None:
    """The sum of t values by their weights, added to d numbers."""
    lanes, j = WIDTH // v.itemsize, 0
    while j + VECTORS * lanes <= d:
        to, at = place(v, y + j), place(values, o + j)
        tile(v, y + j, apart, to, apart, s, so, t, 1, at, apart, t, 0, 1, VECTORS)
        j += VECTORS * lanes
    while j < d:
        left, to, at = min(lanes, d - j), place(v, y + j), place(values, o + j)
        tile(v, y + j, apart, to, apart, s, so, t, 1, at, apart, t, left, 1, -1)
        j += lanes


@kernel
def attend(
    v: Array, x: int, y: int, n: int, apart: int, heads: int, kv: int, d: int, keys: Array,
    values: Array, places: Array, first: int, step: int, seen: int, s: Array,
) -> None:  # fmt: skip
    """What n rows gather, each from its own keys and values.

    Args:
        v, x, y: array, and where queries and results begin.
        n, apart: rows, and from a row of queries to the next.
        heads, kv, d: heads of queries, of keys, and features of each.
        keys, values: caches, time first.
        places, first: where rows are in them, from which one on.
        step: from a position to the next.
        seen: positions.
        s: room for scores, (heads · seen,) at least.
    """
    size = kv * d
    root, group = ONE / np.float32(math.sqrt(np.float32(d))), heads // kv
    for i in range(n):
        if i + AHEAD < n:
            soon = places[first + i + AHEAD] * size
            for t in range(seen):
                for j in range(0, size, LINE):
                    fetch(keys, soon + t * step + j)
                    fetch(values, soon + t * step + j)
        query, own = x + i * apart, places[first + i] * size
        row, made = v[query : query + heads * d], v[y + i * heads * d : y + (i + 1) * heads * d]
        for j in range(heads * d):
            row[j] *= root
            made[j] = ZERO
        for j in range(heads * seen):
            s[j] = ZERO
        for h in range(heads):
            dots(s, h * seen, v, query + h * d, keys, own + h // group * d, d, seen, step)
        softmax_rows(s, heads, seen)
        for h in range(heads):
            at = y + (i * heads + h) * d
            weigh(v, at, s, h * seen, values, own + h // group * d, d, seen, step)
