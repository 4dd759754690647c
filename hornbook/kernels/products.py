"""Products of matrices, by tiles.

Matrices are parts of flat arrays, from an offset on. Strips of C, as wide as tiles are, grow one
after the other. What they meet in B is read where it lies, if rows of B are near each other or few
rows of A meet it; else it goes to a panel first: with the first tile, which reads it anyway, or,
where B is transposed, in squares that are turned in registers. So products are as fast as a
library's where matrices are large, and faster where packing them would take as long as the product
(EXPERIMENTS.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hornbook.kernels.compiled import given
from hornbook.kernels.panels import DEEP, further, panel, place, turned_block, zeros
from hornbook.kernels.rows import copy_row
from hornbook.kernels.tiles import dots_tile, packing_tile, tile
from hornbook.kernels.vectors import COLUMNS, ROWS, VECTORS, WIDTH

__all__ = ["add_dots", "add_product", "dots", "product"]

Array = Any
Place = Any
TALL = 1024  # rows of A at a time, so that they stay in a cache for all strips
# Bytes from a row of B to the next, from which a panel pays: a page where a strip of C takes three
# lines of the cache, less where it takes one and a half, and more rows share few places.
FAR = 2**12 if WIDTH == 64 else 2**9
MANY = 4 * ROWS  # rows of A for which it does
SOME, EACH = 24, 8  # rows of A for which B is turned: so many, or one for so many of a sum
NEAR = 2**16  # numbers of B that stay in the caches, where its rows meet those of A
STRAIGHT, PACKED, TURNED = 0, 1, 2  # ways to B: where it lies, by a panel, and transposed


def down(vectors: int) -> Any:
    """The tiles of a strip of C, from the first row to the last."""
    one, two, four, all_ = 1, 2, 4, ROWS  # rows of a tile

    @given
    def fill(
        c: Array, co: int, m: int, f: Place, far: int, a: Array, ao: int, row: int, column: int,
        b: Place, skip: int, n: int, k: int, left: int,
    ) -> None:  # fmt: skip
        i = 0
        while i + all_ <= n:
            to, at, begin = co + i * m, ao + i * row, further(f, i * far)
            tile(c, to, m, begin, far, a, at, row, column, b, skip, k, left, all_, vectors)
            i += all_
        if i + four <= n:
            to, at, begin = co + i * m, ao + i * row, further(f, i * far)
            tile(c, to, m, begin, far, a, at, row, column, b, skip, k, left, four, vectors)
            i += four
        if i + two <= n:
            to, at, begin = co + i * m, ao + i * row, further(f, i * far)
            tile(c, to, m, begin, far, a, at, row, column, b, skip, k, left, two, vectors)
            i += two
        if i < n:
            to, at, begin = co + i * m, ao + i * row, further(f, i * far)
            tile(c, to, m, begin, far, a, at, row, column, b, skip, k, left, one, vectors)

    return fill


@given
def turn_to(room: Place, lanes: int, wide: int, b: Place, skip: int, k: int, columns: int) -> None:
    """To a panel of `wide` columns k rows of Bᵀ, whose columns are rows of B, `skip` apart."""
    for j in range(0, columns, lanes):
        rows = min(lanes, columns - j)
        for p in range(0, k, lanes):
            to, at, rest = further(room, p * wide + j), further(b, j * skip + p), min(lanes, k - p)
            if rows == lanes and rest == lanes:
                turned_block(to, wide, at, skip, rows, rest, 1, 1)
            else:
                turned_block(to, wide, at, skip, rows, rest, 0, 1)


def strip(vectors: int) -> Any:
    """A strip of C; its last register holds `left` columns, if `vectors` is negative."""
    fill, all_, count = down(vectors), ROWS, abs(vectors)

    @given
    def grow(
        c: Array, co: int, m: int, f: Place, far: int, a: Array, ao: int, row: int, column: int,
        b: Place, skip: int, n: int, k: int, left: int, way: int,
    ) -> None:  # fmt: skip
        if way == STRAIGHT:
            fill(c, co, m, f, far, a, ao, row, column, b, skip, n, k, left)
            return
        room, done, lanes = panel(c), 0, WIDTH // c.itemsize
        if way == PACKED:
            packing_tile(
                c, co, m, f, far, a, ao, row, column, b, skip, room, k, left, all_, vectors
            )
            done = all_
        else:
            columns = count * lanes if vectors > 0 else (count - 1) * lanes + left
            turn_to(room, lanes, count * lanes, b, skip, k, columns)
        to, at, begin = co + done * m, ao + done * row, further(f, done * far)
        fill(c, to, m, begin, far, a, at, row, column, room, count * lanes, n - done, k, left)

    return grow


whole_strip, strip_of_three, strip_of_two, strip_of_one = (
    strip(VECTORS), strip(-3), strip(-2), strip(-1)
)  # fmt: skip


@given
def varying(number: Any) -> Any:
    """A whole number that is not a constant: of a constant all that is called is compiled again."""
    return np.int64(number)


@given
def across(
    c: Array, co: int, f: Place, far: int, along: int, a: Array, ao: int, row: int, column: int,
    b: Array, bo: int, skip: int, n: int, k: int, m: int, way: int,
) -> None:  # fmt: skip
    """C = F + A B for some rows of C and some of B, from the first strip to the last.

    Arguments are as of `product`; rows of F are `far` apart, and its columns `along`; rows of B are
    `skip` apart, or, if it is transposed, columns.
    """
    lanes, aside = WIDTH // c.itemsize, skip if way == TURNED else 1
    wide = VECTORS * lanes
    left = m % wide
    if ROWS < 8 and 0 < left <= lanes and m > wide:  # a tile of one register waits for its sums
        left += wide
    j = 0
    while j < m - left:
        at, begin = place(b, bo + j * aside), further(f, j * along)
        whole_strip(c, co + j, m, begin, far, a, ao, row, column, at, skip, n, k, 0, way)
        j += wide
    if left > 3 * lanes:
        at, begin = place(b, bo + j * aside), further(f, j * along)
        strip_of_two(c, co + j, m, begin, far, a, ao, row, column, at, skip, n, k, lanes, way)
        j, left = j + 2 * lanes, left - 2 * lanes
    at, begin = place(b, bo + j * aside), further(f, j * along)
    if left > 2 * lanes:
        rest = left - 2 * lanes
        strip_of_three(c, co + j, m, begin, far, a, ao, row, column, at, skip, n, k, rest, way)
    elif left > lanes:
        rest = left - lanes
        strip_of_two(c, co + j, m, begin, far, a, ao, row, column, at, skip, n, k, rest, way)
    elif left > 0:
        strip_of_one(c, co + j, m, begin, far, a, ao, row, column, at, skip, n, k, left, way)


@given
def product(
    c: Array, co: int, f: Array, fo: int, far: int, a: Array, ao: int, row: int, column: int,
    b: Array, bo: int, n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C = F + A B for C and F (n, m), A (n, k) and B (k, m).

    Args:
        c, co: array, and where C begins in it; its rows follow each other.
        f, fo: the same of F, which may be C, else shares nothing with it.
        far: from a row of F to the next: 0 if it is one row, for all; below 0 if it is zeros.
        a, ao: the same of A.
        row, column: from a number of A to the next in its column, and in its row: (k, 1), or
            (1, n) where A is kept transposed.
        b, bo: the same of B as of C.
        n, k, m: sizes.
    """
    row, column = varying(row), varying(column)
    for begin in range(0, n, TALL):
        rows = min(TALL, n - begin)
        way = PACKED if rows >= MANY and m * c.itemsize >= FAR else STRAIGHT
        to = co + begin * m
        first, next_, along = from_place(c, f, fo, far, begin)
        for p in range(0, max(1, k), DEEP):
            at, deep = ao + begin * row + p * column, min(DEEP, k - p)
            across(
                c, to, first, next_, along, a, at, row, column, b, bo + p * m, m, rows, deep, m, way
            )
            first, next_, along = place(c, to), m, varying(1)


@given
def from_place(c: Array, f: Array, fo: int, far: int, begin: int) -> Any:
    """Where F begins for rows of C from `begin` on, how far apart its rows are, and its columns."""
    if far < 0:
        return zeros(c), varying(0), varying(0)
    return place(f, fo + begin * far), far, varying(1)


@given
def dots(
    c: Array, co: int, f: Array, fo: int, far: int, a: Array, ao: int, b: Array, bo: int, n: int,
    k: int, m: int,
) -> None:  # fmt: skip
    """C = F + A Bᵀ for C and F (n, m), A (n, k) and B (m, k); rows of A and B follow each other.

    Arguments are as of `product`.
    """
    if n < min(SOME, k // EACH):
        for i in range(n):
            if far < 0:
                c[co + i * m : co + (i + 1) * m] = 0
            elif far == 0:
                copy_row(c, co + i * m, f, fo, m)
        few_dots(c, co, a, ao, b, bo, n, k, m)
        return
    for begin in range(0, n, TALL):
        rows, to = min(TALL, n - begin), co + begin * m
        first, next_, along = from_place(c, f, fo, far, begin)
        for p in range(0, max(1, k), DEEP):
            at, deep = ao + begin * k + p, min(DEEP, k - p)
            across(
                c, to, first, next_, along, a, at, k, varying(1), b, bo + p, k, rows, deep, m,
                varying(TURNED),
            )  # fmt: skip
            first, next_, along = place(c, to), m, varying(1)


@given
def add_product(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B; arguments are as of `product`."""
    product(c, co, c, co, m, a, ao, row, column, b, bo, n, k, m)


@given
def add_dots(
    c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int
) -> None:
    """C += A Bᵀ; arguments are as of `dots`."""
    dots(c, co, c, co, m, a, ao, b, bo, n, k, m)


@given
def few_dots(
    c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int
) -> None:
    """C += A Bᵀ by sums over k, fast where that is large and n small.

    Four rows of A meet a few of B at a time; all of A passes as many of B as stay in the caches.
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
