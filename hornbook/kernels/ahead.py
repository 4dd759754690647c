"""Compiled steps loaded, or compiled, before the first is made."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from hornbook.kernels.entries import addresses, advance, measure

__all__ = ["load"]


def load(kinds: Collection[int], number: npt.DTypeLike) -> None:
    """What steps with some kinds of operations need.

    Args:
        kinds: of operations.
        number: what is computed with, float32 or float64.
    """
    addresses(kinds, number)
    for entry in (advance, measure):
        entry.native((np.dtype(number),))
