"""Which gradients of parameters are written by the first operation that reaches them.

All others are added to, and so have to be zeros before; what is written needs not be read, either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hornbook.kernels.program import Column, Kind, Operation

__all__ = ["to_clear", "with_fresh"]

WRITERS = (Kind.PRODUCT, Kind.DOTS, Kind.TABLE)
PLACES = (Column.WEIGHT, Column.BIAS, Column.STATE_WEIGHT, Column.STATE_BIAS)


def with_fresh(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """The same, in which `OWN` of a product says whether it writes its gradients.

    It does where none of those behind it, which are passed before it on the way back, has its
    parameters.
    """
    found, seen = list(operations), set[int]()
    for at in reversed(range(len(found))):
        whole = found[at].whole
        own = {whole[place] for place in PLACES if whole[place] >= 0}
        if whole[Column.KIND] in WRITERS:
            marked = list(whole)
            marked[Column.OWN] = int(not own & seen)
            found[at] = replace(found[at], whole=tuple(marked))
        seen |= own
    return tuple(found)


def to_clear(operations: Sequence[Operation], count: int) -> npt.NDArray[np.int64]:
    """Begin and end of each part of `count` gradients that nobody writes at first, (R, 2)."""
    written = []
    for one in operations:
        kind, fan_in, out, weight, bias, own = (
            one.whole[at]
            for at in (
                Column.KIND, Column.IN, Column.OUT, Column.WEIGHT, Column.BIAS, Column.OWN
            )
        )  # fmt: skip
        if kind in WRITERS and own == 1:
            written.append((weight, weight + fan_in * out))
            written += [(bias, bias + out)] if bias >= 0 else []
    begins = [0, *(end for _, end in sorted(written))]
    ends = [*(begin for begin, _ in sorted(written)), count]
    left = [part for part in zip(begins, ends, strict=True) if part[0] < part[1]]
    return np.array(left, np.int64).reshape(-1, 2)
