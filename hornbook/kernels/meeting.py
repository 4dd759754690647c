"""How threads share the batches of a training, and wait for each other.

A batch has as many shares as there are threads: each some of its rows, with room of its own for
what is made of them. A step is cut into parts where something hangs on all rows: at the update, and
at BatchNorm's sums. In each part a thread takes its own share first, and then those that others
have not begun, for a busy machine may have sent them to sleep. Sums are in the order of the shares,
so whoever makes these, the bits are the same.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from hornbook.kernels.compiled import kernel
from hornbook.kernels.sharing import replace, take, told

__all__ = ["GIVEN_UP", "NOTES", "all_done", "begin_share", "end_share"]

Array = Any
APART = 8  # numbers of a line of the cache, which two threads should not both write to
NOTES = APART  # numbers in `work` for all, and as many for each share
# Of those for all: how many shares of parts are done, and what is no longer 0 where one will not
# be: nobody waits for it then. Of a share's: the parts that were begun of it.
DONE, GIVEN_UP, BEGUN = 0, 1, 0
PATIENCE = 2**7  # looks at the others, after which a processor is given to who else waits for it
YIELD = "hornbook_yield"
system = ctypes.windll.kernel32.SwitchToThread if sys.platform == "win32" else None  # type: ignore[attr-defined]
yields = ctypes.CDLL(None).sched_yield if system is None else system
llvm.add_symbol(YIELD, ctypes.cast(yields, ctypes.c_void_p).value)


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
