"""What a program of kernels is built with, operation by operation: see `hornbook.nn.programs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from hornbook.kernels.program import NONE, Kind, Operation, Trees
from hornbook.nn.layer import Layer

__all__ = ["Builder", "Unsuited"]


class Unsuited(Exception):  # noqa: N818 - it is an answer, not a fault
    """There is no program for a net; the text says why, as the end of a sentence."""


class Builder:
    """What has been planned so far.

    Attributes:
        shape: rows and features that the next layer is given; ids before the first.
        at: where they begin among the values.
        in_place: whether the next layer may write over them.
        by_time, state, trees: see `Program`.
        level: of trees, that of the nodes that the next layer is given.
        plan: plans a layer that another one is made of.
    """

    def __init__(
        self,
        rows: int,
        positions: int,
        places: Mapping[int, int],
        *,
        of_rows: bool,
        trees: Trees | None = None,
        plan: Callable[[Builder, Layer], None],
    ) -> None:
        self.places, self.of_rows = places, of_rows
        self.trees, self.level, self.plan = trees, 0, plan
        self.rows, self.positions = rows, positions
        self.shape, self.at, self.in_place = (positions, 0), NONE, False
        self.operations: list[Operation] = []
        self.values = self.state = 0
        self.by_time = False
        self.dropped: list[tuple[int, int]] = []
        self.transposed: list[tuple[int, int, int]] = []
        self.running: list[Tensor] = []

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
        self.shape, self.at = (rows, out), y
