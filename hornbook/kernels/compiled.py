"""How the kernels are compiled: into one function each that is kept on disk.

Where a call is left, Numba compiles what is called twice: by itself, and once more, otherwise, with
what calls it. A process that has compiled both takes the first, one that loads what was kept has
the second only, and the two may round otherwise. So no call is left but those to products, of which
every translation rounds alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["given", "kept_on_disk", "kernel", "part", "power_of_two", "summing"]

F = TypeVar("F", bound=Callable[..., Any])
COMMON: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def kernel(function: F) -> F:
    """A function compiled for the types that it is called with, which runs without Python's lock.

    Sums keep their order; only a product and a sum may become one operation, rounded once.
    """
    return cast(F, numba.njit(forceinline=True, fastmath={"contract"}, **COMMON)(function))


def summing(function: F) -> F:
    """The same, but a long sum may be added up in parts, as every library of products does."""
    how = {"contract", "reassoc", "nsz"}
    return cast(F, numba.njit(forceinline=True, fastmath=how, **COMMON)(function))


def given(function: F) -> F:
    """One whose operations on numbers are all given as instructions: see `tiles`.

    Every translation of it gives the same bits, so it may be called, and what calls it is compiled
    sooner.
    """
    return cast(F, numba.njit(**COMMON)(function))


def part(function: F) -> F:
    """One that only calls kernels: it is compiled with what calls it, never by itself."""
    return cast(F, numba.njit(inline="always", **COMMON)(function))


def kept_on_disk(function: F) -> F:
    """The same as a `kernel` whose result is kept, where there is a place; what it calls is in it.

    That is beside the code, or among the user's caches where the code cannot be written.
    """
    try:
        return cast(F, numba.njit(cache=True, **COMMON)(function))
    except RuntimeError:  # neither can be written: it is compiled in each process
        return cast(F, numba.njit(**COMMON)(function))


@intrinsic  # type: ignore[untyped-decorator]
def power_of_two(typing: Any, n: Any) -> Any:
    """2ⁿ for a whole number in a float, |n| small enough for the result to be a normal number.

    The exponent's bits are n and a bias; the others are 0.
    """
    if n == types.float32:
        whole, bits, bias = ir.IntType(32), 23, 127
    elif n == types.float64:
        whole, bits, bias = ir.IntType(64), 52, 1023
    else:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        exponent = builder.fptosi(arguments[0], whole)
        raised = builder.shl(builder.add(exponent, whole(bias)), whole(bits))
        return builder.bitcast(raised, arguments[0].type)

    return n(n), generate
