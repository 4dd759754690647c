"""Products of matrices by tiles of the result that stay in registers, for any processor.

Loops that a compiler vectorises read and write the result again and again, and are rounded as it
chose to translate them. Here the instructions are given: a tile grows in registers by one step of
the sum after the other. What registers there are is asked of the processor; the instructions name
none, only vectors of a width, so LLVM makes those of the machine of them. Every translation gives
the same bits: nothing is left to choose but that a product and a sum become one operation, which
they do where the processor has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

__all__ = ["COLUMNS", "ROWS", "VECTORS", "WIDTH", "apart_dots_tile", "dots_tile", "tile"]


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
        left: columns of the tile in its last register, if `vectors` is negative.
        rows: of the tile, a constant.
        vectors: registers of a row of the tile, a constant; negative if the last is not full.
    """
    signature = types.void(c, WHOLES, a, *[WHOLES] * 3, b, *[WHOLES] * 4, rows, vectors)
    return instructions(Tile, signature, (rows, vectors))


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def dots_tile(
    typing: Any, c: Any, co: Any, a: Any, ao: Any, b: Any, bo: Any, k: Any, m: Any, rows: Any,
    columns: Any,
) -> Any:  # fmt: skip
    """C += A Bᵀ for a tile of C, whose rows, m apart, meet rows of B.

    Args:
        typing: Numba's.
        c, co, a, ao, b, bo: flat arrays, and where the tile and the rows of A and B begin.
        k: numbers of a row of A and of B.
        m: from a row of C to the next.
        rows, columns: of the tile, constants.
    """
    signature = types.void(c, WHOLES, a, WHOLES, b, *[WHOLES] * 3, rows, columns)
    return instructions(DotsTile, signature, (rows, columns))


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def apart_dots_tile(
    typing: Any, c: Any, co: Any, a: Any, ao: Any, b: Any, bo: Any, k: Any, m: Any, apart: Any,
    rows: Any, columns: Any,
) -> Any:  # fmt: skip
    """The same for rows of B that are `apart` from each other, k or more."""
    signature = types.void(c, WHOLES, a, WHOLES, b, *[WHOLES] * 4, rows, columns)
    return instructions(DotsTile, signature, (rows, columns))


WHOLES = types.int64


def instructions(maker: Any, signature: Any, sizes: tuple[Any, Any]) -> Any:
    """What Numba wants of an intrinsic: its signature, and what writes its instructions.

    Args:
        maker: a class of `Maker`.
        signature: of the arguments.
        sizes: of the tile, the last two of them.
    """
    first, second = (getattr(one, "literal_value", None) for one in sizes)
    number = signature.args[0].dtype
    if first is None or second is None or number not in (types.float32, types.float64):
        return None

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pairs = list(zip(signature.args, given, strict=True))[:-2]
        arrays = [
            context.make_array(kind)(context, builder, one).data
            for kind, one in pairs
            if isinstance(kind, types.Array)
        ]
        wholes = [one for kind, one in pairs if not isinstance(kind, types.Array)]
        maker(builder, number.bitwidth, first, second).fill(*arrays, *wholes)
        return context.get_dummy_value()

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


class Tile(Maker):
    """See `tile`."""

    def __init__(self, builder: Any, bits: int, rows: int, vectors: int) -> None:
        super().__init__(builder, bits)
        self.rows, self.vectors, self.partial = range(rows), range(abs(vectors)), vectors < 0

    def fill(
        self, c: Any, a: Any, b: Any, co: Any, ao: Any, row: Any, column: Any, bo: Any, k: Any,
        m: Any, left: Any,
    ) -> None:  # fmt: skip
        """Load the tile, add k products to each of its numbers, and store it."""
        make = self.builder
        if self.partial:
            self.masked_from(left)
        parts = [self.partial and v == self.vectors[-1] for v in self.vectors]
        places = [self.place(c, co, m, r, self.lanes * v) for r in self.rows for v in self.vectors]
        begins = [self.place(a, ao, row, r) for r in self.rows]
        b = make.gep(b, [bo])

        def grow(at: Any, sums: list[Any]) -> list[Any]:
            along = [
                self.load(self.place(b, make.mul(at, m), m, 0, self.lanes * v), part=part)
                for v, part in zip(self.vectors, parts, strict=True)
            ]
            skip = make.mul(at, column)
            down = [self.spread(make.load(make.gep(begin, [skip]))) for begin in begins]
            pairs = [(x, y) for x in down for y in along]
            return [self.fused(x, y, z) for (x, y), z in zip(pairs, sums, strict=True)]

        whole = list(zip(places, parts * len(self.rows), strict=True))
        sums = self.more([self.load(one, part=part) for one, part in whole], k, 1, grow)
        for one, (place, part) in zip(sums, whole, strict=True):
            self.store(one, place, part=part)


class DotsTile(Maker):
    """See `dots_tile`."""

    def __init__(self, builder: Any, bits: int, rows: int, columns: int) -> None:
        super().__init__(builder, bits)
        self.rows, self.columns = range(rows), range(columns)

    def fill(
        self, c: Any, a: Any, b: Any, co: Any, ao: Any, bo: Any, k: Any, m: Any, apart: Any = None
    ) -> None:
        """Sum up vectors of products, then the numbers of each, and add these to the tile."""
        make = self.builder
        from_a = [self.place(a, ao, k, r) for r in self.rows]
        from_b = [self.place(b, bo, apart or k, r) for r in self.columns]

        def grow(at: Any, sums: list[Any], *, part: bool = False) -> list[Any]:
            xs, ys = (
                [self.load(make.gep(one, [at]), part=part) for one in places]
                for places in (from_a, from_b)
            )
            pairs = [(x, y) for x in xs for y in ys]
            return [self.fused(x, y, z) for (x, y), z in zip(pairs, sums, strict=True)]

        zeros = [ir.Constant(self.vector, None) for _ in self.rows for _ in self.columns]
        left = make.and_(k, WHOLE(self.lanes - 1))
        whole = make.sub(k, left)
        sums = self.more(zeros, whole, self.lanes, grow)
        self.masked_from(left)
        sums = grow(whole, sums, part=True)
        places = [self.place(c, co, m, r, o) for r in self.rows for o in self.columns]
        for one, place in zip(sums, places, strict=True):
            make.store(make.fadd(make.load(place), self.total(one)), place)

    def total(self, x: Any) -> Any:
        """The sum of a vector's numbers: of its halves, of their halves, and so on."""
        make, lanes = self.builder, self.lanes
        while lanes > 1:
            lanes //= 2
            halves = [
                ir.Constant(ir.VectorType(SMALL, lanes), [*range(begin, begin + lanes)])
                for begin in (0, lanes)
            ]
            nothing = ir.Constant(x.type, ir.Undefined)
            x = make.fadd(*(make.shuffle_vector(x, nothing, half) for half in halves))
        return make.extract_element(x, SMALL(0))
