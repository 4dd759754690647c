"""What attention remembers of a row that it reads step by step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["Cache"]


@dataclass
class Cache:
    """What attention remembers from step to step: the keys and values of what it read.

    Time comes first, so that a new position is written in one piece, and sums over positions run
    along all heads of all rows at once.

    Attributes:
        keys, values: shape (room, B, n_kv_head, head_size); `room` grows by doubling up to the
            window, and then the oldest is written over.
        count: positions read so far.
    """

    keys: Tensor
    values: Tensor
    count: int

    def pick(self, places: Tensor) -> Cache:
        """The keys and values of some rows."""
        keys, values = (x.index_select(1, places) for x in (self.keys, self.values))
        return Cache(keys, values, self.count)
