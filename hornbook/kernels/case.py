"""What an operation is given: where its numbers are, and the arrays that they are in."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types

__all__ = ["Case", "case_of"]


class Case(NamedTuple):
    """One operation on one batch. Whole numbers are as `Column` has them, and flat arrays as
    `layers`.
    """

    n: int
    "Rows of the input."
    k: int
    m: int
    x: int
    y: int
    w: int
    b: int
    u: int
    e: int
    kept: int
    r: int
    own: int
    other: int
    number: Any
    another: Any
    p: Any
    g: Any
    running: Any
    v: Any
    d: Any
    state: Any
    ids: Any
    "Of the batch; for trees, what they are told by stands behind them."
    counts: Any
    "See `Cut`."
    batch: int
    before: int
    "See `Cut`."
    all: int
    "The same."
    drawn: Any
    "Random bytes, from its own on."
    training: bool
    spare: int
    "Rows of the input that another share of the batch has, too, and counts."
    share: int
    "Which this is."
    sums: Any
    "What each share has of sums over all rows, (2, shares, S); see `batch_norms`."


def case_of(number: Any) -> Any:
    """Numba's type of a case, by that of a number."""
    flat, square, whole = number[::1], number[:, ::1], types.int64
    kinds = [whole] * 13 + [number] * 2 + [flat] * 5
    kinds += [square, whole[::1], whole[::1], *[whole] * 3, types.uint8[::1], types.boolean]
    kinds += [whole, whole, number[:, :, ::1]]
    return types.NamedTuple(kinds, Case)
