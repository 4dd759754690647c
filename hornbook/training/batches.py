"""Batches of rows of arrays, for tasks whose examples do not hang together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ArrayBatch", "ArrayBatches"]

Array = npt.NDArray[Any]


class ArrayBatch(tuple[Array, ...]):
    """The same rows of several arrays."""

    __slots__ = ()

    def part(self, i: int, n: int) -> tuple[ArrayBatch, float]:
        """Part i of n: some of the rows, and their share of all."""
        size = len(self[0])
        rows = slice(size * i // n, size * (i + 1) // n)
        return ArrayBatch(array[rows] for array in self), (rows.stop - rows.start) / max(1, size)


class ArrayBatches:
    """An endless source of batches, in a new random order each epoch.

    Batch number n is a function of the seed and of n alone, so that training which goes on after a
    stop sees the very batches that it would have. A rest that does not fill a batch is left out of
    its epoch; the next one's order is another.

    Args:
        arrays: of as many rows each.
        batch_size: rows in a batch.
        seed: of the order.

    Attributes:
        cursor: number of batches drawn so far; set it to go on from there.
        per_epoch: batches in one pass over the rows.
    """

    def __init__(self, *arrays: Array, batch_size: int, seed: int) -> None:
        self.arrays, self.seed, self.cursor = arrays, seed, 0
        self.batch_size = min(batch_size, len(arrays[0]))
        self.per_epoch = len(arrays[0]) // self.batch_size
        self.order: Array = np.empty(0, dtype=np.int64)
        self.epoch = -1

    def __next__(self) -> ArrayBatch:
        """The next batch."""
        epoch, index = divmod(self.cursor, self.per_epoch)
        if epoch != self.epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self.order, self.epoch = rng.permutation(len(self.arrays[0])), epoch
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        self.cursor += 1
        # `take` gives what `array[rows]` does, in a third of its time.
        return ArrayBatch(array.take(rows, 0) for array in self.arrays)
