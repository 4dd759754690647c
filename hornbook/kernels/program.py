"""A net as a list of operations that kernels can do; no Numba here.

An operation is a row of whole numbers, in the columns that `Column` names, and of a few others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Column", "Kind", "Operation", "Program"]

Whole = npt.NDArray[np.int64]
NONE = -1  # in the place of a parameter that is not there


class Kind(IntEnum):
    """What an operation does."""

    EMBEDDING = 0
    PRODUCT = 1
    "x Wᵀ + b, the weight kept as (in, out), which is fast where the output is the wider."
    DOTS = 2
    "The same, the weight kept as (out, in), as the layer has it."
    BATCH_NORM = 3
    LAYER_NORM = 4
    TANH = 5
    RELU = 6
    DROPOUT = 7


class Column(IntEnum):
    """What the whole numbers of an operation are."""

    KIND = 0
    ROWS = 1
    IN = 2
    "Features of a row of the input."
    OUT = 3
    X = 4
    "Where the input begins among the values."
    Y = 5
    "Where the output begins: where the input does, if it takes its place."
    WEIGHT = 6
    "Where the weight begins among the parameters."
    BIAS = 7
    KEPT = 8
    "Where the values begin that it keeps for itself."
    RUNNING = 9
    "Where its running statistics begin."
    DRAWN = 10
    "Where its random bytes begin."
    OWN = 11
    "Its own: BatchNorm's degrees of freedom; the least random byte that Dropout keeps."


@dataclass(frozen=True)
class Operation:
    """One of a net's."""

    whole: tuple[int, ...]
    "By `Column`."
    numbers: tuple[float, float] = (0.0, 0.0)
    "Its own: ε and momentum of BatchNorm; what Dropout multiplies by."


@dataclass(frozen=True)
class Program:
    """A net for batches of one shape, with its parameters at their places in the flat vector."""

    operations: tuple[Operation, ...]
    "From ids to logits."
    logits: int
    "Where these begin among the values."
    classes: int
    "How many there are of a row."
    values: int
    "How many values there are in all."
    drawn: int
    "Random bytes of a step, a multiple of 8."
    transposed: tuple[tuple[int, int, int], ...]
    "Weights that kernels keep transposed: where they begin in the vector, and their (out, in)."
    running: tuple[Any, ...]
    "Tensors of running statistics, one after the other, as they stand in the kernels' array."

    @property
    def multiplications(self) -> int:
        """Of a step's matrix products: one there, two back."""
        products = [
            one.whole[Column.ROWS] * one.whole[Column.IN] * one.whole[Column.OUT]
            for one in self.operations
            if one.whole[Column.KIND] in (Kind.PRODUCT, Kind.DOTS)
        ]
        return 3 * sum(products)

    def tables(self, kind: npt.DTypeLike) -> tuple[Whole, npt.NDArray[Any]]:
        """The operations as arrays: whole numbers (O, C), and the others (O, 2) in a precision."""
        whole = np.array([one.whole for one in self.operations], dtype=np.int64)
        return whole, np.array([one.numbers for one in self.operations], dtype=kind)
