"""Whether compiled kernels are on this machine: known without compiling them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hornbook.kernels import machine_code
from hornbook.kernels.entries import code_of_steps, decode

__all__ = ["DECODING", "WAIT", "are_kept"]

DECODING = "decoding"

WAIT = "Compiling the steps for this machine: usually 10 to 40 seconds, once."


def are_kept(which: Iterable[int | str]) -> bool:
    """Whether some are, for float32: nobody waits for others.

    Args:
        which: kinds of operations, or `DECODING`.
    """
    asked = set(which)
    kinds = {int(one) for one in asked - {DECODING}}
    names = code_of_steps(kinds, np.float32) if kinds else set()
    if DECODING in asked:
        names.add(decode.code(np.float32))
    return machine_code.are_kept(names)
