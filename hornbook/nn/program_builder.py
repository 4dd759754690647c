"""What a program of kernels is built with, operation by operation: see `hornbook.nn.programs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from hornbook.kernels.program import NONE, Column, Kind, Operation, Trees
from hornbook.nn.layer import Layer
from hornbook.nn.linear import Linear

__all__ = ["Builder", "Unsuited"]


Plan = Callable[["Builder", Any], None]
LARGE = 2**22  # numbers of tables, from which they must not be larger than what they stand for


class Unsuited(Exception):  # noqa: N818 - it is an answer, not a fault
    """There is no program for a net; the text says why, as the end of a sentence."""


class Builder:
    """What has been planned so far.

    Attributes:
        shape: rows and features that the next layer is given; ids before the first.
        at: where they begin among the values.
        in_place: whether the next layer may write over them.
        by_time, state, longest, trees: see `Program`.
        looked_up: weights of which ids pick rows, by their `id`.
        read: the weight whose rows, by ids, the next layer is given, and nothing else; None if that
            is given something else.
        tables: where the angles of rotary positions are, by size and base.
        level: of trees, that of the nodes that the next layer is given.
    """

    def __init__(
        self, rows: int, positions: int, places: Mapping[int, int],
        plans: Mapping[type[Layer], Plan], *, of_rows: bool, longest: int,
        trees: Trees | None = None,
    ) -> None:  # fmt: skip
        self.places, self.plans, self.of_rows, self.longest = places, plans, of_rows, longest
        self.trees, self.level = trees, 0
        self.rows, self.positions = rows, positions
        self.shape, self.at, self.in_place = (positions, 0), NONE, False
        self.operations: list[Operation] = []
        self.values = self.state = 0
        self.by_time = False
        self.looked_up: set[int] = set()
        self.read: Tensor | None = None
        self.tables: dict[tuple[int, float], int] = {}
        self.transposed: list[tuple[int, int, int]] = []
        self.running: list[Tensor] = []

    def plan(self, layer: Layer) -> None:
        """What a layer does."""
        plan = self.plans.get(type(layer))
        if plan is None:
            raise Unsuited(f"there is no kernel for {type(layer).__name__}")
        plan(self, layer)

    def misplaced(self, layer: Layer) -> Unsuited:
        """A layer has kernels, but not for where it stands."""
        return Unsuited(f"there is no kernel for {type(layer).__name__} at its place")

    def own_input(self, layer: Layer) -> tuple[int, int]:
        """The shape of an input that a layer may write over."""
        if not self.in_place:
            raise self.misplaced(layer)
        return self.shape

    @property
    def counted(self) -> int:
        """Rows that the next layer is given, as an operation is told them."""
        return -1 - self.level if self.of_rows else self.shape[0]

    def room(self, count: int) -> int:
        """Where so many more values begin."""
        at, self.values = self.values, self.values + count
        return at

    def place(self, parameter: Tensor | None) -> int:
        """Where a parameter begins."""
        if parameter is None:
            return NONE
        if id(parameter) not in self.places:
            raise Unsuited("some of its parameters are frozen")
        return self.places[id(parameter)]

    def add(
        self, kind: Kind, out: int, *, y: int | None = None, weight: int = NONE, bias: int = NONE,
        of_state: tuple[int, int] = (NONE, NONE), kept: int = NONE, running: int = NONE,
        own: int = 0, other: int = NONE, drawn: int = 0, numbers: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        """One more operation, whose output the next one is given.

        Args:
            kind: what it does.
            out: features of its output.
            y: where that begins; None: where the input does.
            weight, bias, kept, running, own, other, drawn, numbers: see `Column` and `Operation`.
            of_state: weight and bias of the state.
        """
        rows, features = self.shape
        y = self.at if y is None else y
        whole = (
            kind, self.counted, features, out, self.at, y, weight, bias, *of_state, kept, running,
            own, other, drawn,
        )  # fmt: skip
        self.operations.append(Operation(whole, numbers))
        self.shape, self.at, self.read = (rows, out), y, None

    def embedding(self, weight: Tensor) -> None:
        """Rows by ids, each position's."""
        size = weight.shape[1]
        self.looked_up.add(id(weight))
        y = self.room(self.positions * size)
        self.add(Kind.EMBEDDING, size, y=y, weight=self.place(weight))
        self.read = weight

    def table(self, read: Tensor, weight: Tensor, bias: Tensor | None) -> int:
        """Instead of them their products, for each id once; where rows of these are told.

        Args:
            read: the embedding's weight, which has been planned last.
            weight, bias: of the products.
        """
        symbols, size = read.shape
        out, fan_in = weight.shape
        taps = fan_in // size
        most = min(symbols, self.positions // taps)
        self.operations.pop()
        self.values = 0  # the first layer's alone: they are not needed
        place = self.place(weight)
        self.transposed.append((place, out, fan_in))
        kept = self.room(self.positions + symbols + taps * (1 + most * (1 + size)))
        self.shape, self.at = (self.positions, fan_in), most
        self.add(
            Kind.TABLE, out, y=self.room(taps * most * out), weight=place, bias=self.place(bias),
            of_state=(self.place(read), NONE), kept=kept, running=symbols, other=taps,
        )  # fmt: skip
        return kept

    def linear(self, layer: Linear) -> None:
        """A product of all rows, by the one that is fast for the weight's shape."""
        out, fan_in = layer.weight.shape
        if fan_in != self.shape[1]:
            raise Unsuited("its layers do not fit each other")
        if self.read is not None and self.may_look_up(self.read, layer.weight):
            self.looked_up_sums(self.read, layer)
            return
        weight, bias = self.place(layer.weight), self.place(layer.bias)
        # A weight that ids are looked up in stays as it is.
        wide = out >= fan_in and id(layer.weight) not in self.looked_up
        if wide:
            self.transposed.append((weight, out, fan_in))
        y = self.room(self.shape[0] * out)
        self.add(Kind.PRODUCT if wide else Kind.DOTS, out, y=y, weight=weight, bias=bias)
        self.in_place = True

    def may_look_up(self, read: Tensor, weight: Tensor) -> bool:
        """Whether a product of embeddings may be made once for each id.

        Not where the weight is theirs, which has to stay as it is. Nor where tables could take much
        more room than the embeddings and their products do. How many rows there are is not asked:
        threads have different shares of a batch, and one rule.
        """
        symbols, size = read.shape
        out, fan_in = weight.shape
        taps = fan_in // size
        small = taps * symbols * (size + out) <= LARGE or taps * out <= 2 * (fan_in + out)
        return small and id(weight) not in self.looked_up

    def looked_up_sums(self, read: Tensor, layer: Linear) -> None:
        """A product of embeddings side by side: the sum of what each adds."""
        (rows, fan_in), out = self.shape, len(layer.weight)
        kept = self.table(read, layer.weight, layer.bias)
        self.shape = rows, fan_in // read.shape[1]
        self.add(Kind.LOOK_UP, out, y=self.room(rows * out), kept=kept)
        self.in_place = True

    def insert(self, place: int, kind: Kind, features: int, at: int, *, other: int) -> None:
        """An operation that gives what it is given, among those that are there.

        Args:
            place: its own among these.
            kind: what it does.
            features: of its input.
            at, other: where that begins, and a second one.
        """
        whole = [NONE] * len(Column)
        columns = (Column.KIND, Column.ROWS, Column.IN, Column.OUT, Column.X, Column.Y)
        values = (kind, self.counted, features, features, at, at)
        for column, value in zip(columns, values, strict=True):
            whole[column] = value
        whole[Column.OTHER], whole[Column.OWN], whole[Column.DRAWN] = other, 0, 0
        self.operations.insert(place, Operation(tuple(whole)))

    def angles(self, size: int, base: float) -> int:
        """Where the angles of rotary positions are: of all layers alike."""
        if (size, base) not in self.tables:
            shape, at = self.shape, self.at
            self.tables[size, base] = self.room(self.longest * size)
            self.add(Kind.ANGLES, size, y=self.tables[size, base], numbers=(base, 0.0))
            self.shape, self.at = shape, at
        return self.tables[size, base]
