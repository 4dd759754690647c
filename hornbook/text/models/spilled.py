"""Arrays that grow at their end, in memory or in a file that has no name.

What is counted of a large text grows past what memory should hold. Its arrays are then written to
the folder of temporary files and mapped from there: the system keeps in memory what is in use, and
gives the room back when the last array is gone.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError

__all__ = ["Column", "room", "smallest"]

Array = npt.NDArray[Any]


class Column:
    """An array that is made piece by piece.

    Args:
        dtype: of its numbers.
        spilled: whether it is kept in a file.
    """

    def __init__(self, dtype: npt.DTypeLike, *, spilled: bool) -> None:
        self.dtype, self.length = np.dtype(dtype), 0
        self.pieces: list[Array] = []
        self.file = tempfile.TemporaryFile() if spilled else None  # noqa: SIM115 - outlives this

    def append(self, piece: Array) -> None:
        """Add numbers at the end.

        Raises:
            DataError: if the disk is full.
        """
        self.length += len(piece)
        piece = piece.astype(self.dtype, copy=False)
        if self.file is None:
            self.pieces.append(piece)
            return
        try:
            self.file.write(piece.data)
        except OSError as error:
            raise no_room(error) from error

    def array(self) -> Array:
        """All of it; nothing is added afterwards.

        Raises:
            DataError: if the disk is full.
        """
        if self.file is None:
            return np.concatenate([np.empty(0, self.dtype), *self.pieces])
        try:
            with self.file:  # what is mapped stays so
                self.file.flush()
                if not self.length:
                    return np.empty(0, self.dtype)
                return np.memmap(self.file, self.dtype, "r", shape=(self.length,))
        except OSError as error:
            raise no_room(error) from error


def room(length: int, dtype: npt.DTypeLike, *, spilled: bool) -> Array:
    """An array to write into.

    Raises:
        DataError: if the disk is full.
    """
    if not spilled or not length:
        return np.empty(length, dtype)
    try:
        with tempfile.TemporaryFile() as file:
            os.truncate(file.fileno(), length * np.dtype(dtype).itemsize)
            return np.memmap(file, dtype, "r+", shape=(length,))
    except OSError as error:
        raise no_room(error) from error


def smallest(most: int) -> np.dtype[Any]:
    """The smallest type for numbers from 0 to some number; signed where 32 bits are too few.

    An unsigned type of 64 bits and a signed one make floating point together.
    """
    fitting = np.min_scalar_type(most)
    return np.dtype(np.int64) if fitting.itemsize == 8 else fitting


def no_room(error: OSError) -> DataError:
    """The error that what is counted cannot be kept."""
    return DataError(
        f"The counts do not fit in {tempfile.gettempdir()}: {error.strerror or error}.",
        hint="Free some disk space, name a folder of a larger disk in TMPDIR, or train on a part "
        "of the file.",
    )
