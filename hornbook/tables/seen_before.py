"""Rows that stood in train, known again by a number for each."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.data import TableData
from hornbook.tables.later import Piece
from hornbook.tables.mapper import Mapped

__all__ = ["SeenBefore"]


class SeenBefore:
    """Knows rows of train again by their features and their target.

    Args:
        data: of the run; of data that are not kept no row is known.
    """

    def __init__(self, data: TableData) -> None:
        self.data = data

    @cached_property
    def learned(self) -> npt.NDArray[np.uint64]:
        """Sums of the rows of train, sorted; empty where they are not kept."""
        if not self.data.kept:
            return np.empty(0, np.uint64)
        train = self.data.train
        return np.unique(sums_of(train.inputs, self.data.target.encode(train.target)))

    def count(self, piece: Piece) -> int:
        """How many rows, with their target, are the same as one of train."""
        if piece.target is None or not len(self.learned):
            return 0
        target = self.data.target
        known = piece.told & ~piece.bad & np.isfinite(piece.target)
        if target.labels:
            known &= piece.target >= 0
        if target.kind == "logarithm":
            known &= ~(piece.target <= 0)
        rows = np.flatnonzero(known)
        sums = sums_of(piece.inputs.take(rows), target.encode(piece.target[rows]))
        return int(np.isin(sums, self.learned).sum())


def sums_of(inputs: Mapped, wanted: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A number for each row, the same for the same features and target; shape (n,)."""
    random = np.random.default_rng(0)

    def weights(n: int) -> npt.NDArray[np.uint64]:
        return random.integers(0, 2**64 - 1, n, np.uint64) | np.uint64(1)

    bits = np.ascontiguousarray(inputs.numbers).view(np.uint32).astype(np.uint64)
    last = np.ascontiguousarray(wanted.astype(np.float32)).view(np.uint32).astype(np.uint64)
    found: npt.NDArray[np.uint64] = inputs.codes.astype(np.uint64) @ weights(inputs.codes.shape[1])
    found = found + bits @ weights(bits.shape[1]) + last * weights(1)
    return found ^ (found >> np.uint64(29))
