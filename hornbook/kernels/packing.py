"""How arguments come from Python to a kernel: as words, one after the other; see `Entry`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from hornbook.kernels.compiled import COMMON, by_itself
from hornbook.kernels.entries import FIXED, Entry

__all__ = ["array_at", "called_from_python"]

F = TypeVar("F", bound=Callable[..., Any])


def called_from_python(entry: Entry) -> Callable[[F], F]:
    """A function that is called as an `Entry`."""

    def keep(function: F) -> F:
        inner = numba.njit(forceinline=True, **COMMON)(function)

        def made(*numbers: Any) -> tuple[Callable[[int], Any], Any]:
            unpack = unpacking(entry, *numbers)

            def giving(words: int) -> Any:
                return inner(*unpack(words))

            def silent(words: int) -> None:
                inner(*unpack(words))

            gives = types.int64 if entry.gives else types.void
            return giving if entry.gives else silent, gives(types.int64)

        by_itself(entry.name, made)
        return function

    return keep


def unpacking(entry: Entry, *numbers: Any) -> Any:
    """What makes arguments of words, as a tuple.

    Args:
        entry: whose.
        numbers: types of numbers, those that are not fixed.
    """
    known = {letter: numba.from_dtype(dtype) for letter, dtype in FIXED.items()}
    known.update(zip(entry.generic, numbers, strict=True))
    kinds = [
        types.Array(known[letter], dimensions, "C") if dimensions else known[letter]
        for letter, dimensions in entry.takes
    ]
    all_ = types.Tuple(kinds)

    @intrinsic  # type: ignore[untyped-decorator]
    def unpack(typing: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            words = builder.inttoptr(given[0], context.get_value_type(types.CPointer(types.int64)))
            made, at = [], 0

            def word() -> Any:
                nonlocal at
                at += 1
                return builder.load(builder.gep(words, [context.get_constant(types.intp, at - 1)]))

            for kind in kinds:
                if isinstance(kind, types.Array):
                    address, shape = word(), [word() for _ in range(kind.ndim)]
                    made.append(array_at(context, builder, kind, address, shape))
                else:
                    made.append(builder.bitcast(word(), context.get_value_type(kind)))
            return context.make_tuple(builder, all_, made)

        return all_(types.int64), generate

    return unpack


def array_at(context: Any, builder: Any, kind: Any, address: Any, shape: list[Any]) -> Any:
    """A contiguous array in compiled code: its numbers are at an address.

    Args:
        context, builder: Numba's.
        kind: its type.
        address, shape: values of LLVM's.
    """
    made = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    strides = [size]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.inttoptr(address, context.get_value_type(types.CPointer(kind.dtype)))
    populate_array(made, data, shape, strides, size, meminfo=None)
    return made._getvalue()
