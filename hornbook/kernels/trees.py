"""Trees that stand in rows, each node computed once: which nodes are whose children.

What is computed is `hornbook.nn.packed.join`. Of each row two numbers are told (`Trees`), and which
nodes it has at a level follows from them, so there are no tables of children. Nodes of a level
stand row by row, in the order of time, behind the one before all rows, number 0; the last level has
none of these.

Arguments that both have, beside those of `layers`:

    k, m    features of a node below, and of all its parent's children
    told    of each row how many ids stand before that of its first prediction, and how many it has
    batch   rows
    level   of the parents, 1 for those of the ids
    span    ids of a tree
"""

from __future__ import annotations

from typing import Any

from hornbook.kernels.compiled import kernel
from hornbook.kernels.rows import add_row, copy_row

__all__ = ["join", "join_back"]

Array = Any


@kernel
def join(
    v: Array, x: int, y: int, k: int, m: int, told: Array, batch: int, level: int, span: int
) -> None:
    """Each node's children side by side, the oldest first."""
    fan = m // k
    apart = fan ** (level - 1)
    if apart * fan < span:
        for tap in range(fan):
            copy_row(v, y + tap * k, v, x, k)
        y += m
    first = x + k
    for row in range(batch):
        lead, length = told[2 * row], told[2 * row + 1]
        below, begin = max(lead - (span - apart), 0), max(lead - (span - apart * fan), 0)
        for t in range(begin, length):
            for tap in range(fan):
                child = t - (fan - 1 - tap) * apart
                copy_row(v, y + tap * k, v, x if child < 0 else first + (child - below) * k, k)
            y += m
        first += (length - below) * k


@kernel
def join_back(
    d: Array, x: int, y: int, k: int, m: int, told: Array, batch: int, level: int, span: int
) -> None:
    """A child of several parents gets the sum of their gradients; the one before all has many."""
    fan = m // k
    apart = fan ** (level - 1)
    before = d[x : x + k]
    before[:] = 0
    if apart * fan < span:
        for tap in range(fan):
            add_row(d, x, d, y + tap * k, k)
        y += m
    first = x + k
    for row in range(batch):
        lead, length = told[2 * row], told[2 * row + 1]
        below, begin = max(lead - (span - apart), 0), max(lead - (span - apart * fan), 0)
        for t in range(below, length):  # a node is the last child of the one at its own place
            to = first + (t - below) * k
            if t < begin:
                d[to : to + k] = 0
            else:
                copy_row(d, to, d, y + (t - begin) * m + m - k, k)
            for tap in range(fan - 1):
                parent = t + (fan - 1 - tap) * apart
                if begin <= parent < length:
                    add_row(d, to, d, y + (parent - begin) * m + tap * k, k)
        for t in range(begin, min(length, (fan - 1) * apart)):
            for tap in range(fan - 1):
                if t < (fan - 1 - tap) * apart:
                    add_row(d, x, d, y + (t - begin) * m + tap * k, k)
        first += (length - below) * k
        y += (length - begin) * m
