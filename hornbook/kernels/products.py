"""Products of small matrices, in loops that the compiler turns into the widest registers there are.

Matrices are parts of flat arrays, from an offset on. A library's product packs its operands first,
which takes as long as a product of this size: these loops reach 1.5 times as much (EXPERIMENTS.md).
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel, summing

__all__ = ["add_dots", "add_product"]

Array = Any


@kernel
def add_product(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B for C (n, m), A (n, k) and B (k, m), fast where m is large.

    Four rows of C take four rows of B at a time, so that each number that is read serves four
    products.

    Args:
        c, co: array, and where C begins in it; its rows follow each other.
        a, ao: the same of A.
        row, column: from a number of A to the next in its column, and in its row: (k, 1), or
            (1, n) where A is kept transposed.
        b, bo: the same of B as of C.
        n, k, m: sizes.
    """
    whole_n, whole_k = n - n % 4, k - k % 4
    for i in range(0, whole_n, 4):
        at = co + i * m
        c0, c1 = c[at : at + m], c[at + m : at + 2 * m]
        c2, c3 = c[at + 2 * m : at + 3 * m], c[at + 3 * m : at + 4 * m]
        a0 = ao + i * row
        a1, a2, a3 = a0 + row, a0 + 2 * row, a0 + 3 * row
        for p in range(0, whole_k, 4):
            at = bo + p * m
            b0, b1 = b[at : at + m], b[at + m : at + 2 * m]
            b2, b3 = b[at + 2 * m : at + 3 * m], b[at + 3 * m : at + 4 * m]
            p0, p1, p2, p3 = p * column, (p + 1) * column, (p + 2) * column, (p + 3) * column
            x00, x01, x02, x03 = a[a0 + p0], a[a0 + p1], a[a0 + p2], a[a0 + p3]
            x10, x11, x12, x13 = a[a1 + p0], a[a1 + p1], a[a1 + p2], a[a1 + p3]
            x20, x21, x22, x23 = a[a2 + p0], a[a2 + p1], a[a2 + p2], a[a2 + p3]
            x30, x31, x32, x33 = a[a3 + p0], a[a3 + p1], a[a3 + p2], a[a3 + p3]
            for j in range(m):
                w0, w1, w2, w3 = b0[j], b1[j], b2[j], b3[j]
                c0[j] = c0[j] + x00 * w0 + x01 * w1 + x02 * w2 + x03 * w3
                c1[j] = c1[j] + x10 * w0 + x11 * w1 + x12 * w2 + x13 * w3
                c2[j] = c2[j] + x20 * w0 + x21 * w1 + x22 * w2 + x23 * w3
                c3[j] = c3[j] + x30 * w0 + x31 * w1 + x32 * w2 + x33 * w3
        for p in range(whole_k, k):
            b0 = b[bo + p * m : bo + (p + 1) * m]
            p0 = p * column
            x00, x10, x20, x30 = a[a0 + p0], a[a1 + p0], a[a2 + p0], a[a3 + p0]
            for j in range(m):
                c0[j] += x00 * b0[j]
                c1[j] += x10 * b0[j]
                c2[j] += x20 * b0[j]
                c3[j] += x30 * b0[j]
    for i in range(whole_n, n):
        c0, a0 = c[co + i * m : co + (i + 1) * m], ao + i * row
        for p in range(0, whole_k, 4):
            at = bo + p * m
            b0, b1 = b[at : at + m], b[at + m : at + 2 * m]
            b2, b3 = b[at + 2 * m : at + 3 * m], b[at + 3 * m : at + 4 * m]
            x00, x01 = a[a0 + p * column], a[a0 + (p + 1) * column]
            x02, x03 = a[a0 + (p + 2) * column], a[a0 + (p + 3) * column]
            for j in range(m):
                c0[j] = c0[j] + x00 * b0[j] + x01 * b1[j] + x02 * b2[j] + x03 * b3[j]
        for p in range(whole_k, k):
            b0 = b[bo + p * m : bo + (p + 1) * m]
            x00 = a[a0 + p * column]
            for j in range(m):
                c0[j] += x00 * b0[j]


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
