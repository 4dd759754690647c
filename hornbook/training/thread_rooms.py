"""What each of the threads has that share a batch: its rows, and room for what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.kernels.program import Column, Kind, Program

__all__ = ["Room", "edges", "widest_sum"]

Floats = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]


def edges(rows: Whole | int, threads: int) -> Whole:
    """Where each thread's rows begin, and the last one's end, (..., threads + 1)."""
    found: Whole = np.asarray(rows)[..., None] * np.arange(threads + 1) // threads
    return found


class Room:
    """One thread's.

    Args:
        program: for the windows that it has of a batch, or for rows.
        size: values that there is to be room for, at least.
        kind: of number.
    """

    def __init__(self, program: Program, size: int, kind: npt.DTypeLike) -> None:
        self.program = program
        self.whole, self.numbers = program.tables(kind)
        self.values, self.back = np.zeros((2, max(size, program.values)), kind)


def widest_sum(program: Program) -> int:
    """Numbers of which threads that share a batch add up what each has, at most."""
    normal = (one.whole for one in program.operations if one.whole[Column.KIND] == Kind.BATCH_NORM)
    return max((2 * whole[Column.OUT] for whole in normal), default=1)
