"""How threads share the batches of a training, and wait for each other.

A batch has as many shares as there are threads: each some of its rows, with room of its own for
what is made of them. A step is cut into parts where something hangs on all rows: at the update, and
at BatchNorm's sums. In each part a thread takes its own share first, and then those that others
have not begun, for a busy machine may have sent them to sleep. Sums are in the order of the shares,
so whoever makes these, the bits are the same.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from hornbook.kernels.compiled import kernel
from hornbook.kernels.machine_code import YIELD, make_known
from hornbook.kernels.notes import BEGUN, DONE, GIVEN_UP, NOTES
from hornbook.kernels.sharing import replace, take, told

__all__ = ["all_done", "begin_share", "end_share"]

Array = Any
PATIENCE = 2**7  # looks at the others, after which a processor is given to who else waits for it
make_known(YIELD)


@intrinsic  # type: ignore[untyped-decorator]
def give_way(typing: Any, work: Any) -> Any:
    """Let another thread have the processor, if one waits for it."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, YIELD), [])
        return context.get_dummy_value()

    return types.void(work), generate


@kernel
def begin_share(work: Array, share: int, part: int) -> bool:
    """Take a share of a part of the training, unless another thread has.

    Args:
        work: of all threads, (NOTES * (1 + threads),), zeros at first.
        share: which.
        part: 0, 1, 2 …: all shares of one are done before the next.
    """
    taken: bool = replace(work, NOTES * (1 + share) + BEGUN, part, part + 1)
    return taken


@kernel
def end_share(work: Array) -> None:
    """Say that one is done, with all that was written for it."""
    take(work, DONE)


@kernel
def all_done(work: Array, part: int) -> bool:
    """Wait until all shares of a part are; what was written for them, all can read then.

    Returns:
        Whether they are: not where that was given up, from Python, for a thread has failed.
    """
    count, looks = (part + 1) * (len(work) // NOTES - 1), 0
    while told(work, DONE) < count:
        looks += 1
        if looks % PATIENCE == 0:
            if told(work, GIVEN_UP) != 0:
                return False
            give_way(work)
    return True
