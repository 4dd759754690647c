"""Counts of tokens after contexts, in a trie of sorted arrays.

The contexts form a trie that grows backwards in time, one level for each token further back:

    level 0    the empty context                       its one node
    level 1    the last token                          a child of that node
    level 2    the last two                            a child of the last token's node

A node is an index: the nodes of a level stand in the order of their parents, and those of one
parent in the order of their older tokens. A level keeps only what is new in it: the older token of
each context, the next token of each entry and its count, and where those of each node begin. So
looking a context up is a search among the children of one node, however large the table is, and
backing off is one step up the trie. A context never reaches past a boundary: `. e` at the start of
a name has nothing before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Arrays, Floats, Ids
from hornbook.text.models.looking_up import locate, looked_up, places_of
from hornbook.text.models.spilled import smallest

__all__ = [
    "FALLBACK",
    "PARTS",
    "PRUNED",
    "Level",
    "is_sound",
    "of_keys",
    "stretches",
]

Integers = npt.NDArray[np.integer[Any]]

PRUNED = ("whole", "numbers")
"Those that it has as well, where entries were pruned."
FALLBACK = (0.5, 1.0, 1.5)  # discounts where the counts of counts give none, as KenLM's
PIECE = 2**20  # entries that are summed at a time
PARTS = ("older", "begins", "tokens", "offsets", "counts")
"The arrays of a level, by the names of its fields."


@dataclass(frozen=True)
class Level:
    """The contexts of one length, and what followed them; each array in the smallest type."""

    older: Integers
    "The oldest token of each context, ascending within a parent, shape (nodes,)."
    begins: Integers
    """Where the contexts begin that make those of the level before longer, and the end of the last,
    shape (nodes of the level before + 1,)."""
    tokens: Integers
    "The next token of each entry, ascending within a node, shape (entries,)."
    offsets: Integers
    "Where each node's entries begin, and the end of the last, shape (nodes + 1,)."
    counts: Integers
    "Counts of the entries, shape (entries,)."
    whole: Integers | None = None
    """Sum of the counts of each node, shape (nodes,), those of entries that were pruned among them;
    None where none were."""
    numbers: Integers | None = None
    "How many entries had a count of 0, 1, 2, 3 and 4 before any were pruned, shape (5,)."

    @cached_property
    def totals(self) -> Integers:
        """Sum of the counts of each node, shape (nodes,)."""
        if self.whole is not None:
            return self.whole
        totals = self.sums(lambda counts: counts)
        return totals.astype(smallest(int(totals.max())))

    @cached_property
    def counts_of_counts(self) -> list[int]:
        """How many entries have a count of 0, 1, 2, 3 and 4, or had before some were pruned."""
        if self.numbers is not None:
            return [int(n) for n in self.numbers]
        return [int(np.count_nonzero(self.counts == count)) for count in range(5)]

    @property
    def estimated(self) -> bool:
        """Whether the discounts can be estimated from the counts of counts."""
        n = self.counts_of_counts
        # D(c) = c - (c + 1) Y n[c+1] / n[c], Y = n1 / (n1 + 2 n2). Where that is not above zero a
        # context might set no mass free, and its shorter one would never be asked. The test is in
        # whole numbers, so that rounding cannot decide it.
        return all(c * n[c] * (n[1] + 2 * n[2]) > (c + 1) * n[1] * n[c + 1] > 0 for c in (1, 2, 3))

    @cached_property
    def discounts(self) -> npt.NDArray[np.float64]:
        """D for counts of 0, 1, 2 and of 3 or more; FALLBACK where they cannot be estimated."""
        if not self.estimated:
            return np.array([0.0, *FALLBACK])
        n = self.counts_of_counts
        y = n[1] / (n[1] + 2 * n[2])
        return np.array([0.0, *(c - (c + 1) * y * n[c + 1] / n[c] for c in (1, 2, 3))])

    @cached_property
    def freed(self) -> npt.NDArray[np.float64]:
        """g(h): the share of each node's mass that goes to the shorter context, shape (nodes,)."""
        freed: Floats = self.sums(lambda counts: self.discounts[np.minimum(counts, 3)])
        if self.whole is not None:  # and all of those that were pruned
            freed += self.whole - self.sums(lambda counts: counts)
        return np.divide(freed, self.totals, dtype=np.float64)

    def sums(self, of: Any) -> npt.NDArray[Any]:
        """The sum over each node's entries of a function of their counts, some at a time."""
        found = []
        for first, last in stretches(self.offsets, PIECE):
            offsets = self.offsets[first : last + 1].astype(np.int64)
            counts = of(self.counts[offsets[0] : offsets[-1]])
            wide = np.int64 if counts.dtype.kind in "iu" else np.float64
            found.append(np.add.reduceat(counts, offsets[:-1] - offsets[0], dtype=wide))
        return np.concatenate(found)

    def shares(self, entries: Ids, nodes: Ids) -> npt.NDArray[np.float64]:
        """(c - D(c)) / c(h) of some entries.

        Args:
            entries: their indices, shape (N,).
            nodes: of each, shape (N,).
        """
        counts = self.counts[entries].astype(np.int64)
        left = counts - self.discounts[np.minimum(counts, 3)]
        return np.divide(left, self.totals[nodes], dtype=np.float64)

    def find(self, nodes: Ids, tokens: Ids) -> Ids:
        """The index of entries, -1 for those that were never seen."""
        if len(self.older) == 1:
            return looked_up(self.first_entries, tokens)
        return locate(self.tokens, self.offsets, nodes, tokens)

    def longer(self, nodes: Ids, older: Ids) -> Ids:
        """The nodes of contexts that are one token longer than those of the level before.

        Args:
            nodes: of the level before, shape (N,).
            older: the token before each, shape (N,).

        Returns:
            Shape (N,); -1 for those that were never seen.
        """
        if len(self.begins) == 2:
            return looked_up(self.first_nodes, older)
        return locate(self.older, self.begins, nodes, older)

    @cached_property
    def first_entries(self) -> Integers:
        """The entry of each token, where there is one node only; -1 where there is none."""
        return places_of(self.tokens)

    @cached_property
    def first_nodes(self) -> Integers:
        """The node of each token, where the level before has one only; -1 where there is none."""
        return places_of(self.older)

    def spread(self, nodes: Ids) -> tuple[Ids, Ids]:
        """All entries of some nodes: the row of `nodes` that each belongs to, and its index."""
        begins = self.offsets[nodes].astype(np.int64)
        lengths = self.offsets[nodes + 1].astype(np.int64) - begins
        rows = np.repeat(np.arange(len(nodes)), lengths)
        inside = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return rows, np.repeat(begins, lengths) + inside


def stretches(bounds: Integers, most: int) -> Iterator[tuple[int, int]]:
    """Cut nodes into stretches that hold at most so many things, or are one node.

    Args:
        bounds: where the things of each node begin, and the end of the last, shape (nodes + 1,).
        most: things in a stretch.

    Yields:
        The first node of a stretch and the one after its last.
    """
    first, nodes, end = 0, len(bounds) - 1, int(bounds[-1])
    while first < nodes:
        most_here = bounds.dtype.type(min(int(bounds[first]) + most, end))
        last = max(first + 1, int(np.searchsorted(bounds, most_here, side="right")) - 1)
        yield first, last
        first = last


def of_keys(contexts: Ids, entries: Ids, counts: Ids, shorter: int, v: int) -> Level | None:
    """A level as it was kept before: keys `node * v + token`, in 64 bits each.

    Args:
        contexts: the keys of the contexts, `node of the level before * v + older token`.
        entries: the keys of the entries, `node * v + next token`.
        counts: of the entries.
        shorter: nodes of the level before (0: there is none).
        v: size of the vocabulary.

    Returns:
        None if they are not such keys, in their order.
    """
    for keys in (contexts, entries):
        if keys.ndim != 1 or not len(keys) or keys[0] < 0 or (np.diff(keys) <= 0).any():
            return None
    starts = np.arange(max(1, shorter) + 1), np.arange(len(contexts) + 1)
    if contexts[-1] // v >= len(starts[0]) - 1 or entries[-1] // v >= len(contexts):
        return None
    return Level(
        (contexts % v).astype(smallest(v)),
        np.searchsorted(contexts, starts[0] * v).astype(smallest(len(contexts))),
        (entries % v).astype(smallest(v)),
        np.searchsorted(entries, starts[1] * v).astype(smallest(len(entries))),
        counts,
    )


def is_sound(level: Level, shorter: int, v: int) -> bool:
    """Whether arrays are a level of the trie.

    Args:
        level: tokens sorted without repeats, each node with entries, counts of at least 1.
        shorter: nodes of the level before, which hold each context's parent (0: there is none).
        v: size of the vocabulary.
    """
    arrays: Arrays = {name: getattr(level, name) for name in PARTS}
    if any(a.ndim != 1 or not len(a) or a.dtype.kind not in "iu" for a in arrays.values()):
        return False
    if any(a.dtype.kind == "i" and a.min() < 0 for a in arrays.values()):
        return False
    if len(level.begins) != max(1, shorter) + 1 or len(level.offsets) != len(level.older) + 1:
        return False
    if len(level.tokens) != len(level.counts) or level.counts.min() < 1:
        return False
    if not shorter and level.older.tolist() != [0]:
        return False
    return (
        is_sound_pruned(level)
        and bool((level.offsets[1:] > level.offsets[:-1]).all())  # no node is without entries
        and bool((level.begins[1:] >= level.begins[:-1]).all())
        and ascend(level.older, level.begins, v)
        and ascend(level.tokens, level.offsets, v)
    )


def is_sound_pruned(level: Level) -> bool:
    """Whether what is told of entries that were pruned fits to those that are left."""
    whole, numbers = level.whole, level.numbers
    if whole is None and numbers is None:
        return True
    if whole is None or numbers is None or whole.shape != level.older.shape:
        return False
    return (
        whole.dtype.kind == numbers.dtype.kind == "i"
        and numbers.shape == (5,)
        and int(numbers.min()) >= 0
        and bool((whole >= level.sums(lambda counts: counts)).all())
    )


def ascend(tokens: Integers, bounds: Integers, v: int) -> bool:
    """Whether tokens rise within each node, and none is of another vocabulary."""
    if bounds[0] or bounds[-1] != len(tokens) or int(tokens.max()) >= v:
        return False
    falls = np.flatnonzero(tokens[1:] <= tokens[:-1]) + 1
    return bool(np.isin(falls, bounds).all())
