"""How threads share the batches of a training, wait for each other, and add up sums.

A batch has as many shares as there are threads: each some of its rows, with room of its own for
what is made of them. So threads wait only where something hangs on all rows: at the update, and in
BatchNorm. Sums are in the order of the shares, whoever makes these: where no BatchNorm makes
threads meet inside of its share, one that is ready takes the share of another that has not begun,
for a busy machine may have sent that to sleep.
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

__all__ = ["GIVEN_UP", "NOTES", "add_up", "all_done", "begin_share", "end_share", "meet"]

Array = Any
APART = 8  # numbers of a line of the cache, which two threads should not both write to
NOTES = APART  # numbers in `work` for those who came, and as many for each thread
# Which of the former is no longer 0 where one will not come: nobody waits for it then. Which counts
# the shares that are done, and which of a share's the parts of the training that were begun of it.
GIVEN_UP, DONE, BEGUN = 1, 2, 1
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
    return reached(work, DONE, (part + 1) * (len(work) // NOTES - 1))


@kernel
def meet(work: Array, thread: int) -> bool:
    """Wait within shares until all threads are here; what each wrote before, all can read then.

    Args:
        work: as of `begin_share`: how often one came, and of each how often it met the others.
        thread: which of them this is.

    Returns:
        As `all_done`.
    """
    parts, own = len(work) // NOTES - 1, NOTES * (1 + thread)
    work[own] += 1
    if parts == 1:
        return True
    take(work, 0)
    return reached(work, 0, work[own] * parts)


@kernel
def reached(work: Array, at: int, count: int) -> bool:
    """Wait until a number is so large, or that is given up."""
    looks = 0
    while told(work, at) < count:
        looks += 1
        if looks % PATIENCE == 0:
            if told(work, GIVEN_UP) != 0:
                return False
            give_way(work)
    return True


@kernel
def add_up(values: Array, work: Array, thread: int, sums: Array) -> None:
    """Each thread's numbers become the sums of those of all, in the order of the threads.

    Args:
        values: (n,), as many as the others have.
        work, thread: as of `meet`.
        sums: room, (2, threads, n or more). The halves take turns: when one is written to again,
            all have met since they read it.
    """
    n, parts = len(values), sums.shape[1]
    if parts == 1:
        return
    half = work[NOTES * (1 + thread)] % 2
    own = sums[half, thread]
    for j in range(n):
        own[j] = values[j]
    meet(work, thread)
    for j in range(n):
        values[j] = sums[half, 0, j]
    for other in range(1, parts):
        found = sums[half, other]
        for j in range(n):
            values[j] += found[j]
