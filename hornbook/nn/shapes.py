"""A net as a table: what each layer is given and gives, what it learns, what it multiplies."""

from __future__ import annotations

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
    "Its own, those of layers in it left out; one that two layers share is the first one's."
    multiplications: int
    "Of its own matrix products: see `Layer.multiplications`."


@dataclass(frozen=True)
class Shapes:
    """The layers of a net in the order in which they were built; printed, it is a table."""

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
                f"{position(one.name)} {one.kind}",
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

    Containers, which only hand on from layer to layer, have no row. A layer that computes more
    than once has its first shapes, and the multiplications of all times.

    Args:
        net: in evaluation mode for as long as this takes.
        x: its input, a batch of one example.
        what: what the example is, for people.
    """
    named = {
        name: part
        for name, part in net.named_modules()
        if isinstance(part, Layer) and part is not net and not only_holds(part)
    }
    shapes: dict[str, tuple[Shape, Shape]] = {}
    multiplied = dict.fromkeys(named, 0)

    def saw(name: str, layer: Layer, given: Tensor, gives: Tensor) -> None:
        shapes.setdefault(name, ((*given.shape[1:],), (*gives.shape[1:],)))
        multiplied[name] += layer.multiplications((*given.shape,), (*gives.shape,))

    was_training = net.training
    net.eval()
    try:
        # As autograd sees it: recurrent layers take their equations step by step.
        with torch.enable_grad(), observing(named, saw=saw):
            net(x)
    finally:
        net.train(was_training)
    owned: set[int] = set()
    rows = []
    for name in (name for name in named if name in shapes):
        fresh = [p for p in named[name].parameters(recurse=False) if id(p) not in owned]
        owned |= {id(p) for p in fresh}
        given, gives = shapes[name]
        rows.append(
            LayerShape(
                name,
                type(named[name]).__name__,
                given,
                gives,
                sum(p.numel() for p in fresh),
                multiplied[name],
            )
        )
    return Shapes(tuple(rows), what)


def only_holds(layer: Layer) -> bool:
    """Whether a layer leaves everything to layers in it."""
    inner = any(isinstance(part, Layer) for part in layer.modules() if part is not layer)
    learns = any(True for _ in layer.parameters(recurse=False))
    return inner and not learns and type(layer).multiplications is Layer.multiplications


def position(name: str) -> str:
    """A layer's place, without the names of the containers."""
    return ".".join(part for part in name.split(".") if part not in ("layers", "layer"))


def sized(shape: Shape) -> str:
    """A shape for people: `3 × 10`."""
    return " × ".join(map(str, shape)) if shape else "1"
