"""A net as a table: what each layer is given and gives, what it learns, what it multiplies."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from hornbook.nn.layer import Layer, Shape
from hornbook.nn.observing import observing
from hornbook.nn.sequential import Sequential

__all__ = ["Asking", "LayerShape", "Shapes", "layer_shapes", "shapes_while"]


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


@runtime_checkable
class Asking(Protocol):
    """A part of a net that is given another row beside its own, and so is not a `Layer`."""

    def multiplications_asking(self, given: Shape, asked: Shape) -> int:
        """As `Layer.multiplications`, by the shapes of its own row and of the one that it asks."""
        ...


def layer_shapes(net: Layer, x: Tensor, what: str = "one example") -> Shapes:
    """Let a net compute once, and write down what its layers are given and give.

    Args:
        net: in evaluation mode for as long as this takes.
        x: its input, a batch of one example.
        what: what the example is, for people.
    """
    return shapes_while(net, lambda: net(x), what)


def shapes_while(net: torch.nn.Module, compute: Callable[[], object], what: str) -> Shapes:
    """Write down what the layers of a net are given and give while it computes.

    Containers, which only hand on from layer to layer, have no row, unless they go around the
    layers in them and compute in their place. The net itself has one if it makes matrix products of
    its own. A layer that computes more than once has its first shapes, and the multiplications of
    all times.

    Args:
        net: in evaluation mode for as long as this takes.
        compute: let it compute one example, whose dimension of the batch is 1.
        what: what the example is, for people.
    """
    named = {name: part for name, part in net.named_modules() if isinstance(part, Layer)}
    asking = {name: part for name, part in net.named_modules() if isinstance(part, Asking)}
    shapes: dict[str, tuple[Shape, Shape]] = {}
    multiplied = dict.fromkeys((*named, *asking), 0)

    def saw(name: str, layer: Layer, given: Tensor, gives: Tensor) -> None:
        shapes.setdefault(name, ((*given.shape[1:],), (*gives.shape[1:],)))
        multiplied[name] += layer.multiplications((*given.shape,), (*gives.shape,))

    def asked(name: str, part: Any, given: Tensor, other: Tensor, gives: Tensor) -> None:
        shapes.setdefault(name, ((*given.shape[1:],), (*gives.shape[1:],)))
        multiplied[name] += part.multiplications_asking((*given.shape,), (*other.shape,))

    was_training = net.training
    if was_training:
        net.eval()
    try:
        # As autograd sees it: recurrent layers take their equations step by step.
        with torch.enable_grad(), observing(named, saw=saw), observing_asking(asking, asked):
            compute()
    finally:
        if was_training:
            net.train()
    return Shapes(tuple(rows_of(net, {**named, **asking}, shapes, multiplied)), what)


@contextmanager
def observing_asking(parts: Mapping[str, Any], asked: Callable[..., None]) -> Iterator[None]:
    """Look at what parts that ask another row are given and give, by their `vjp`."""

    def watched(name: str, part: Any) -> Callable[..., Any]:
        def vjp(x: Tensor, other: Tensor, *more: Any) -> Any:
            result = type(part).vjp(part, x, other, *more)
            y = result[0] if isinstance(result[0], Tensor) else result[0][0]
            asked(name, part, x, other, y)
            return result

        return vjp

    try:
        for name, part in parts.items():
            vars(part)["vjp"] = watched(name, part)
        yield
    finally:
        for part in parts.values():
            vars(part).pop("vjp", None)


def rows_of(
    net: torch.nn.Module,
    named: Mapping[str, Any],
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
        empty = isinstance(part, Sequential) and not part.chain
        if empty or (only_holds(part) and within) or (part is net and not multiplies(part)):
            continue
        fresh = [p for p in part.parameters() if id(p) not in owned]
        owned |= {id(p) for p in fresh}
        kind, size = type(part).__name__, sum(p.numel() for p in fresh)
        row = LayerShape(name, kind, given, gives, size, multiplied[name])
        # A layer's result comes after those of layers in it, and it has begun before them.
        begun = end if part is net else min(within, default=end)
        found.append(((begun, -end), row))
    return [row for _, row in sorted(found, key=lambda one: one[0])]


def only_holds(layer: Any) -> bool:
    """Whether a layer leaves everything to layers in it."""
    inner = any(isinstance(part, Layer) for part in layer.modules() if part is not layer)
    learns = any(True for _ in layer.parameters(recurse=False))
    return inner and not learns and not multiplies(layer)


def multiplies(layer: Any) -> bool:
    """Whether a part makes matrix products of its own."""
    if isinstance(layer, Asking):
        return True
    return isinstance(layer, Layer) and type(layer).multiplications is not Layer.multiplications


def position(name: str) -> str:
    """A layer's place, without the names of the containers."""
    return ".".join(part for part in name.split(".") if part not in ("layers", "layer"))


def sized(shape: Shape) -> str:
    """A shape for people: `3 × 10`."""
    return " × ".join(map(str, shape)) if shape else "1"
