"""What each share of a batch has, for threads: its rows, and room for what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.kernels.program import Program

__all__ = ["Rooms", "edges"]

Floats = npt.NDArray[Any]
APART = 16  # numbers between two shares' values, so that no line of the cache has both
Whole = npt.NDArray[np.int64]


def edges(rows: Whole | int, threads: int) -> Whole:
    """Where each thread's rows begin, and the last one's end, (..., threads + 1)."""
    found: Whole = np.asarray(rows)[..., None] * np.arange(threads + 1) // threads
    return found


class Rooms:
    """Those of all shares.

    Args:
        programs: each share's: for the windows that it has of a batch, or for rows.
        size: values that there is to be room for in each, at least.
        kind: of number.
    """

    def __init__(self, programs: Sequence[Program], size: int, kind: npt.DTypeLike) -> None:
        tables = {id(one): one.tables(kind) for one in programs}
        self.whole = np.stack([tables[id(one)][0] for one in programs])
        self.numbers = tables[id(programs[0])][1]
        self.logits = np.array([one.logits for one in programs], np.int64)
        most = max(size, *(one.values for one in programs)) + APART
        self.values, self.back = np.zeros((2, len(programs), most), kind)
