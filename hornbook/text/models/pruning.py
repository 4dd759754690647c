"""Leaving out n-grams that are rare, as KenLM's `lmplz` prunes.

An n-gram is left out if the text has it at most as often as its order's threshold says: what counts
is how often it occurs, not in how many contexts. The discounts are those of all n-grams, and what
an n-gram was counted in its context, all of it, goes to the shorter context:

    P(w | h) = (c(hw) - D(c)) / c(h) + g(h) P(w | h without its oldest token),
    c(h) of all w,   g(h) = (sum of D(c) over those that are left + sum of c over the others) / c(h)

So the probabilities still sum to one (Heafield, Pouzyrevsky, Clark and Koehn 2013, "Scalable
modified Kneser-Ney language model estimation"; the formula is that of its program). Since no
threshold is below that of a lower order, what is left has its prefixes and suffixes left too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hornbook.text.models.count_trie import PIECE, Integers, Level, stretches
from hornbook.text.models.spilled import smallest

__all__ = ["pruned"]


def pruned(
    levels: Sequence[Level], times: Sequence[Integers], thresholds: Sequence[int]
) -> list[Level]:
    """The levels without their rare n-grams; those of which nothing is left are left out.

    Args:
        levels: of order 1, 2, ….
        times: how often each entry of each occurs, shape (entries,) each.
        thresholds: for each order from 1 on, never falling, 0 for order 1; the last holds for all
            that follow.
    """
    found: list[Level] = []
    parents: npt.NDArray[np.bool_] | None = None
    for order, (level, often) in enumerate(zip(levels, times, strict=True)):
        least = thresholds[min(order, len(thresholds) - 1)]
        left = entries_left(level, often, least)
        nodes = left > 0
        if not nodes.any():
            return found
        found.append(without(level, often > least, left, nodes, parents))
        parents = nodes
    return found


def entries_left(level: Level, often: Integers, least: int) -> npt.NDArray[np.int64]:
    """How many entries each node keeps, shape (nodes,)."""
    found = []
    for first, last in stretches(level.offsets, PIECE):
        offsets = level.offsets[first : last + 1].astype(np.int64)
        kept = often[offsets[0] : offsets[-1]] > least
        found.append(np.add.reduceat(kept, offsets[:-1] - offsets[0], dtype=np.int64))
    return np.concatenate(found)


def without(
    level: Level,
    kept: npt.NDArray[np.bool_],
    left: npt.NDArray[np.int64],
    nodes: npt.NDArray[np.bool_],
    parents: npt.NDArray[np.bool_] | None,
) -> Level:
    """A level without some entries.

    Args:
        level: with all of them.
        kept: which entries stay, shape (entries,).
        left: how many stay of each node, shape (nodes,).
        nodes: which nodes have any, shape (nodes,).
        parents: the same of the level before; None: there is none.
    """
    offsets = np.concatenate([[0], np.cumsum(left[nodes])])
    before = np.concatenate([[0], np.cumsum(nodes)])  # nodes that stay before each
    begins = before[level.begins.astype(np.int64)]
    if parents is not None:  # what is below a node that is gone is gone too
        begins = np.append(begins[:-1][parents], begins[-1])
    return Level(
        level.older[nodes],
        begins.astype(smallest(int(begins[-1]))),
        level.tokens[kept],
        offsets.astype(smallest(int(offsets[-1]))),
        level.counts[kept],
        level.totals[nodes].astype(np.int64),
        np.array(level.counts_of_counts, dtype=np.int64),
    )
