"""A net as a table: what each layer is given and gives, what it learns, what it multiplies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hornbook.nn.layer import Layer, Shape
from hornbook.nn.observing import observing

__all__ = ["LayerShape", "Shapes", "layer_shapes"]


@dataclass(frozen=True)
class LayerShape:
    """A layer of a net as it computes."""

    name: str
    "Its name among the net's modules."
    kind: str
    "The name of its class."
    given: Shape
    "Shape of its input, without the dimension of the batch."
    gives: Shape
    "Shape of its result, without the dimension of the batch."
    parameters: int
    "Its own, and those of layers in it that have no row; what two layers share is the first one's."
    multiplications: int
    "Of its own matrix products: see `Layer.multiplications`."


@dataclass(frozen=True)
class Shapes:
    """The layers of a net in the order in which they begin to compute; printed, it is a table.

    The net's own row, if it has one, is the last: what it multiplies comes from its layers.
    """

    HEADS: ClassVar[tuple[str, ...]] = ("layer", "given", "gives", "parameters", "multiplications")

    layers: tuple[LayerShape, ...]
    what: str
    "What was computed: `one window of 8 tokens`."

    @property
    def parameters(self) -> int:
        """Of all layers: what training changes."""
        return sum(one.parameters for one in self.layers)

    @property
    def multiplications(self) -> int:
        """Of all layers, for one example."""
        return sum(one.multiplications for one in self.layers)

    @property
    def about(self) -> str:
        """What the figures are of, as a sentence."""
        return f"Shapes, and multiplications of matrix products, for {self.what}."

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The cells of the table, under HEADS; the last row has the sums."""
        found = [
            (
                f"{position(one.name)} {one.kind}".lstrip(),
                sized(one.given),
                sized(one.gives),
                f"{one.parameters:,}",
                f"{one.multiplications:,}",
            )
            for one in self.layers
        ]
        total = ("total", "", "", f"{self.parameters:,}", f"{self.multiplications:,}")
        return (*found, total)

    def __str__(self) -> str:
        rows = (self.HEADS, *self.rows())
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if at == 0 else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, wide, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, self.about])

    __repr__ = __str__  # what a notebook shows


def layer_shapes(net: Layer, x: Tensor, what: str = "one example") -> Shapes:
    """Let a net compute once, and write down what its layers are given and give.

    Containers, which only hand on from layer to layer, have no row, unless they go around the
    layers in them and compute in their place. The net itself has one if it makes matrix products of
    its own. A layer that computes more than once has its first shapes, and the multiplications of
    all times.

    Args:
        net: in evaluation mode for as long as this takes.
        x: its input, a batch of one example.
        what: what the example is, for people.
    """
    named = {name: part for name, part in net.named_modules() if isinstance(part, Layer)}
    shapes: dict[str, tuple[Shape, Shape]] = {}
    multiplied = dict.fromkeys(named, 0)

    def saw(name: str, layer: Layer, given: Tensor, gives: Tensor) -> None:
        shapes.setdefault(name, ((*given.shape[1:],), (*gives.shape[1:],)))
        multiplied[name] += layer.multiplications((*given.shape,), (*gives.shape,))

    was_training = net.training
    if was_training:
        net.eval()
    try:
        # As autograd sees it: recurrent layers take their equations step by step.
        with torch.enable_grad(), observing(named, saw=saw):
            net(x)
    finally:
        if was_training:
            net.train()
    return Shapes(tuple(rows_of(net, named, shapes, multiplied)), what)


def rows_of(
    net: Layer,
    named: Mapping[str, Layer],
    shapes: Mapping[str, tuple[Shape, Shape]],
    multiplied: Mapping[str, int],
) -> list[LayerShape]:
    """The rows, in the order in which layers begin; the net's own is the last.

    Args:
        net: whose layers they are.
        named: all layers in it.
        shapes: what each was given and gave, in the order of the results.
        multiplied: how much each multiplied.
    """
    owned: set[int] = set()
    found: list[tuple[tuple[int, int], LayerShape]] = []
    ends = {id(named[name]): end for end, name in enumerate(shapes)}
    for end, (name, (given, gives)) in enumerate(shapes.items()):
        part = named[name]
        within = [ends[id(one)] for one in part.modules() if one is not part and id(one) in ends]
        if (only_holds(part) and within) or (part is net and not multiplies(part)):
            continue
        fresh = [p for p in part.parameters() if id(p) not in owned]
        owned |= {id(p) for p in fresh}
        kind, size = type(part).__name__, sum(p.numel() for p in fresh)
        row = LayerShape(name, kind, given, gives, size, multiplied[name])
        # A layer's result comes after those of layers in it, and it has begun before them.
        begun = end if part is net else min(within, default=end)
        found.append(((begun, -end), row))
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def only_holds(layer: Layer) -> bool:
    """Whether a layer leaves everything to layers in it."""
    inner = any(isinstance(part, Layer) for part in layer.modules() if part is not layer)
    learns = any(True for _ in layer.parameters(recurse=False))
    return inner and not learns and not multiplies(layer)


def multiplies(layer: Layer) -> bool:
    """Whether a layer makes matrix products of its own."""
    return type(layer).multiplications is not Layer.multiplications


def position(name: str) -> str:
    """A layer's place, without the names of the containers."""
    return ".".join(part for part in name.split(".") if part not in ("layers", "layer"))


def sized(shape: Shape) -> str:
    """A shape for people: `3 × 10`."""
    return " × ".join(map(str, shape)) if shape else "1"
