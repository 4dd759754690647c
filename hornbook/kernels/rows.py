"""Rows of numbers: they go from one place to another, and on the way something is done to them.

A compiler makes of a loop over a short row one number after the other, once it has looked whether
it may do more at a time. Here a row is as many whole vectors as it has, then half a one, a quarter,
and so on: none of its parts is masked, for what a mask has written is slow to be read again.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from hornbook.kernels.vectors import WHOLE, WHOLES, Maker, instructions

__all__ = [
    "add_row", "add_rows", "add_told_rows", "copy_row", "largest", "raise_row", "scale_row",
    "shift_row", "total", "without_negative",
]  # fmt: skip


@intrinsic  # type: ignore[untyped-decorator]
def copy_row(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any) -> Any:
    """`count` numbers of the flat array `given`, from `begin` on, to `to`, from `at` on.

    The two places must be the same, or not overlap.
    """
    return instructions(Row, types.void(to, WHOLES, given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def add_row(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any) -> Any:
    """The same, added to what is there."""
    return instructions(Sum, types.void(to, WHOLES, given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def shift_row(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any, by: Any) -> Any:
    """`copy_row` of numbers that are less by one number."""
    return instructions(Shift, types.void(to, WHOLES, given, WHOLES, WHOLES, to.dtype))


@intrinsic  # type: ignore[untyped-decorator]
def scale_row(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any, by: Any) -> Any:
    """`copy_row` of numbers times one number."""
    return instructions(Scale, types.void(to, WHOLES, given, WHOLES, WHOLES, to.dtype))


@intrinsic  # type: ignore[untyped-decorator]
def raise_row(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any) -> Any:
    """Each number to the larger of it and the given one; NaN is passed over."""
    return instructions(Larger, types.void(to, WHOLES, given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def without_negative(typing: Any, to: Any, at: Any, given: Any, begin: Any, count: Any) -> Any:
    """`copy_row` with 0 in the place of what is below it; NaN stays NaN."""
    return instructions(NotBelow, types.void(to, WHOLES, given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def largest(typing: Any, given: Any, begin: Any, count: Any) -> Any:
    """The largest of `count` numbers, one or more; one that is NaN may be passed over."""
    return instructions(Largest, given.dtype(given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def total(typing: Any, given: Any, begin: Any, count: Any) -> Any:
    """The sum of `count` numbers, in an order that hangs on the width of a vector alone."""
    return instructions(Total, given.dtype(given, WHOLES, WHOLES))


@intrinsic  # type: ignore[untyped-decorator]
def add_rows(
    typing: Any, to: Any, at: Any, given: Any, begin: Any, n: Any, m: Any, added: Any
) -> Any:
    """To a row of m numbers those of n rows, one after the other; if `added` is 0, to zeros."""
    return instructions(Rows, types.void(to, WHOLES, given, *[WHOLES] * 4))


@intrinsic  # type: ignore[untyped-decorator]
def add_told_rows(
    typing: Any, to: Any, at: Any, given: Any, begin: Any, told: Any, first: Any, n: Any, m: Any
) -> Any:
    """To zeros n rows of m numbers of `given`: those that `told` has the numbers of."""
    return instructions(Told, types.void(to, WHOLES, given, WHOLES, told, *[WHOLES] * 3))


class Row(Maker):
    """See `copy_row`."""

    def fill(self, to: Any, given: Any, *numbers: Any) -> None:
        """Whole vectors, then what is left in halves."""
        make = self.builder
        *other, at, begin, count = numbers
        first, second = make.gep(to, [at]), make.gep(given, [begin])
        left = make.and_(count, WHOLE(self.lanes - 1))
        spread = self.spread(other[0]) if other else None

        def whole(done: Any, none: list[Any]) -> list[Any]:
            self.move(make.gep(first, [done]), make.gep(second, [done]), spread)
            return none

        self.more([], make.sub(count, left), self.lanes, whole)
        while self.lanes > 1:
            done = make.and_(count, WHOLE(-self.lanes))
            self.lanes //= 2
            self.vector = ir.VectorType(self.number, self.lanes)
            there = make.icmp_signed("!=", make.and_(count, WHOLE(self.lanes)), WHOLE(0))
            with make.if_then(there):
                spread = self.spread(other[0]) if other else None
                self.move(make.gep(first, [done]), make.gep(second, [done]), spread)

    def move(self, to: Any, given: Any, by: Any) -> None:
        """A vector."""
        self.store(self.made(to, given, by), to)

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """What a vector becomes."""
        return self.load(given)


class Sum(Row):
    """See `add_row`."""

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """Added to what is there."""
        return self.builder.fadd(self.load(to), self.load(given))


class Shift(Row):
    """See `shift_row`."""

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """Less by a number."""
        return self.builder.fsub(self.load(given), by)


class Larger(Row):
    """See `raise_row`."""

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """What is given, or what is there."""
        make, found, there = self.builder, self.load(given), self.unseen(to)
        return make.select(make.fcmp_ordered(">", found, there), found, there)

    def unseen(self, place: Any) -> Any:
        """A vector from where the result goes.

        LLVM is not to see that it is there already: it would make a store by a mask, three times
        as slow.
        """
        same = ir.FunctionType(place.type, [place.type])
        return self.load(self.builder.asm(same, "", "=r,0", [place], side_effect=False))


class NotBelow(Larger):
    """See `without_negative`."""

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """0, or what is there."""
        make, nothing, there = self.builder, ir.Constant(self.vector, None), self.unseen(given)
        return make.select(make.fcmp_ordered("<", there, nothing), nothing, there)


class Scale(Row):
    """See `scale_row`."""

    def made(self, to: Any, given: Any, by: Any) -> Any:
        """Times a number."""
        return self.builder.fmul(self.load(given), by)


class Rows(Row):
    """See `add_rows`."""

    def fill(self, to: Any, given: Any, *wholes: Any) -> None:
        """All rows of four vectors' columns, then of one's, then of what is left in halves."""
        make = self.builder
        at, begin, self.rows, self.apart, added = wholes
        self.added = make.icmp_signed("!=", added, WHOLE(0))
        first, second = make.gep(to, [at]), make.gep(given, [begin])
        wide = 4 * self.lanes
        whole = make.and_(self.apart, WHOLE(-wide))

        def four(done: Any, none: list[Any]) -> list[Any]:
            self.sum(make.gep(first, [done]), make.gep(second, [done]), 4)
            return none

        self.more([], whole, wide, four)
        at, begin, left = (
            make.add(at, whole), make.add(begin, whole), make.sub(self.apart, whole)
        )  # fmt: skip
        super().fill(to, given, at, begin, left)

    def move(self, to: Any, given: Any, by: Any) -> None:
        """All rows of a vector's columns."""
        self.sum(to, given, 1)

    def number_of(self, row: Any) -> Any:
        """Which row comes at a place: the one that stands there."""
        return row

    def sum(self, to: Any, given: Any, many: int) -> None:
        """All rows of the columns of some vectors side by side."""
        make, nothing = self.builder, ir.Constant(self.vector, None)
        aside = [WHOLE(self.lanes * v) for v in range(many)]
        places = [make.gep(to, [one]) for one in aside]
        firsts = [make.select(self.added, self.load(one), nothing) for one in places]

        def grow(row: Any, found: list[Any]) -> list[Any]:
            begin = make.gep(given, [make.mul(self.number_of(row), self.apart)])
            return [
                make.fadd(x, self.load(make.gep(begin, [one])))
                for x, one in zip(found, aside, strict=True)
            ]

        for one, place in zip(self.more(firsts, self.rows, 1, grow), places, strict=True):
            self.store(one, place)


class Told(Rows):
    """See `add_told_rows`."""

    def fill(self, to: Any, given: Any, told: Any, *wholes: Any) -> None:
        """The same, of other rows."""
        at, begin, first, n, m = wholes
        self.told = self.builder.gep(told, [first])
        super().fill(to, given, at, begin, n, m, WHOLE(0))

    def number_of(self, row: Any) -> Any:
        """As it is told."""
        make = self.builder
        return make.fptosi(make.load(make.gep(self.told, [row])), WHOLE)


class Total(Maker):
    """See `total`."""

    def fill(self, given: Any, begin: Any, count: Any) -> Any:
        """Join vectors, the last in part, then the numbers of what they make."""
        make = self.builder
        place = make.gep(given, [begin])
        left = make.and_(count, WHOLE(self.lanes - 1))
        whole = make.sub(count, left)

        def grow(at: Any, found: list[Any]) -> list[Any]:
            return [self.join(found[0], self.load(make.gep(place, [at])))]

        found = self.more([self.first(place)], whole, self.lanes, grow)[0]
        self.masked_from(left)
        rest = self.load(make.gep(place, [whole]), part=True)
        found = make.select(self.mask, self.join(found, rest), found)
        return self.folded(found, self.join)

    def first(self, place: Any) -> Any:
        """What vectors are joined to."""
        return ir.Constant(self.vector, None)

    def join(self, x: Any, y: Any) -> Any:
        """Of two vectors."""
        return self.builder.fadd(x, y)


class Largest(Total):
    """See `largest`."""

    def first(self, place: Any) -> Any:
        """The first number, everywhere."""
        return self.spread(self.builder.load(place))

    def join(self, x: Any, y: Any) -> Any:
        """The larger of each two."""
        return self.builder.select(self.builder.fcmp_ordered(">", y, x), y, x)
