"""Products of small matrices.

Matrices are parts of flat arrays, from an offset on. A library's product packs its operands first,
which takes as long as a product of this size: these reach two to three times as much
(EXPERIMENTS.md).
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel, summing
from hornbook.kernels.tiles import ROWS, VECTORS, WIDTH, tile

__all__ = ["add_dots", "add_product"]

Array = Any
TALL, DEEP = 128, 256  # rows of A and of B at a time: what they meet in stays in the caches


def down(vectors: int) -> Any:
    """The tiles of some columns of C, from the first row to the last."""
    one, two, four, all_ = 1, 2, 4, ROWS  # rows of a tile

    @kernel
    def fill(
        c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
        n: int, k: int, m: int, left: int,
    ) -> None:  # fmt: skip
        i = 0
        while i + all_ <= n:
            tile(c, co + i * m, a, ao + i * row, row, column, b, bo, k, m, left, all_, vectors)
            i += all_
        if i + four <= n:
            tile(c, co + i * m, a, ao + i * row, row, column, b, bo, k, m, left, four, vectors)
            i += four
        if i + two <= n:
            tile(c, co + i * m, a, ao + i * row, row, column, b, bo, k, m, left, two, vectors)
            i += two
        if i < n:
            tile(c, co + i * m, a, ao + i * row, row, column, b, bo, k, m, left, one, vectors)

    return fill


down_wide, down_one, down_part = down(VECTORS), down(1), down(0)


@kernel
def across(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B for some rows of C and some of B, from the first column to the last."""
    lanes = WIDTH // c.itemsize
    wide = VECTORS * lanes
    j = 0
    while j < m:
        left, to, at = m - j, co + j, bo + j
        if left >= wide:
            down_wide(c, to, a, ao, row, column, b, at, n, k, m, left)
            j += wide
        elif left >= lanes:
            down_one(c, to, a, ao, row, column, b, at, n, k, m, left)
            j += lanes
        else:
            down_part(c, to, a, ao, row, column, b, at, n, k, m, left)
            j = m


@kernel
def add_product(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B for C (n, m), A (n, k) and B (k, m).

    Args:
        c, co: array, and where C begins in it; its rows follow each other.
        a, ao: the same of A.
        row, column: from a number of A to the next in its column, and in its row: (k, 1), or
            (1, n) where A is kept transposed.
        b, bo: the same of B as of C.
        n, k, m: sizes.
    """
    for begin in range(0, n, TALL):
        rows = min(TALL, n - begin)
        for p in range(0, k, DEEP):
            from_a = ao + begin * row + p * column
            deep = min(DEEP, k - p)
            across(c, co + begin * m, a, from_a, row, column, b, bo + p * m, rows, deep, m)


@summing
def add_dots(
    c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int
) -> None:
    """C += A Bᵀ for C (n, m), A (n, k) and B (m, k), fast where k is large.

    Four rows of A meet four of B at a time.

    Args:
        c, co, a, ao, b, bo: arrays, and where each matrix begins; rows follow each other.
        n, k, m: sizes.
    """
    whole_n, whole_m = n - n % 4, m - m % 4
    for i in range(0, whole_n, 4):
        at = ao + i * k
        a0, a1 = a[at : at + k], a[at + k : at + 2 * k]
        a2, a3 = a[at + 2 * k : at + 3 * k], a[at + 3 * k : at + 4 * k]
        to = co + i * m
        for o in range(0, whole_m, 4):
            at = bo + o * k
            b0, b1 = b[at : at + k], b[at + k : at + 2 * k]
            b2, b3 = b[at + 2 * k : at + 3 * k], b[at + 3 * k : at + 4 * k]
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = c.dtype.type(0)
            s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = c.dtype.type(0)
            for j in range(k):
                x0, x1, x2, x3 = a0[j], a1[j], a2[j], a3[j]
                w0, w1, w2, w3 = b0[j], b1[j], b2[j], b3[j]
                s00 += x0 * w0
                s01 += x0 * w1
                s02 += x0 * w2
                s03 += x0 * w3
                s10 += x1 * w0
                s11 += x1 * w1
                s12 += x1 * w2
                s13 += x1 * w3
                s20 += x2 * w0
                s21 += x2 * w1
                s22 += x2 * w2
                s23 += x2 * w3
                s30 += x3 * w0
                s31 += x3 * w1
                s32 += x3 * w2
                s33 += x3 * w3
            for r, (s0, s1, s2, s3) in enumerate(
                ((s00, s01, s02, s03), (s10, s11, s12, s13),
                 (s20, s21, s22, s23), (s30, s31, s32, s33))
            ):  # fmt: skip
                here = to + r * m + o
                c[here] += s0
                c[here + 1] += s1
                c[here + 2] += s2
                c[here + 3] += s3
        for o in range(whole_m, m):
            b0 = b[bo + o * k : bo + (o + 1) * k]
            s00 = s10 = s20 = s30 = c.dtype.type(0)
            for j in range(k):
                w0 = b0[j]
                s00 += a0[j] * w0
                s10 += a1[j] * w0
                s20 += a2[j] * w0
                s30 += a3[j] * w0
            c[to + o] += s00
            c[to + m + o] += s10
            c[to + 2 * m + o] += s20
            c[to + 3 * m + o] += s30
    for i in range(whole_n, n):
        a0 = a[ao + i * k : ao + (i + 1) * k]
        for o in range(m):
            b0 = b[bo + o * k : bo + (o + 1) * k]
            s00 = c.dtype.type(0)
            for j in range(k):
                s00 += a0[j] * b0[j]
            c[co + i * m + o] += s00
