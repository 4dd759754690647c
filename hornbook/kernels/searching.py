"""Where values stand among the sorted ones of a row, a search at a time.

`hornbook.text.models.looking_up.located` is the definition, which makes all searches at once, a
comparison of each in a round: here each reads from memory only what it compares.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.kernels import entries
from hornbook.kernels.compiled import called_from_python

__all__ = ["search"]


@called_from_python(entries.search)
def search(
    values: npt.NDArray[Any], offsets: npt.NDArray[Any], nodes: npt.NDArray[Any],
    wanted: npt.NDArray[Any], found: npt.NDArray[np.int64],
) -> None:  # fmt: skip
    """The index of each wanted value, -1 where it is not.

    Args:
        values: ascending within a node, shape (M,).
        offsets: where those of each node begin, and the end of the last, shape (nodes + 1,).
        nodes: in which to look, shape (N,).
        wanted: of the type of the values, shape (N,).
        found: shape (N,), is filled.
    """
    for i in range(len(nodes)):
        low, high = np.int64(offsets[nodes[i]]), np.int64(offsets[nodes[i] + 1])
        end, value = high, wanted[i]
        while low < high:
            middle = (low + high) >> 1
            if values[middle] < value:
                low = middle + 1
            else:
                high = middle
        found[i] = low if low < end and values[low] == value else -1
