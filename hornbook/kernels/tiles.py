"""A product of matrices by tiles of the result that stay in registers, for any processor.

Loops that a compiler vectorises read and write the result again and again. Here the instructions
are given: a tile of a few rows and a few registers' width is loaded, grows by one column of A times
one row of B after the other, and is stored. What registers there are is asked of the processor; the
instructions name none, only vectors of a width, so LLVM makes those of the machine of them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

__all__ = ["ROWS", "VECTORS", "WIDTH", "tile"]


def registers() -> tuple[int, int, int]:
    """Bytes of a vector register here, and the rows and registers of a tile that fit into all.

    AVX-512 and NEON have 32, AVX and SSE 16: of the tile, of a row of B, and one of A.
    """
    target = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
    if "+avx512f" in target:
        return 64, 8, 3
    if "+neon" in target:
        return 16, 8, 3
    return (32 if "+avx" in target else 16), 4, 3


WIDTH, ROWS, VECTORS = registers()
WHOLE = ir.IntType(64)
SMALL = ir.IntType(32)
FUSED = ("contract",)  # the product and the sum may be one operation, rounded once


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def tile(
    typing: Any, c: Any, co: Any, a: Any, ao: Any, row: Any, column: Any, b: Any, bo: Any,
    k: Any, m: Any, left: Any, rows: Any, vectors: Any,
) -> Any:  # fmt: skip
    """C += A B for a tile of C.

    Args:
        typing: Numba's.
        c, co: flat array, and where the tile begins in it.
        a, ao, row, column: the same of A, and from a number of A to the next in its column and row.
        b, bo: the same of B.
        k: columns of A.
        m: from a row of C, and of B, to the next.
        left: columns of the tile, if that is less than a register holds and `vectors` is 0.
        rows: of the tile, a constant.
        vectors: registers of a row of the tile, a constant; 0: a part of one.
    """
    count, across = (getattr(one, "literal_value", None) for one in (rows, vectors))
    if count is None or across is None or c.dtype not in (types.float32, types.float64):
        return None
    whole = types.int64
    signature = types.void(
        c, whole, a, whole, whole, whole, b, whole, whole, whole, whole, rows, vectors
    )

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, builder, one).data
            for kind, one in zip(signature.args, given, strict=True)
            if isinstance(kind, types.Array)
        ]
        numbers = [one for one in given if one.type == WHOLE]
        made = Tile(builder, c.dtype.bitwidth, count, across)
        made.fill(*arrays, *numbers[:8])
        return context.get_dummy_value()

    return signature, generate


class Tile:
    """What writes the instructions.

    Args:
        builder: LLVM's.
        bits: of a number.
        rows, vectors: see `tile`.
    """

    def __init__(self, builder: Any, bits: int, rows: int, vectors: int) -> None:
        self.builder, self.bytes, self.masked = builder, bits // 8, not vectors
        self.rows, self.vectors = range(rows), range(max(1, vectors))
        self.number = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.lanes = WIDTH // self.bytes
        self.vector = ir.VectorType(self.number, self.lanes)

    def fill(
        self, c: Any, a: Any, b: Any, co: Any, ao: Any, row: Any, column: Any, bo: Any, k: Any,
        m: Any, left: Any,
    ) -> None:  # fmt: skip
        """Load the tile, add k products to each of its numbers, and store it."""
        make = self.builder
        if self.masked:
            lane = ir.Constant(ir.VectorType(WHOLE, self.lanes), [*range(self.lanes)])
            self.mask = make.icmp_signed("<", lane, self.spread(left))
        places = [
            [make.gep(c, [self.at(co, m, r, self.lanes * v)]) for v in self.vectors]
            for r in self.rows
        ]
        begins = [make.gep(a, [self.at(ao, row, r)]) for r in self.rows]
        b = make.gep(b, [bo])
        before = [[self.load(place) for place in line] for line in places]
        entry, head = make.block, make.append_basic_block("more")
        body, after = make.append_basic_block("step"), make.append_basic_block("done")
        make.branch(head)
        make.position_at_end(head)
        done = make.phi(WHOLE)
        sums = [[make.phi(self.vector) for _ in line] for line in before]
        make.cbranch(make.icmp_signed("<", done, k), body, after)
        make.position_at_end(body)
        from_b = make.gep(b, [make.mul(done, m)])
        along = [self.load(make.gep(from_b, [WHOLE(self.lanes * v)])) for v in self.vectors]
        skip, grown = make.mul(done, column), []
        for begin, line in zip(begins, sums, strict=True):
            x = self.spread(make.load(make.gep(begin, [skip])))
            grown.append([
                make.fadd(make.fmul(x, other, flags=FUSED), sum_, flags=FUSED)
                for other, sum_ in zip(along, line, strict=True)
            ])  # fmt: skip
        done.add_incoming(WHOLE(0), entry)
        done.add_incoming(make.add(done, WHOLE(1)), make.block)
        for lines in zip(sums, before, grown, strict=True):
            for sum_, first, later in zip(*lines, strict=True):
                sum_.add_incoming(first, entry)
                sum_.add_incoming(later, make.block)
        make.branch(head)
        make.position_at_end(after)
        for line, targets in zip(sums, places, strict=True):
            for sum_, place in zip(line, targets, strict=True):
                self.store(sum_, place)

    def at(self, begin: Any, stride: Any, times: int, more: int = 0) -> Any:
        """begin + stride · times + more."""
        make = self.builder
        return make.add(make.add(begin, make.mul(stride, WHOLE(times))), WHOLE(more))

    def spread(self, x: Any) -> Any:
        """A vector of the same number everywhere."""
        kind = ir.VectorType(x.type, self.lanes)
        nothing = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(nothing, x, SMALL(0))
        first = ir.Constant(ir.VectorType(SMALL, self.lanes), None)
        return self.builder.shuffle_vector(one, nothing, first)

    def load(self, place: Any) -> Any:
        """A vector from a place, or the part of it that the mask says."""
        place = self.builder.bitcast(place, self.vector.as_pointer())
        if self.masked:
            zeros = ir.Constant(self.vector, None)
            return self.builder.call(
                self.partly("load", self.vector, [place.type, SMALL, self.mask.type, self.vector]),
                [place, SMALL(self.bytes), self.mask, zeros],
            )
        found = self.builder.load(place)
        found.align = self.bytes
        return found

    def store(self, x: Any, place: Any) -> None:
        """The way back."""
        place = self.builder.bitcast(place, self.vector.as_pointer())
        if self.masked:
            kinds = [self.vector, place.type, SMALL, self.mask.type]
            self.builder.call(
                self.partly("store", ir.VoidType(), kinds),
                [x, place, SMALL(self.bytes), self.mask],
            )
        else:
            self.builder.store(x, place).align = self.bytes

    def partly(self, what: str, gives: Any, takes: list[Any]) -> Any:
        """LLVM's own function that loads or stores by a mask."""
        name = f"llvm.masked.{what}.v{self.lanes}f{8 * self.bytes}.p0"
        kind = ir.FunctionType(gives, takes)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)
