"""Compiled steps loaded, or compiled, before the first is made."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from hornbook.kernels.kept import note_kept
from hornbook.kernels.meeting import NOTES
from hornbook.kernels.operations import addresses
from hornbook.kernels.program import Column, Cut
from hornbook.kernels.steps import advance, measure

__all__ = ["load"]


def load(kinds: Collection[int], number: npt.DTypeLike) -> None:
    """What steps with some kinds of operations need: by no steps, and measuring nothing.

    Args:
        kinds: of operations.
        number: what is computed with, float32 or float64.
    """
    units, flat = addresses(kinds, number), np.zeros(1, number)
    none, pairs = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    whole, cuts = np.zeros((0, len(Column)), np.int64), np.zeros((0, len(Cut) + 1), np.int64)
    work, drawn = np.zeros(2 * NOTES, np.int64), np.zeros(0, np.uint8)
    two, three = np.zeros((1, 1), number), np.zeros((2, 1, 1), number)
    advance(
        units, whole[None], two, none, 1, flat, two, flat, two, two, two, none, none, drawn,
        cuts[None], pairs, 0, pairs, two, flat, flat, two, flat, 0.0, np.zeros((1, 0)), 0,
        work, three,
    )  # fmt: skip
    measure(
        units, whole, two, 0, 1, flat, flat, flat, flat, two, none, none, drawn, cuts,
        np.zeros(0), three,
    )  # fmt: skip
    if np.dtype(number) == np.float32:
        note_kept(kinds)
