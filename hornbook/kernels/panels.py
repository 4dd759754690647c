"""Room for some rows and columns of a matrix, in the order in which tiles read them.

Where rows of a matrix are far apart, a few of their numbers each share few places in a cache, and
push one another out of it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from hornbook.kernels.vectors import SMALL, VECTORS, WHOLE, WHOLES, WIDTH, Maker, instructions

__all__ = ["DEEP", "further", "panel", "place", "turned_block", "zeros"]

DEEP = 256  # rows of a panel, which fill a core's nearest cache


@intrinsic  # type: ignore[untyped-decorator]
def place(typing: Any, array: Any, at: Any) -> Any:
    """That of a number in a flat array."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        return builder.gep(data, [given[1]])

    return types.CPointer(array.dtype)(array, WHOLES), generate


@intrinsic  # type: ignore[untyped-decorator]
def further(typing: Any, place: Any, by: Any) -> Any:
    """The place of a number after another."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.gep(given[0], [given[1]])

    return place(place, WHOLES), generate


@intrinsic  # type: ignore[untyped-decorator]
def panel(typing: Any, like: Any) -> Any:
    """Room for `DEEP` rows of a strip on the stack, while the function runs that asks for it."""
    room = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = context.get_value_type(like.dtype)
        count = DEEP * VECTORS * WIDTH // (like.dtype.bitwidth // 8)
        made = cgutils.alloca_once(builder, kind, size=WHOLE(count))
        made.align = 64
        return made

    return room(like), generate


@intrinsic  # type: ignore[untyped-decorator]
def zeros(typing: Any, like: Any) -> Any:
    """Where a strip's row of zeros is."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = context.get_value_type(like.dtype)
        row = ir.Constant(ir.ArrayType(kind, VECTORS * WIDTH // (like.dtype.bitwidth // 8)), None)
        made = cgutils.global_constant(builder, "zeros", row)
        made.align = 64
        return builder.bitcast(made, kind.as_pointer())

    return types.CPointer(like.dtype)(like), generate


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def turned_block(
    typing: Any, to: Any, skip: Any, b: Any, k: Any, rows: Any, columns: Any, whole: Any,
    same: Any,
) -> Any:  # fmt: skip
    """A square of numbers of B, as many as a register has, goes to a `panel` by columns.

    Args:
        typing: Numba's.
        to, skip: where in the panel, and from a row of it to the next.
        b, k: where the square begins, and from a row of it to the next.
        rows, columns: of B that are there, if it is no `whole` square: zeros stand for the others.
        whole, same: 1 if the square is whole; 1.
    """
    signature = types.void(to, WHOLES, b, *[WHOLES] * 3, whole, same)
    return instructions(TurnedBlock, signature, (whole, same))


class TurnedBlock(Maker):
    """See `turned_block`."""

    def __init__(self, builder: Any, bits: int, whole: int, same: int) -> None:
        super().__init__(builder, bits)
        self.whole = bool(whole)

    def fill(self, to: Any, b: Any, skip: Any, k: Any, rows: Any, columns: Any) -> None:
        """Load the rows, exchange halves of pairs of them, quarters, and so on, and store them."""
        make, lanes = self.builder, self.lanes
        vectors = []
        if not self.whole:
            self.masked_from(columns)
            within = self.mask
        for i in range(lanes):
            place = self.place(b, WHOLE(0), k, i)
            if self.whole:
                vectors.append(self.load(place))
            else:
                there = make.icmp_signed("<", WHOLE(i), rows)
                none = ir.Constant(within.type, None)
                self.mask = make.select(there, within, none)
                vectors.append(self.load(place, part=True))
        apart = lanes // 2
        while apart:  # rows i and i + apart: blocks of `apart` numbers change places
            low = [j if not j & apart else lanes + j - apart for j in range(lanes)]
            high = [j + apart if not j & apart else lanes + j for j in range(lanes)]
            masks = [ir.Constant(ir.VectorType(SMALL, lanes), one) for one in (low, high)]
            for i in range(lanes):
                if not i & apart:
                    x, y = vectors[i], vectors[i + apart]
                    vectors[i], vectors[i + apart] = (
                        make.shuffle_vector(x, y, mask) for mask in masks
                    )
            apart //= 2
        for i, one in enumerate(vectors):
            self.store(one, self.place(to, WHOLE(0), skip, i))
