"""Where the boundaries of a large stream are: 32 bits each in a file, and the rest apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["WRAP", "Ends"]

WRAP = 2**32


class Ends:
    """Where the boundaries of a stream are, as one array that is mapped.

    The files have the lower 32 bits; the rest follows from `wraps`, for they only ever grow. The
    first boundary, before all examples, is number 0.
    """

    def __init__(self, low: npt.NDArray[np.uint32], wraps: Sequence[int]) -> None:
        self.low, self.wraps = low, np.array(wraps, dtype=np.int64)

    def __len__(self) -> int:
        """Number of boundaries."""
        return len(self.low) + 1

    def __getitem__(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The positions of some boundaries."""
        at = np.maximum(numbers - 1, 0)
        high = np.searchsorted(self.wraps, at, side="right")
        found = self.low[at].astype(np.int64) + high * WRAP
        return np.where(numbers == 0, 0, found)
