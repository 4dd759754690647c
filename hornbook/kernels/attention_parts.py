"""What attention does between its products; see `hornbook.kernels.attention`.

Scores of one head of one row of the batch are (seen, many): a row for each key, a column for each
query. Arguments that all have:

    scores      where they begin
    seen, many  keys and queries
    diagonal    the key, of these, that the first query stands at
    window      how far back a query sees, itself included; 0 or less: to the row's start
"""

from __future__ import annotations

import math
from typing import Any

from hornbook.kernels.compiled import kernel, summing
from hornbook.kernels.exponential import exponential
from hornbook.kernels.panels import place, turned_block
from hornbook.kernels.rows import raise_row
from hornbook.kernels.vectors import WIDTH

__all__ = [
    "begin_scores", "bytes_of", "drop", "drop_back", "pack", "powers", "sum_products", "transpose",
    "weigh",
]  # fmt: skip

Array = Any


@kernel
def pack(
    made: Array, to: int, given: Array, at: int, count: int, apart: int, stride: int, size: int,
    scale: Any,
) -> None:  # fmt: skip
    """Rows of `size` features, `stride` apart, to where they are `apart`, scaled."""
    for i in range(count):
        begin, other = at + i * stride, to + i * apart
        row, copy = given[begin : begin + size], made[other : other + size]
        for j in range(size):
            copy[j] = row[j] * scale


@kernel
def transpose(
    made: Array, to: int, given: Array, at: int, count: int, stride: int, size: int, scale: Any
) -> None:
    """The same, features first, close together: squares are turned in registers."""
    lanes = WIDTH // made.itemsize
    rows, columns = count - count % lanes, size - size % lanes
    for i in range(0, rows, lanes):
        for j in range(0, columns, lanes):
            square = place(given, at + i * stride + j)
            turned_block(place(made, to + j * count + i), count, square, stride, lanes, lanes, 1, 1)
    for i in range(count):
        for j in range(columns if i < rows else 0, size):
            made[to + j * count + i] = given[at + i * stride + j]
    whole = made[to : to + size * count]
    for j in range(size * count):
        whole[j] *= scale


@kernel
def begin_scores(v: Array, scores: int, seen: int, many: int, diagonal: int, window: int) -> None:
    """0, to which scores are added, and -inf where a query must not see a key: one behind its own
    place, or far before it.
    """
    lowest = v.dtype.type(-math.inf)
    v[scores : scores + seen * many] = 0
    for r in range(diagonal + 1, seen):
        row = v[scores + r * many : scores + r * many + r - diagonal]
        for i in range(r - diagonal):
            row[i] = lowest
    if window > 0:
        for r in range(many + diagonal - window):
            row = v[scores + r * many + r + window - diagonal : scores + (r + 1) * many]
            for i in range(len(row)):
                row[i] = lowest


@kernel
def powers(v: Array, scores: int, seen: int, many: int, at_most: int, at_share: int) -> None:
    """exp(score - largest) of each query, the largest, and 1 / the sum of these.

    Of what a query must not see that is the least normal number, which is nothing in a sum with 1.
    """
    lowest, zero, one = v.dtype.type(-math.inf), v.dtype.type(0), v.dtype.type(1)
    most, share = v[at_most : at_most + many], v[at_share : at_share + many]
    for i in range(many):
        most[i], share[i] = lowest, zero
    for r in range(seen):
        raise_row(v, at_most, v, scores + r * many, many)
    power(v, scores, seen, many, most)
    for r in range(seen):
        row = v[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            share[i] += row[i]
    for i in range(many):
        share[i] = one / share[i]


@kernel
def power(v: Array, scores: int, seen: int, many: int, most: Array) -> None:
    """exp(score - largest)."""
    for r in range(seen):
        row = v[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            row[i] -= most[i]
    whole = v[scores : scores + seen * many]
    for i in range(seen * many):  # in one go: a row alone is short
        whole[i] = exponential(whole[i])


@kernel
def bytes_of(
    first: int, low: int, head: int, heads: int, time: int, window: int, lot: int
) -> tuple[int, int]:
    """Where the random bytes of a query begin, for key `low`, and how far it is to those of the
    next: so many keys are seen by one of its lot.

    Args:
        first: the query.
        low: the key.
        head, heads: the head of a row of the batch, and how many there are in all.
        time: positions of a row.
        window, lot: as of `attention`.
    """
    at = 0
    for begin in range(0, time, lot):
        end = min(begin + lot, time)
        lowest = max(0, begin + 1 - window) if window > 0 else 0
        keys = end - lowest
        if first < end:
            return at + (head * (end - begin) + first - begin) * keys + low - lowest, keys
        at += -(-heads * (end - begin) * keys // 8) * 8
    return at, 0


@kernel
def drop(
    v: Array, scores: int, seen: int, many: int, at: int, stride: int, least: int, grown: Any,
    drawn: Array,
) -> None:  # fmt: skip
    """Weights of which the random byte is at least `least`, grown; the others are 0.

    Args:
        v, scores, seen, many: see above.
        at, stride: see `bytes_of`.
        least, grown, drawn: as of `attention`.
    """
    zero = v.dtype.type(0)
    for i in range(many):
        own = drawn[at + i * stride : at + i * stride + seen]
        for r in range(seen):
            v[scores + r * many + i] *= grown if own[r] >= least else zero


@kernel
def weigh(
    d: Array, v: Array, scores: int, seen: int, many: int, most: Array, share: Array, sums: Array
) -> None:
    """Scores become weights, and the gradients of weights those of scores.

    Of softmax: dscores = weights · (dweights - Σ weights · dweights).

    Args:
        d, v, scores, seen, many: see above.
        most, share: of each query the largest score, and 1 / the sum of powers.
        sums: of each query Σ weights · dweights.
    """
    power(v, scores, seen, many, most)
    for r in range(seen):
        weight = v[scores + r * many : scores + (r + 1) * many]
        dscore = d[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            weight[i] *= share[i]
            dscore[i] = weight[i] * (dscore[i] - sums[i])


@kernel
def drop_back(
    d: Array, v: Array, scores: int, seen: int, many: int, at: int, stride: int, least: int,
    grown: Any, drawn: Array, most: Array, share: Array, sums: Array,
) -> None:  # fmt: skip
    """The same where some weights were dropped: what is left of weights takes their place."""
    zero = v.dtype.type(0)
    power(v, scores, seen, many, most)
    for i in range(many):
        own = drawn[at + i * stride : at + i * stride + seen]
        for r in range(seen):
            place = scores + r * many + i
            weight = v[place] * share[i]
            left = weight * (grown if own[r] >= least else zero)
            v[place] = left
            d[place] = left * d[place] - weight * sums[i]


@summing
def sum_products(
    sums: Array, d: Array, v: Array, at: int, many: int, stride: int, size: int
) -> None:
    """Of each query Σ y · dy over features, which is Σ weights · dweights over keys."""
    for i in range(many):
        begin = at + i * stride
        dy, y = d[begin : begin + size], v[begin : begin + size]
        total = v.dtype.type(0)
        for j in range(size):
            total += dy[j] * y[j]
        sums[i] = total
