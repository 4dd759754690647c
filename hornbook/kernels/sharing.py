"""How threads share work in compiled code: each takes the next piece that nobody has taken.

So none waits for another that a busy machine has sent to sleep before it took one. What is made
is the same, whoever makes it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["announce", "replace", "take", "told"]

WHOLE = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def take(typing: Any, counts: Any, at: Any) -> Any:
    """The next number of a count, from 0: nobody else gets the same."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = place_of(context, builder, signature, given)
        return builder.atomic_rmw("add", place, WHOLE(1), "seq_cst")

    return types.int64(counts, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def told(typing: Any, counts: Any, at: Any) -> Any:
    """What another thread has written last, with all that it wrote before."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load_atomic(place_of(context, builder, signature, given), "acquire", 8)

    return types.int64(counts, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def announce(typing: Any, counts: Any, at: Any, number: Any) -> Any:
    """Write a number that says that all is written which was before."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = place_of(context, builder, signature, given)
        builder.store_atomic(given[2], place, "release", 8)
        return context.get_dummy_value()

    return types.void(counts, types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def replace(typing: Any, counts: Any, at: Any, old: Any, new: Any) -> Any:
    """Write a number in the place of `old`, and say whether that was there: of several that try,
    one does.
    """

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = place_of(context, builder, signature, given)
        found = builder.cmpxchg(place, given[2], given[3], "seq_cst", "seq_cst")
        return builder.extract_value(found, 1)

    return types.boolean(counts, types.int64, types.int64, types.int64), generate


def place_of(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    """Where a number of an array stands."""
    counts = context.make_array(signature.args[0])(context, builder, given[0])
    return builder.gep(counts.data, [given[1]])
