"""Activation recomputation, also called gradient checkpointing (Chen et al. 2016).

A backward pass needs what the layers computed on the way there, and of many blocks that is most of
the memory of training. A block that is recomputed keeps only its input, and on the way back does
what it did once more: a third more arithmetic, for the memory of one block instead of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hornbook.compute.random_states import random_states, set_random_states
from hornbook.nn.layer import Backward, Layer

__all__ = ["recomputed_vjp"]


def recomputed_vjp(layer: Layer, x: Tensor) -> tuple[Tensor, Backward]:
    """`layer.vjp(x)`, of which nothing is kept but x: bit for bit the same result and gradients.

    Random numbers of the second time are those of the first, and what a layer only notes on its way
    (the running statistics of BatchNorm) is noted once. Under autograd it is torch's checkpoint.
    """
    if torch.is_grad_enabled():
        y: Tensor = checkpoint(layer, x, use_reentrant=False)
        return y, lambda dy: layer.vjp(x)[1](dy)
    before = random_states(x.device)
    y = layer(x)

    def backward(dy: Tensor) -> Tensor:
        with as_before(layer, x.device, before):
            layer_backward = layer.vjp(x)[1]
        return layer_backward(dy)

    return y, backward


@contextmanager
def as_before(layer: Layer, device: torch.device, states: dict[str, Tensor]) -> Iterator[None]:
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
