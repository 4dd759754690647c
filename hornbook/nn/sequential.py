"""Layers one after another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from hornbook.nn.layer import Backward, Layer, refuse_other
from hornbook.nn.recompute import recomputed_vjp

__all__ = ["Sequential", "begin_chain", "chain_vjp", "gone_once"]

Way = TypeVar("Way")


def chain_vjp(layers: Sequence[Layer], x: Tensor) -> tuple[Tensor, Backward]:
    """The result of layers one after the other, and the backward pass through them.

    Ids have no gradient: where they are read, the backward pass ends behind the layers at the front
    that are frozen as a whole, and these keep nothing for it.
    """
    front = 0 if x.is_floating_point() else frozen_front(layers)
    for layer in layers[:front]:
        x = layer(x)
    ways_back: list[Backward] = []
    for layer in layers[front:]:
        x, backward = recomputed_vjp(layer, x) if layer.recompute else layer.vjp(x)
        ways_back.append(backward)

    count = len(ways_back)

    def backward_all(dy: Tensor) -> Tensor:
        for backward in gone_once(ways_back, count):
            dy = backward(dy)
        return dy

    return x, backward_all


def gone_once(ways_back: list[Way], count: int) -> Iterator[Way]:
    """The ways back from the last to the first, each let go of as soon as it was gone.

    What a layer kept for its own is then free for what the next ones make, which is still in the
    processor's cache.

    Args:
        ways_back: of layers one after the other; none is left.
        count: how many there were.

    Raises:
        RuntimeError: if they were gone before.
    """
    if len(ways_back) != count:
        raise RuntimeError(
            "this backward pass was made before, and what it needs is no longer kept; call `vjp` "
            "again"
        )
    while ways_back:
        yield ways_back.pop()


def frozen_front(layers: Sequence[Layer]) -> int:
    """How many layers at the front have no parameter that wants a gradient."""
    learn = (any(p.requires_grad for p in layer.parameters()) for layer in layers)
    return next((place for place, one in enumerate(learn) if one), len(layers))


def begin_chain(layers: Iterable[Layer], x: Tensor) -> tuple[Tensor, list[Any]]:
    """Rows from their start through layers one after the other: what the last gives, and states."""
    states = []
    for layer in layers:
        x, own = layer.begin(x)
        states.append(own)
    return x, states


class Sequential(Layer):
    """The chain rule: each layer reads the last one's result, and back in reverse order.

    Args:
        layers: one after the other, as torch.nn.Sequential takes them, or in one list, as the
            lecture writes it: `Sequential(a, b)` or `Sequential([a, b])`.

    Attributes:
        layers: the same, to index and to walk; what each gave, `keeping_outputs` keeps.

    Raises:
        TypeError: if one is not a layer of this package.
    """

    def __init__(self, *layers: Layer | Sequence[Layer]) -> None:
        super().__init__()
        chain = cast(
            tuple[Layer, ...],
            tuple(layers[0]) if len(layers) == 1 and isinstance(layers[0], Sequence) else layers,
        )
        refuse_other(chain)
        self.layers = torch.nn.ModuleList(chain)
        self.chain = chain  # the same layers, to walk without the module list's overhead

    def forward(self, x: Tensor) -> Tensor:
        """y alone; what each layer kept for its backward pass is let go at once."""
        for layer in self.chain:
            x = layer(x)
        return x

    def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
        """y and the backward pass through all layers."""
        return chain_vjp(self.chain, x)

    def advance(self, x: Tensor, state: list[Any] | None) -> tuple[Tensor, list[Any]]:
        """One more position, through each layer with what it remembers."""
        states = []
        for layer, own in zip(self.chain, state or [None] * len(self.chain), strict=True):
            x, own = layer.advance(x, own)
            states.append(own)
        return x, states

    def begin(self, x: Tensor) -> tuple[Tensor, list[Any]]:
        """A row from its start, through each layer at once."""
        return begin_chain(self.chain, x)

    def pick(self, state: list[Any], places: Tensor) -> list[Any]:
        """What each layer remembers of some rows."""
        return [layer.pick(own, places) for layer, own in zip(self.chain, state, strict=True)]
