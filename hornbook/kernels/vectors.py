"""Instructions on vectors of a width, which LLVM makes those of the machine of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target

__all__ = [
    "COLUMNS",
    "ROWS",
    "SMALL",
    "VECTORS",
    "WHOLE",
    "WHOLES",
    "WIDTH",
    "Maker",
    "instructions",
]

WHOLE, WHOLES = ir.IntType(64), types.int64
SMALL = ir.IntType(32)
FUSED = ("contract",)  # the product and the sum may be one operation, rounded once


def registers() -> tuple[int, int, int, int]:
    """Bytes of a vector register here, and what fits into all of them.

    AVX-512 and NEON have 32, AVX and SSE 16. `tile` needs them for rows times registers of the
    tile, a row of B and a number of A; `dots_tile` for four rows times columns, and as many vectors
    of A and B.
    """
    features = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
    if "+avx512f" in features:
        return 64, 8, 3, 4
    if "+neon" in features:
        return 16, 8, 3, 4
    return (32 if "+avx" in features else 16), 4, 3, 2


WIDTH, ROWS, VECTORS, COLUMNS = registers()


def instructions(maker: Any, signature: Any, sizes: tuple[Any, ...] = ()) -> Any:
    """What Numba wants of an intrinsic: its signature, and what writes its instructions.

    Args:
        maker: a class of `Maker`.
        signature: of the arguments.
        sizes: of a tile, the last of them, which are constants.
    """
    constants = [getattr(one, "literal_value", None) for one in sizes]
    number = signature.args[0].dtype
    if None in constants or number not in (types.float32, types.float64):
        return None

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pairs = list(zip(signature.args, given, strict=True))[: len(given) - len(sizes)]
        arrays = [
            context.make_array(kind)(context, builder, one).data
            if isinstance(kind, types.Array)
            else one
            for kind, one in pairs
            if kind != WHOLES
        ]
        wholes = [one for kind, one in pairs if kind == WHOLES]
        found = maker(builder, number.bitwidth, *constants).fill(*arrays, *wholes)
        return context.get_dummy_value() if found is None else found

    return signature, generate


class Maker:
    """What writes instructions on vectors.

    Args:
        builder: LLVM's.
        bits: of a number.
    """

    def __init__(self, builder: Any, bits: int) -> None:
        self.builder, self.bytes = builder, bits // 8
        self.number = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.lanes = WIDTH // self.bytes
        self.vector = ir.VectorType(self.number, self.lanes)
        self.mask: Any = None

    def more(
        self, first: list[Any], end: Any, step: int, grow: Callable[[Any, list[Any]], list[Any]]
    ) -> list[Any]:
        """A loop from 0 to `end` that makes new vectors of those before."""
        make, entry = self.builder, self.builder.block
        head, body, after = (make.append_basic_block(name) for name in ("more", "step", "done"))
        make.branch(head)
        make.position_at_end(head)
        at = make.phi(WHOLE)
        found = [make.phi(self.vector) for _ in first]
        make.cbranch(make.icmp_signed("<", at, end), body, after)
        make.position_at_end(body)
        grown = grow(at, found)
        at.add_incoming(WHOLE(0), entry)
        at.add_incoming(make.add(at, WHOLE(step)), make.block)
        for one, before, later in zip(found, first, grown, strict=True):
            one.add_incoming(before, entry)
            one.add_incoming(later, make.block)
        make.branch(head)
        make.position_at_end(after)
        return found

    def place(self, array: Any, begin: Any, stride: Any, times: int, further: int = 0) -> Any:
        """That of the number begin + stride · times + further."""
        make = self.builder
        at = make.add(make.add(begin, make.mul(stride, WHOLE(times))), WHOLE(further))
        return make.gep(array, [at])

    def fused(self, x: Any, y: Any, z: Any) -> Any:
        """x y + z."""
        make = self.builder
        return make.fadd(make.fmul(x, y, flags=FUSED), z, flags=FUSED)

    def spread(self, x: Any) -> Any:
        """A vector of the same number everywhere."""
        kind = ir.VectorType(x.type, self.lanes)
        nothing = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(nothing, x, SMALL(0))
        first = ir.Constant(ir.VectorType(SMALL, self.lanes), None)
        return self.builder.shuffle_vector(one, nothing, first)

    def folded(self, x: Any, join: Callable[[Any, Any], Any]) -> Any:
        """One number of all of a vector's: its halves are joined, then their halves, and so on."""
        make, lanes = self.builder, self.lanes
        while lanes > 1:
            lanes //= 2
            halves = [
                ir.Constant(ir.VectorType(SMALL, lanes), [*range(begin, begin + lanes)])
                for begin in (0, lanes)
            ]
            nothing = ir.Constant(x.type, ir.Undefined)
            x = join(*(make.shuffle_vector(x, nothing, half) for half in halves))
        return make.extract_element(x, SMALL(0))

    def masked_from(self, left: Any) -> None:
        """From here on a part of a vector is its first `left` numbers."""
        lane = ir.Constant(ir.VectorType(WHOLE, self.lanes), [*range(self.lanes)])
        self.mask = self.builder.icmp_signed("<", lane, self.spread(left))

    def load(self, place: Any, *, part: bool = False) -> Any:
        """A vector from a place, or a part of it and zeros."""
        place = self.builder.bitcast(place, self.vector.as_pointer())
        if part:
            kinds = [place.type, SMALL, self.mask.type, self.vector]
            given = [place, SMALL(self.bytes), self.mask, ir.Constant(self.vector, None)]
            return self.builder.call(self.partly("load", self.vector, kinds), given)
        found = self.builder.load(place)
        found.align = self.bytes
        return found

    def store(self, x: Any, place: Any, *, part: bool = False) -> None:
        """The way back."""
        place = self.builder.bitcast(place, self.vector.as_pointer())
        if part:
            kinds = [self.vector, place.type, SMALL, self.mask.type]
            given = [x, place, SMALL(self.bytes), self.mask]
            self.builder.call(self.partly("store", ir.VoidType(), kinds), given)
        else:
            self.builder.store(x, place).align = self.bytes

    def partly(self, what: str, gives: Any, takes: list[Any]) -> Any:
        """LLVM's own function that loads or stores by a mask."""
        name = f"llvm.masked.{what}.v{self.lanes}f{8 * self.bytes}.p0"
        kind = ir.FunctionType(gives, takes)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)
