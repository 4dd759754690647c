"""Layers that join a window level by level, and how they read on without computing a node twice."""

from __future__ import annotations

import torch
from torch import Tensor

from hornbook.nn.conv import push
from hornbook.nn.flatten import FlattenConsecutive
from hornbook.nn.layer import Layer
from hornbook.nn.sequential import Sequential

__all__ = ["Tree"]


class Tree(Sequential):
    """The lecture's net: ids (B, fan^levels), joined by FlattenConsecutive at each level.

    `vjp` reads windows, as its layers do. Along a row a level is a convolution with fan taps whose
    dilation is fan times that of the level below, so `begin` slides it over the whole row, and
    `advance` keeps a queue of what each level will still need. Before a row stand start tokens
    without end: all nodes of a level there have one value.

    Args:
        layers: from ids to what is told of a window, each but FlattenConsecutive treating every
            position by itself.
        fan: neighbours joined at each level.
        start: the id that stands before a row.
    """

    def __init__(self, *layers: Layer, fan: int, start: int) -> None:
        super().__init__(*layers)
        levels = sum(isinstance(layer, FlattenConsecutive) for layer in layers)
        self.fan, self.start = fan, start
        self.dilations = [fan**level for level in range(levels)]

    def advance(self, x: Tensor, state: list[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        """The newest node of each level, joined with those that its queue holds.

        Args:
            x: ids, shape (B,).
            state: of each level, its last (fan - 1)·dilation inputs, the oldest first.
        """
        queues = self.empty(x) if state is None else state
        levels = zip(queues, self.dilations, strict=True)
        new: list[Tensor] = []
        for layer in self.chain:
            if isinstance(layer, FlattenConsecutive):
                queue, dilation = next(levels)
                x, queue = push(queue, x, dilation)
                new.append(queue)
            else:
                x = layer(x)
        return x, new

    def begin(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Every node of some rows: ids (B, T) to what is told at each position, and the queues."""
        levels = zip(self.empty(x), self.dilations, strict=True)
        time = x.shape[1]
        new: list[Tensor] = []
        for layer in self.chain:
            if isinstance(layer, FlattenConsecutive):
                before, dilation = next(levels)
                whole = torch.cat([before, x], 1)  # (B, (fan - 1)·dilation + T, C)
                taps = [whole[:, k * dilation :][:, :time] for k in range(self.fan)]
                x = torch.cat(taps, 2)  # (B, T, fan·C), the oldest first
                new.append(whole[:, time:])
            else:
                x = layer(x)
        return x, new

    def empty(self, x: Tensor) -> list[Tensor]:
        """The queues before a row, for ids x of shape (B, ...): one value each, of starts alone."""
        rows, x = len(x), x.new_full((1,), self.start)
        levels = iter(self.dilations)
        queues: list[Tensor] = []
        for layer in self.chain:
            if isinstance(layer, FlattenConsecutive):
                queues.append(x.expand(rows, (self.fan - 1) * next(levels), -1))
                x = x.repeat(1, self.fan)
            else:
                x = layer(x)
        return queues

    def pick(self, state: list[Tensor], places: Tensor) -> list[Tensor]:
        """The queues of some rows."""
        return [queue.index_select(0, places) for queue in state]
