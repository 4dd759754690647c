"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hornbook.kernels import machine_code
from hornbook.kernels.entries import advance, decode, measure, units_of

__all__ = ["DECODING", "WAIT", "are_kept"]

DECODING = "decoding"

WAIT = "Compiling the steps for this machine: usually 10 to 40 seconds, once."


def are_kept(which: Iterable[int | str]) -> bool:
    """Whether some are, for float32: nobody waits for others.

    Args:
        which: kinds of operations, or `DECODING`.
    """
    number, names = np.float32, set[str]()
    for one in which:
        if isinstance(one, str):
            names.add(decode.code(number))
        else:
            names |= {*units_of(one, number), advance.code(number), measure.code(number)}
    return machine_code.are_kept(names)
