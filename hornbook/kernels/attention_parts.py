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

__all__ = ["drop", "drop_back", "pack", "power", "powers", "sum_products", "transpose", "weigh"]

Array = Any


@kernel
def pack(
    made: Array, to: int, given: Array, at: int, count: int, apart: int, stride: int, size: int,
    scale: Any,
) -> None:  # fmt: skip
    """Rows of `size` features, `stride` apart, to where they are `apart`, scaled."""
    for i in range(count):
        row, copy = given[at + i * stride :][:size], made[to + i * apart :][:size]
        for j in range(size):
            copy[j] = row[j] * scale


@kernel
def transpose(
    made: Array, to: int, given: Array, at: int, count: int, stride: int, size: int, scale: Any
) -> None:
    """The same, features first."""
    for i in range(count):
        row = given[at + i * stride :][:size]
        for j in range(size):
            made[to + j * count + i] = row[j] * scale


@kernel
def hide(
    v: Array, scores: int, seen: int, many: int, diagonal: int, window: int, value: Any
) -> None:
    """Of each key the queries that must not see it: those before it, and those far behind."""
    for r in range(diagonal + 1, seen):
        row = v[scores + r * many :][: r - diagonal]
        for i in range(len(row)):
            row[i] = value
    if window > 0:
        for r in range(many + diagonal - window):
            row = v[scores + r * many + r + window - diagonal : scores + (r + 1) * many]
            for i in range(len(row)):
                row[i] = value


@kernel
def powers(
    v: Array, scores: int, seen: int, many: int, diagonal: int, window: int, at_most: int,
    at_share: int,
) -> None:  # fmt: skip
    """exp(score - largest) of each query, the largest, and 1 / the sum of these."""
    lowest, zero, one = v.dtype.type(-math.inf), v.dtype.type(0), v.dtype.type(1)
    most, share = v[at_most : at_most + many], v[at_share : at_share + many]
    hide(v, scores, seen, many, diagonal, window, lowest)
    for i in range(many):
        most[i], share[i] = lowest, zero
    for r in range(seen):
        row = v[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            most[i] = row[i] if row[i] > most[i] else most[i]
    power(v, scores, seen, many, diagonal, window, most)
    for r in range(seen):
        row = v[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            share[i] += row[i]
    for i in range(many):
        share[i] = one / share[i]


@kernel
def power(
    v: Array, scores: int, seen: int, many: int, diagonal: int, window: int, most: Array
) -> None:
    """exp(score - largest), 0 where a key is hidden."""
    for r in range(seen):
        row = v[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            row[i] -= most[i]
    whole = v[scores : scores + seen * many]
    for i in range(seen * many):  # in one go: a row alone is short
        whole[i] = exponential(whole[i])
    hide(v, scores, seen, many, diagonal, window, v.dtype.type(0))


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
        own = drawn[at + i * stride :][:seen]
        for r in range(seen):
            v[scores + r * many + i] *= grown if own[r] >= least else zero


@kernel
def weigh(d: Array, v: Array, scores: int, seen: int, many: int, share: Array, sums: Array) -> None:
    """Powers become weights, and the gradients of weights those of scores.

    Of softmax: dscores = weights · (dweights - Σ weights · dweights).

    Args:
        d, v, scores, seen, many: see above.
        share: 1 / the sum of each query's powers.
        sums: of each query Σ weights · dweights.
    """
    for r in range(seen):
        weight = v[scores + r * many : scores + (r + 1) * many]
        dscore = d[scores + r * many : scores + (r + 1) * many]
        for i in range(many):
            weight[i] *= share[i]
            dscore[i] = weight[i] * (dscore[i] - sums[i])


@kernel
def drop_back(
    d: Array, v: Array, scores: int, seen: int, many: int, at: int, stride: int, least: int,
    grown: Any, drawn: Array, share: Array, sums: Array,
) -> None:  # fmt: skip
    """The same where some weights were dropped: what is left of weights takes their place."""
    zero = v.dtype.type(0)
    for i in range(many):
        own = drawn[at + i * stride :][:seen]
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
        dy, y = d[at + i * stride :][:size], v[at + i * stride :][:size]
        total = v.dtype.type(0)
        for j in range(size):
            total += dy[j] * y[j]
        sums[i] = total
