"""How the kernels are compiled, and kept on disk: each kind of operation by itself.

A net needs few kinds, so it waits for few of them. What runs many steps calls an operation by its
address, and kernels call products, the largest of them, by a name that is linked.

Else no call is left: all is inlined. For where a call is left, Numba compiles what is called twice:
by itself, and once more, otherwise, with what calls it. A process that has compiled both takes the
first, one that loads what was kept has the second only, and the two may round otherwise.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from hornbook.kernels.version import VERSION

__all__ = [
    "Loading", "Unit", "call", "calling", "given", "kept_on_disk", "kernel", "link", "linked",
    "part", "power_of_two", "summing",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
# Kernels make no arrays, so nobody counts who refers to one: an operation took 0.3 µs of counting.
BARE: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
COMMON: dict[str, Any] = {"nogil": True, **BARE}


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

    Every translation of it gives the same bits, so it may be called.
    """
    return cast(F, numba.njit(**COMMON)(function))


def part(function: F) -> F:
    """One that only calls kernels: it is compiled with what calls it, never by itself."""
    return cast(F, numba.njit(inline="always", **COMMON)(function))


def of_this_version(function: F) -> F:
    """The same, under a name that no other version of the kernels has kept anything by."""
    function.__qualname__ = f"{function.__qualname__}_{VERSION:08x}"
    return function


class Loading(FunctionCache):  # type: ignore[misc]
    """Numba's, but it does not get ready to compile before it loads what was kept.

    Compiling gets ready by itself; loading needs none of that, which takes an eighth of a second.
    And a disk that is full, or damage to what was kept, ends nobody's work.

    Attributes:
        failed: whether something compiled by this process could not be kept.
    """

    failed = False

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept for a signature; None if nothing was, or it is damaged."""
        try:
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)
        except MemoryError:
            raise
        except Exception:  # damage shows as whatever pickle comes upon: it is compiled again
            with contextlib.suppress(OSError):
                self.flush()  # or what is saved would be added to a damaged index
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep it, if there is room."""
        try:
            super().save_overload(sig, data)
        except MemoryError:
            raise
        except Exception:
            Loading.failed = True


def kept_on_disk(function: Callable[..., Any]) -> Any:
    """The same as a `kernel` whose result is kept, where there is a place; what it calls is in it.

    That is beside the code, or among the user's caches where the code cannot be written.
    """
    return keeping(numba.njit(**COMMON)(of_this_version(function)), function)


def address_of(function: Callable[..., None], signature: Any) -> int:
    """Where a function is in this process: compiled, or loaded from where it was kept."""
    made = keeping(CFunc(function, (signature.args, signature.return_type), {}, BARE), function)
    made.compile()
    return int(made.address)


def keeping(made: Any, function: Callable[..., Any]) -> Any:
    """What Numba made of a function, which is to be kept if there is a place for it."""
    with contextlib.suppress(RuntimeError):  # else it is compiled in each process
        made._cache = Loading(function)
    return made


class Unit:
    """A function that is compiled by itself and called by its address; see `call`.

    Args:
        function: of one argument.
        kind: Numba's type of that, by the type of a number.
    """

    def __init__(self, function: Callable[[Any], None], kind: Callable[[Any], Any]) -> None:
        self.function, self.kind = of_this_version(function), kind

    @functools.cache  # noqa: B019 - units are as many as there are functions
    def address(self, number: Any) -> int:
        """Where it is in this process, for numbers of a type of Numba's."""
        link(number)
        return address_of(self.function, types.void(self.kind(number)))


@intrinsic  # type: ignore[untyped-decorator]
def call(typing: Any, address: Any, argument: Any) -> Any:
    """Call the `Unit` at an address."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        whole = context.get_value_type(argument)
        kind = ir.FunctionType(context.get_value_type(types.void), [whole])
        builder.call(builder.inttoptr(given[0], kind.as_pointer()), [given[1]])
        return context.get_dummy_value()

    return types.void(types.int64, argument), generate


Signature = Callable[[Any], Any]
LINKED: dict[str, tuple[Callable[..., None], Signature]] = {}


def linked(name: str, signature: Signature) -> Callable[[F], F]:
    """A function that kernels call by a name, compiled once for all of them.

    Args:
        name: of its own.
        signature: of its arguments, the first an array of numbers, by the type of these.
    """

    def keep(function: F) -> F:
        LINKED[name] = of_this_version(function), signature
        return function

    return keep


@functools.cache
def link(number: Any) -> None:
    """Make known where the functions are that kernels call by name, before one of these is loaded.

    Without it, LLVM ends the process.
    """
    for name, (function, signature) in LINKED.items():
        llvm.add_symbol(symbol(name, number), address_of(function, signature(number)))


def symbol(name: str, number: Any) -> str:
    """The name that is linked."""
    return f"hornbook_{name}_{number}"


def calling(name: str, array: Any) -> Any:
    """What Numba wants of an intrinsic: here the call of a linked function.

    Args:
        name: of the function.
        array: type of its first argument.
    """
    if getattr(array, "dtype", None) not in (types.float32, types.float64):
        return None
    link(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        takes = [context.get_value_type(one) for one in signature.args]
        kind = ir.FunctionType(context.get_value_type(types.void), takes)
        called = cgutils.get_or_insert_function(builder.module, kind, symbol(name, array.dtype))
        builder.call(called, given)
        return context.get_dummy_value()

    return LINKED[name][1](array.dtype), generate


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
