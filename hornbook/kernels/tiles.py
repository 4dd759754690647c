"""Products of matrices by tiles of the result that stay in registers, for any processor.

Loops that a compiler vectorises read and write the result again and again, and are rounded as it
chose to translate them. Here the instructions are given: a tile grows in registers by one step of
the sum after the other. What registers there are is asked of the processor; the instructions name
none, only vectors of a width, so LLVM makes those of the machine of them. Every translation gives
the same bits: nothing is left to choose but that a product and a sum become one operation, which
they do where the processor has it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from hornbook.kernels.vectors import WHOLE, WHOLES, Maker, instructions

__all__ = ["apart_dots_tile", "dots_tile", "packing_tile", "tile"]


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def tile(
    typing: Any, c: Any, co: Any, m: Any, f: Any, far: Any, a: Any, ao: Any, row: Any,
    column: Any, b: Any, skip: Any, k: Any, left: Any, rows: Any, vectors: Any,
) -> Any:  # fmt: skip
    """C = F + A B for a tile of C.

    Args:
        typing: Numba's.
        c, co: flat array, and where the tile begins in it.
        m: from a row of C to the next.
        f, far: where F begins, as `place` tells, and from a row of it to the next.
        a, ao, row, column: the same of A, and from a number of A to the next in its column and row.
        b, skip: where B begins, as `place` and `panel` tell, and from a row of it to the next.
        k: columns of A.
        left: columns of the tile in its last register, if `vectors` is negative.
        rows: of the tile, a constant.
        vectors: registers of a row of the tile, a constant; negative if the last is not full.
    """
    signature = types.void(
        c, *[WHOLES] * 2, f, WHOLES, a, *[WHOLES] * 3, b, *[WHOLES] * 3, rows, vectors
    )
    return instructions(Tile, signature, (rows, vectors))


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def packing_tile(
    typing: Any, c: Any, co: Any, m: Any, f: Any, far: Any, a: Any, ao: Any, row: Any,
    column: Any, b: Any, skip: Any, packed: Any, k: Any, left: Any, rows: Any, vectors: Any,
) -> Any:  # fmt: skip
    """The same, and rows of B are left in a `panel`, one after the other, for the next tile."""
    signature = types.void(
        c,
        *[WHOLES] * 2,
        f,
        WHOLES,
        a,
        *[WHOLES] * 3,
        b,
        WHOLES,
        packed,
        *[WHOLES] * 2,
        rows,
        vectors,
    )
    return instructions(PackingTile, signature, (rows, vectors))


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


class Tile(Maker):
    """See `tile`."""

    def __init__(self, builder: Any, bits: int, rows: int, vectors: int) -> None:
        super().__init__(builder, bits)
        self.rows, self.vectors, self.partial = range(rows), range(abs(vectors)), vectors < 0
        self.packed: Any = None

    def fill(
        self, c: Any, f: Any, a: Any, b: Any, co: Any, m: Any, far: Any, ao: Any, row: Any,
        column: Any, skip: Any, k: Any, left: Any,
    ) -> None:  # fmt: skip
        """Load what the tile begins from, add k products to each of its numbers, and store it."""
        make = self.builder
        if self.partial:
            self.masked_from(left)
        parts = [self.partial and v == self.vectors[-1] for v in self.vectors]
        places = [self.place(c, co, m, r, self.lanes * v) for r in self.rows for v in self.vectors]
        firsts = [
            self.place(f, WHOLE(0), far, r, self.lanes * v) for r in self.rows for v in self.vectors
        ]
        begins = [self.place(a, ao, row, r) for r in self.rows]
        wide = self.lanes * len(self.vectors)

        def grow(at: Any, sums: list[Any]) -> list[Any]:
            begin = make.mul(at, skip)
            along = [
                self.load(self.place(b, begin, skip, 0, self.lanes * v), part=part)
                for v, part in zip(self.vectors, parts, strict=True)
            ]
            if self.packed is not None:
                begin = make.mul(at, WHOLE(wide))
                for v, one in zip(self.vectors, along, strict=True):
                    self.store(one, self.place(self.packed, begin, skip, 0, self.lanes * v))
            further = make.mul(at, column)
            down = [self.spread(make.load(make.gep(begin, [further]))) for begin in begins]
            pairs = [(x, y) for x in down for y in along]
            return [self.fused(x, y, z) for (x, y), z in zip(pairs, sums, strict=True)]

        every = parts * len(self.rows)
        loaded = [self.load(one, part=part) for one, part in zip(firsts, every, strict=True)]
        sums = self.more(loaded, k, 1, grow)
        for one, place, part in zip(sums, places, every, strict=True):
            self.store(one, place, part=part)


class PackingTile(Tile):
    """See `packing_tile`."""

    def fill(self, c: Any, f: Any, a: Any, b: Any, packed: Any, *wholes: Any) -> None:
        """The same with room for rows of B."""
        self.packed = packed
        super().fill(c, f, a, b, *wholes)


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
            make.store(make.fadd(make.load(place), self.folded(one, make.fadd)), place)
