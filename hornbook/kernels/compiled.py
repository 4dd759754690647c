"""How kernels are compiled: each kind of operation by itself, into machine code that is kept.

A net needs few kinds, so it waits for few of them. What runs many steps calls an operation by its
address, and kernels call products, the largest of them, by a name that is linked.

Else no call is left: all is inlined. For where a call is left, Numba compiles what is called twice:
by itself, and once more, otherwise, with what calls it. A process that has both takes the first of
them, one that has loaded the code of the caller alone the second, and the two may round otherwise.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from hornbook.kernels.entries import ENTRIES, FIXED, Entry
from hornbook.kernels.machine_code import Code, make_known, symbol_of, target_machine

__all__ = [
    "BARE", "by_itself", "call", "called_from_python", "calling", "code_of", "given", "kernel",
    "linked", "part", "power_of_two", "summing",
]  # fmt: skip

# What Numba loads before it compiles, and could not load again if a signal cut it short: now, for
# signals wait while we are imported.
cpu_target.target_context.refresh()

F = TypeVar("F", bound=Callable[..., Any])
Function = Callable[..., Any]
# Kernels make no arrays, so nobody counts who refers to one: an operation took 0.3 µs of counting.
BARE: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
COMMON: dict[str, Any] = {"nogil": True, **BARE}
# Said of what is compiled by itself: else Numba takes it from what is being compiled that calls it,
# and the same function would be other code, by who was first to ask for it.
ITSELF: dict[str, Any] = {"forceinline": False, "fastmath": False, **COMMON}
# What Python needs to call a function, which none of these is called by.
NATIVE: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **ITSELF}
WORDS = "_words"  # behind the name of a function, of the one that takes its arguments as words
# What is compiled by itself, under a name: by the types of numbers a function and its signature.
BY_ITSELF: dict[str, Callable[..., tuple[Function, Any]]] = {}
# The modules that have it, if that is not `operations`.
MODULES = {
    "advance": "steps", "measure": "steps", "decode": "decoding", "search": "searching",
    "product": "linked", "dots": "linked",
}  # fmt: skip


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
    return cast(F, numba.njit(**ITSELF)(function))


def part(function: F) -> F:
    """One that only calls kernels: it is compiled with what calls it, never by itself."""
    return cast(F, numba.njit(inline="always", **COMMON)(function))


def by_itself(name: str, made: Callable[..., tuple[Function, Any]]) -> None:
    """Have a kernel compiled by itself, under a name and those of types of numbers.

    Args:
        name: see `machine_code`.
        made: gives its function and Numba's signature, by the types of numbers.
    """
    BY_ITSELF[name] = made


def called_from_python(entry: Entry) -> Callable[[F], F]:
    """A function that is called as an `Entry`."""

    def keep(function: F) -> F:
        def made(*numbers: Any) -> tuple[Function, Any]:
            known = {letter: numba.from_dtype(dtype) for letter, dtype in FIXED.items()}
            known.update(zip(entry.generic, numbers, strict=True))
            takes = (
                types.Array(known[letter], dimensions, "C") if dimensions else known[letter]
                for letter, dimensions in entry.takes
            )
            return function, (types.int64 if entry.gives else types.void)(*takes)

        by_itself(entry.name, made)
        return function

    return keep


def code_of(name: str) -> Code:
    """What a kernel is compiled to for this machine."""
    own, *numbers = name.split(".")
    importlib.import_module(f"hornbook.kernels.{MODULES.get(own, 'operations')}")
    function, signature = BY_ITSELF[own](*(numba.from_dtype(np.dtype(one)) for one in numbers))
    return compiled(function, signature, by_words=own in ENTRIES)


@functools.cache
def compiled(function: Function, signature: Any, *, by_words: bool) -> Code:
    """What a function is compiled to for a signature; several kinds of operations may have one.

    Args:
        function: which.
        signature: Numba's.
        by_words: whether it is called as an `Entry`.
    """
    made = numba.njit(**NATIVE)(function)
    made.compile(signature)
    text = made.inspect_llvm(signature.args)
    module = llvm.parse_assembly(text)
    # Numba's names hang on a count of functions: other code, of another process, may have the same.
    symbol = symbol_of(hashlib.sha256(text.encode()).hexdigest())
    own = module.get_function(made.overloads[signature.args].fndesc.llvm_func_name)
    own.name = symbol
    if by_words:
        module = llvm.parse_assembly(f"{module}\n{words_taken(own)}")
        symbol += WORDS
    called = [one.name for one in module.functions if one.is_declaration]
    return Code(
        symbol=symbol,
        needs=tuple(name for name in called if not name.startswith("llvm.")),
        object=target_machine().emit_object(module),
    )


def words_taken(function: Any) -> str:
    """The text of a function that takes the arguments of another one as words; see `Call`.

    Args:
        function: LLVM's. Its first two arguments are where the result and an error go.
    """
    kinds = [str(one.type) for one in function.arguments]
    assert kinds[:2] == ["ptr", "ptr"]
    assert set(kinds) <= {"ptr", "i64", "double"}, "each has a word"
    loaded = "\n".join(
        f"%at{i} = getelementptr i64, ptr %words, i64 {i}\n%a{i} = load {kind}, ptr %at{i}"
        for i, kind in enumerate(kinds[2:])
    )
    given = "".join(f", {kind} %a{i}" for i, kind in enumerate(kinds[2:]))
    return f"""
define i32 @"{function.name}{WORDS}"(ptr %result, ptr %error, ptr %words) {{
{loaded}
%status = call i32 @"{function.name}"(ptr %result, ptr %error{given})
ret i32 %status
}}
"""


@intrinsic  # type: ignore[untyped-decorator]
def call(typing: Any, address: Any, argument: Any) -> Any:
    """Call a kernel at an address, which takes one argument."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        takes = (argument,)
        kind = context.call_conv.get_function_type(types.void, takes)
        found = builder.inttoptr(given[0], kind.as_pointer())
        context.call_conv.call_function(builder, found, types.void, takes, given[1:])
        return context.get_dummy_value()

    return types.void(types.int64, argument), generate


LINKED: dict[str, Callable[[Any], Any]] = {}


def linked(name: str, signature: Callable[[Any], Any]) -> Callable[[F], F]:
    """A function that kernels call by a name, compiled once for all of them.

    Args:
        name: of its own.
        signature: of its arguments, the first an array of numbers, by the type of these.
    """

    def keep(function: F) -> F:
        LINKED[name] = signature
        by_itself(name, lambda number: (function, signature(number)))
        return function

    return keep


def calling(name: str, array: Any) -> Any:
    """What Numba wants of an intrinsic: here the call of a linked function.

    Args:
        name: of the function.
        array: type of its first argument.
    """
    number = getattr(array, "dtype", None)
    if number not in (types.float32, types.float64):
        return None
    symbol = symbol_of(f"{name}.{number}")
    make_known(symbol)  # for Numba loads what it compiles

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = context.call_conv.get_function_type(types.void, signature.args)
        found = cgutils.get_or_insert_function(builder.module, kind, symbol)
        context.call_conv.call_function(builder, found, types.void, signature.args, given)
        return context.get_dummy_value()

    return LINKED[name](number), generate


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
