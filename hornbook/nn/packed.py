"""Rows of a tree's nodes without padding: which nodes there are, and whose children they are.

A tree whose every node joins `fan` nodes of the level below, slid over a row, is a stack of
convolutions with dilations 1, fan, fan²...: the node of level l at position t joins those of level
l - 1 at t, t - d, t - 2d... for d = fan^(l-1). It is computed once, for all trees that share it.

    level 3                 o               the tree of the last prediction; that of the one
                   ┌────────┴───────┐       before stands one position to the left
    level 2        o                o
               ┌───┴───┐        ┌───┴───┐
    level 1    o       o        o       o
             ┌─┴─┐   ┌─┴─┐    ┌─┴─┐   ┌─┴─┐
    ids      .   .   .   .    .   e   m   m   -> a

Before a row stand `start` tokens without end, so all nodes there have one value a level: an extra
node, number 0 of its level, to which every child before the row points.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

from hornbook.compute.products import raised
from hornbook.nn.layer import Backward

__all__ = ["PackedTrees", "join"]

Ids = npt.NDArray[np.int64]


class PackedTrees:
    """The trees of all predictions in some rows.

    Only what a prediction can see is there: no padding after a row's last target, and of its
    context before the first target no node that would reach beyond what was read. So statistics
    over nodes, as BatchNorm's, are over real nodes only, and over the extra node.

    Args:
        wanted: where there is a prediction, of shape (B, T); in each row one stretch.
        fan: children of a node.
        levels: of joining; a tree spans fan^levels ids.

    Attributes:
        places: of the packed ids in the flat rows, shape (N₀,); the extra one comes before them.
        children: for each level the numbers of its nodes' children in the level below, oldest
            first, shape (1 + Nₗ, fan); (N, fan) for the last, whose extra node nothing would read.
        predictions: of the last level's nodes in the flat rows, shape (N,).
    """

    def __init__(self, wanted: npt.NDArray[np.bool_], fan: int, levels: int) -> None:
        rows, time = wanted.shape
        first = wanted.argmax(1)
        end = np.where(wanted.any(1), time - wanted[:, ::-1].argmax(1), first)
        span: int = fan**levels

        def nodes(level: int) -> tuple[Ids, Ids, Ids]:
            """Row and position of each node, and each row's first number less its position."""
            begin = np.maximum(first - (span - fan**level), 0)
            counts = end - begin
            numbers = 1 + np.cumsum(counts) - counts - begin
            row = np.repeat(np.arange(rows), counts)
            return row, np.arange(1, len(row) + 1) - numbers[row], numbers

        leading = first.any()  # else all levels have their nodes at the same places
        row, position, numbers = nodes(0)
        self.places: Ids = row * time + position
        self.children: list[Ids] = []
        taps = np.arange(1 - fan, 1)
        for level in range(1, levels + 1):
            below = numbers
            if leading:
                row, position, numbers = nodes(level)
            child = position[:, None] + taps * fan ** (level - 1)
            found = np.where(child < 0, 0, child + below[row][:, None])
            extra = np.zeros((int(level < levels), fan), dtype=np.int64)
            self.children.append(np.concatenate([extra, found]))
        self.predictions: Ids = row * time + position


def join(x: Tensor, children: Tensor) -> tuple[Tensor, Backward]:
    """FlattenConsecutive for rows: each node's children side by side, and the backward pass.

    A net that joins so calls no FlattenConsecutive: an observer of its layers does not see these
    (hornbook.nn.observing).

    Args:
        x: nodes of shape (M, C).
        children: their numbers, shape (N, fan).

    Returns:
        Shape (N, fan·C).
    """
    flat = children.flatten()

    def backward(dy: Tensor) -> Tensor:
        # A child of several parents gets the sum of their gradients; the extra one has many.
        d = raised(dy).reshape(len(flat), -1)
        return d.new_zeros(x.shape).index_add_(0, flat, d)

    return x.index_select(0, flat).view(len(children), -1), backward
