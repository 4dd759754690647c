"""Compiled steps loaded, or compiled, before the first is made."""

from __future__ import annotations

import time
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from hornbook.kernels import machine_code
from hornbook.kernels.entries import addresses, advance, code_of_steps, measure

__all__ = ["load"]


def load(kinds: Collection[int], number: npt.DTypeLike) -> float:
    """What steps with some kinds of operations need.

    Args:
        kinds: of operations.
        number: what is computed with, float32 or float64.

    Returns:
        Seconds in which it was compiled; 0 if all of it was kept.
    """
    kept, began = machine_code.are_kept(code_of_steps(kinds, number)), time.perf_counter()
    addresses(kinds, number)
    for entry in (advance, measure):
        entry.native((np.dtype(number),))
    return 0.0 if kept else time.perf_counter() - began
