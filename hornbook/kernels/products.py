"""Products of small matrices.

Matrices are parts of flat arrays, from an offset on. A library's product packs its operands first,
which takes as long as a product of this size: these reach two to three times as much
(EXPERIMENTS.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hornbook.kernels.compiled import given
from hornbook.kernels.tiles import COLUMNS, ROWS, VECTORS, WIDTH, dots_tile, tile

__all__ = ["add_dots", "add_product"]

Array = Any
TALL, DEEP = 128, 256  # rows of A and of B at a time: what they meet in stays in the caches
NEAR = 2**16  # numbers of B that do, where its rows meet those of A


def down(vectors: int) -> Any:
    """The tiles of some columns of C, from the first row to the last."""
    one, two, four, all_ = 1, 2, 4, ROWS  # rows of a tile

    @given
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


down_whole, down_three, down_two, down_one = down(VECTORS), down(-3), down(-2), down(-1)


@given
def varying(number: Any) -> Any:
    """A whole number that is no constant: of a constant all that is called is compiled again."""
    return np.int64(number)


@given
def across(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B for some rows of C and some of B, from the first column to the last."""
    lanes = WIDTH // c.itemsize
    whole = m - m % (VECTORS * lanes)
    for j in range(0, whole, VECTORS * lanes):
        down_whole(c, co + j, a, ao, row, column, b, bo + j, n, k, m, 0)
    left, to, at = m - whole, co + whole, bo + whole
    if left > 2 * lanes:
        down_three(c, to, a, ao, row, column, b, at, n, k, m, left - 2 * lanes)
    elif left > lanes:
        down_two(c, to, a, ao, row, column, b, at, n, k, m, left - lanes)
    elif left > 0:
        down_one(c, to, a, ao, row, column, b, at, n, k, m, left)


@given
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
    row, column = varying(row), varying(column)
    for begin in range(0, n, TALL):
        rows = min(TALL, n - begin)
        for p in range(0, k, DEEP):
            from_a = ao + begin * row + p * column
            deep = min(DEEP, k - p)
            across(c, co + begin * m, a, from_a, row, column, b, bo + p * m, rows, deep, m)


@given
def add_dots(
    c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int
) -> None:
    """C += A Bᵀ for C (n, m), A (n, k) and B (m, k), fast where k is large.

    Four rows of A meet a few of B at a time; all of A passes as many of B as stay in the caches.

    Args:
        c, co, a, ao, b, bo: arrays, and where each matrix begins; rows follow each other.
        n, k, m: sizes.
    """
    some = max(4, NEAR // max(1, k) // 4 * 4)
    for begin in range(0, m, some):
        end = min(m, begin + some)
        i = 0
        while i < n:
            here, to, o = ao + i * k, co + i * m, begin
            if i + 4 <= n:
                while o + COLUMNS <= end:
                    dots_tile(c, to + o, a, here, b, bo + o * k, k, m, 4, COLUMNS)
                    o += COLUMNS
                while o < end:
                    dots_tile(c, to + o, a, here, b, bo + o * k, k, m, 4, 1)
                    o += 1
                i += 4
            else:
                while o + COLUMNS <= end:
                    dots_tile(c, to + o, a, here, b, bo + o * k, k, m, 1, COLUMNS)
                    o += COLUMNS
                while o < end:
                    dots_tile(c, to + o, a, here, b, bo + o * k, k, m, 1, 1)
                    o += 1
                i += 1
