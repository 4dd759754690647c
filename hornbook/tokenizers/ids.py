"""Arrays of ids: with boundaries put in, and what they add up to."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Ids", "ended", "total"]

Ids = npt.NDArray[np.integer[Any]]

PIECE = 2**20  # ids counted at a time


def ended(ids: Ids, lengths: npt.NDArray[np.int64], boundary: int | None) -> Ids:
    """The ids of some texts with a boundary after each.

    Args:
        ids: of all of them, one after the other.
        lengths: how many each has, shape (texts,).
        boundary: the id for it.

    Raises:
        ValueError: if there is none.
    """
    if boundary is None:
        raise ValueError("lines need a tokenizer with a boundary token")
    found = np.full(len(ids) + len(lengths), boundary, dtype=ids.dtype)
    inside = np.ones(len(found), dtype=bool)
    inside[np.cumsum(lengths + 1) - 1] = False
    found[inside] = ids
    return found


def total(each: npt.NDArray[np.int64], ids: Ids) -> int:
    """The sum of `each[ids]`, of ids of any shape, without an array as large as they are."""
    flat = ids.reshape(-1)
    return sum(int(each[flat[at : at + PIECE]].sum()) for at in range(0, len(flat), PIECE))
