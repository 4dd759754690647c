"""From a chain of layers to the program that compiled kernels can run: `hornbook.kernels`.

A layer has a line in `PLANS` if there is a kernel for it. What a layer computes stays written once,
in its `vjp`; a test holds every kernel to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from hornbook.kernels.program import NONE, Kind, Operation, Program
from hornbook.nn.activations import ReLU, Tanh
from hornbook.nn.batchnorm import BatchNorm1d
from hornbook.nn.dropout import Dropout, threshold
from hornbook.nn.embedding import Embedding
from hornbook.nn.flatten import Flatten, FlattenConsecutive
from hornbook.nn.layer import Layer
from hornbook.nn.layernorm import LayerNorm
from hornbook.nn.linear import Linear

__all__ = ["Unsuited", "program_of"]


class Unsuited(Exception):  # noqa: N818 - it is an answer, not a fault
    """There is no program for a net; the text says why, as the end of a sentence."""


def program_of(layers: Sequence[Layer], rows: int, time: int, places: Mapping[int, int]) -> Program:
    """The program of a chain that reads windows of ids and gives logits.

    Args:
        layers: the chain.
        rows: windows of a batch.
        time: ids of a window.
        places: where each parameter begins in the flat vector, by its `id`; frozen ones have no
            place.

    Raises:
        Unsuited: if a layer has no kernel, or a parameter no place.
    """
    builder = Builder(rows, time, places)
    for layer in layers:
        plan = PLANS.get(type(layer))
        if plan is None:
            raise Unsuited(f"there is no kernel for {type(layer).__name__}")
        plan(builder, layer)
    if builder.shape[0] != rows or not builder.operations:
        raise Unsuited("it does not give one row of logits for each window")
    return Program(
        operations=tuple(builder.operations),
        logits=builder.at,
        classes=builder.shape[1],
        values=builder.values,
        drawn=builder.drawn,
        transposed=tuple(builder.transposed),
        running=tuple(builder.running),
    )


class Builder:
    """What has been planned so far.

    Attributes:
        shape: rows and features that the next layer is given; ids before the first.
        at: where they begin among the values.
        in_place: whether the next layer may write over them.
    """

    def __init__(self, rows: int, time: int, places: Mapping[int, int]) -> None:
        self.places = places
        self.shape, self.at, self.in_place = (rows, time), NONE, False
        self.operations: list[Operation] = []
        self.values = self.drawn = 0
        self.transposed: list[tuple[int, int, int]] = []
        self.running: list[Tensor] = []

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
        kept: int = NONE, running: int = NONE, drawn: int = NONE, own: int = 0,
        numbers: tuple[float, float] = (0.0, 0.0),
    ) -> None:  # fmt: skip
        """One more operation, whose output the next one is given.

        Args:
            kind: what it does.
            out: features of its output.
            y: where that begins; None: where the input does.
            weight, bias, kept, running, drawn, own, numbers: see `Column` and `Operation`.
        """
        rows, features = self.shape
        y = self.at if y is None else y
        whole = (kind, rows, features, out, self.at, y, weight, bias, kept, running, drawn, own)
        self.operations.append(Operation(whole, numbers))
        self.shape, self.at = (rows, out), y


def embedding(b: Builder, layer: Embedding) -> None:
    """Ids to rows, side by side: the first layer."""
    if b.operations:
        raise Unsuited("it reads ids in the middle")
    if layer.tables:
        raise Unsuited("its table has a sparse gradient")
    rows, time = b.shape
    size = layer.weight.shape[1]
    b.add(Kind.EMBEDDING, size, y=b.room(rows * time * size), weight=b.place(layer.weight))
    b.shape = rows * time, size


def flatten(b: Builder, layer: Flatten) -> None:
    """The positions of a window are side by side as they are."""
    (rows, features), windows = b.shape, b.operations[0].whole[1]
    b.shape = windows, rows // windows * features


def flatten_consecutive(b: Builder, layer: FlattenConsecutive) -> None:
    """So are neighbours."""
    rows, features = b.shape
    time = rows // b.operations[0].whole[1]
    if time % layer.n:
        raise Unsuited(f"its {time} positions are no multiple of {layer.n}")
    b.shape = rows // layer.n, features * layer.n


def linear(b: Builder, layer: Linear) -> None:
    """By the product that is fast for the weight's shape."""
    out, fan_in = layer.weight.shape
    if fan_in != b.shape[1]:
        raise Unsuited("its layers do not fit each other")
    weight, bias = b.place(layer.weight), b.place(layer.bias)
    wide = out >= fan_in
    if wide:
        b.transposed.append((weight, out, fan_in))
    y = b.room(b.shape[0] * out)
    b.add(Kind.PRODUCT if wide else Kind.DOTS, out, y=y, weight=weight, bias=bias)
    b.in_place = True


def batch_norm(b: Builder, layer: BatchNorm1d) -> None:
    """Centred rows take the place of the input."""
    rows, features = own_input(b, layer)
    if rows < 2:
        raise Unsuited("BatchNorm cannot train on a single row")
    running = sum(one.numel() for one in b.running)
    b.running += [layer.running_mean, layer.running_var]
    b.add(
        Kind.BATCH_NORM, features, kept=b.room(2 * features), y=b.room(rows * features),
        weight=b.place(layer.weight), bias=b.place(layer.bias), running=running,
        own=rows - 1 if layer.unbiased else rows, numbers=(layer.eps, layer.momentum),
    )  # fmt: skip


def layer_norm(b: Builder, layer: LayerNorm) -> None:
    """Normal rows take the place of the input."""
    rows, features = own_input(b, layer)
    if layer.bias is None:
        raise Unsuited("its LayerNorm has no bias")
    b.add(
        Kind.LAYER_NORM, features, kept=b.room(rows), y=b.room(rows * features),
        weight=b.place(layer.weight), bias=b.place(layer.bias), numbers=(layer.eps, 0.0),
    )  # fmt: skip


def tanh(b: Builder, layer: Tanh) -> None:
    """In place: its gradient hangs on its output alone."""
    b.add(Kind.TANH, own_input(b, layer)[1])
    b.in_place = False


def relu(b: Builder, layer: ReLU) -> None:
    """In place."""
    b.add(Kind.RELU, own_input(b, layer)[1])
    b.in_place = False


def dropout(b: Builder, layer: Dropout) -> None:
    """Beside its input, which the layer before may need for its gradient."""
    if not layer.p:
        return
    rows, features = b.shape
    least, grown = threshold(layer.p)
    b.add(
        Kind.DROPOUT, features, y=b.room(rows * features), drawn=b.drawn, own=least,
        numbers=(grown, 0.0),
    )  # fmt: skip
    b.drawn += -(-rows * features // 8) * 8  # as `hornbook.nn.dropout.kept` draws them
    b.in_place = True


def own_input(b: Builder, layer: Layer) -> tuple[int, int]:
    """The shape of an input that may be written over."""
    if not b.in_place:
        raise Unsuited(f"there is no kernel for {type(layer).__name__} at its place")
    return b.shape


PLANS: Mapping[type[Layer], Callable[[Builder, Any], None]] = {
    BatchNorm1d: batch_norm,
    Dropout: dropout,
    Embedding: embedding,
    Flatten: flatten,
    FlattenConsecutive: flatten_consecutive,
    LayerNorm: layer_norm,
    Linear: linear,
    ReLU: relu,
    Tanh: tanh,
}
"What is planned for each layer that has a kernel."
