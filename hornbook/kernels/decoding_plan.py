"""What a net does with one more token of each row, as compiled code takes it: see `decoding`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ALONE", "HELPING", "LEADING", "NONE", "ROWS", "Decoded", "DecodingKind", "Place"]

Whole = npt.NDArray[np.int64]
ROWS = 128  # that go through a net together
ALONE, LEADING, HELPING = 0, 1, 2  # what a thread does: see `decoding.decode`
NONE = -1  # in the place of a parameter that is not there


class DecodingKind(IntEnum):
    """What an operation does to each row."""

    EMBEDDING = 0
    POSITION = 1
    "Adds the row of a table that the position has."
    LAYER_NORM = 2
    RMS_NORM = 3
    DOTS = 4
    "x Wᵀ + b, the weight as the layer has it, (out, in): read once for a few rows."
    PRODUCT = 5
    "The same, the weight kept as (in, out): fast for many rows."
    ATTENTION = 6
    "Of the heads' queries to keys and values, those of this token among them, which it keeps."
    TANH_CAP = 7
    RELU = 8
    SQUARED_RELU = 9
    GELU = 10
    TANH_GELU = 11
    TANH = 12
    SWIGLU = 13
    COPY = 14
    ADD = 15


class Place(IntEnum):
    """What the whole numbers of an operation are."""

    KIND = 0
    IN = 1
    "Features of a row of the input; of a head, in attention."
    OUT = 2
    X = 3
    "Where the input begins in the room of a row."
    Y = 4
    WEIGHT = 5
    "The number of the weight among the addresses."
    BIAS = 6
    OWN = 7
    """Its own: 1 for a product that is added to what stands at Y; the number of attention's cache;
    whether RMSNorm's or attention's."""
    HEADS = 8
    KV_HEADS = 9
    TURNS = 10
    "Of attention: 1 if queries and keys are normalised, 2 if they are turned, 3 for both."


@dataclass(frozen=True)
class Decoded:
    """One of the operations that make logits of a token."""

    kind: DecodingKind
    features: int
    out: int
    x: int
    y: int
    weight: int = NONE
    bias: int = NONE
    own: int = 0
    heads: int = 0
    kv_heads: int = 0
    turns: int = 0
    number: float = 0.0
    "ε of a normalisation, or the bound of the logits."

    @property
    def whole(self) -> tuple[int, ...]:
        """By `Place`."""
        return (
            self.kind, self.features, self.out, self.x, self.y, self.weight, self.bias, self.own,
            self.heads, self.kv_heads, self.turns,
        )  # fmt: skip

    @staticmethod
    def tables(operations: list[Decoded]) -> tuple[Whole, npt.NDArray[Any]]:
        """Operations as arrays: whole numbers (O, P), and a float32 of each (O,)."""
        whole = np.array([one.whole for one in operations], dtype=np.int64)
        return whole.reshape(-1, len(Place)), np.array(
            [one.number for one in operations], dtype=np.float32
        )
