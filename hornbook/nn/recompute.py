"""Activation recomputation, also called gradient checkpointing (Chen et al. 2016).

A backward pass needs what the layers computed on the way there, and of many blocks that is most of
the memory of training. A block that is recomputed keeps only its input, and on the way back does
what it did once more: a third more arithmetic, for the memory of one block instead of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hornbook.compute.random_states import random_states, set_random_states

__all__ = ["Recomputable", "recomputed_vjp"]


WayBack = Callable[[Tensor], Any]


class Recomputable(Protocol):
    """A layer, or a block that is given something beside x: padding, the row of an encoder."""

    def __call__(self, x: Tensor, *more: Any) -> Tensor:
        """The result alone."""
        ...

    def vjp(self, x: Tensor, *more: Any) -> tuple[Tensor, WayBack]:
        """The result, and the way back from its gradient."""
        ...

    def buffers(self) -> Iterator[Tensor]:
        """What it notes on its way."""
        ...


def recomputed_vjp(layer: Recomputable, x: Tensor, *more: Any) -> tuple[Tensor, WayBack]:
    """`layer.vjp(x, ...)`, of which nothing is kept but x and what is given beside it: bit for bit
    the same result and gradients.

    Random numbers of the second time are those of the first, and what a layer only notes on its way
    (the running statistics of BatchNorm) is noted once. Under autograd it is torch's checkpoint.
    """
    if torch.is_grad_enabled():
        y: Tensor = checkpoint(layer, x, *more, use_reentrant=False)
        return y, lambda dy: layer.vjp(x, *more)[1](dy)
    before = random_states(x.device)
    y = layer(x, *more)

    def backward(dy: Tensor) -> Any:
        with as_before(layer, x.device, before):
            layer_backward = layer.vjp(x, *more)[1]
        return layer_backward(dy)

    return y, backward


@contextmanager
def as_before(
    layer: Recomputable, device: torch.device, states: dict[str, Tensor]
) -> Iterator[None]:
    """A context in which random numbers come as from these states on, and after which these and the
    buffers of a layer are as they were.
    """
    now = random_states(device)
    buffers = [(buffer, buffer.clone()) for buffer in layer.buffers()]
    set_random_states(device, states)
    try:
        yield
    finally:
        set_random_states(device, now)
        for buffer, held in buffers:
            buffer.copy_(held)
