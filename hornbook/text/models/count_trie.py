"""Counts of tokens after contexts, in a trie of sorted arrays.

The contexts form a trie that grows backwards in time, one level for each token further back:

    level 0    the empty context                       node 0
    level 1    the last token                         key = 0 * V + token
    level 2    the last two                            key = node at level 1 * V + older token

A level keeps the sorted keys of its contexts (a node is an index into them) and of its entries,
`node * V + next token`, with their counts. Looking a context up is one binary search a level, and
backing off is one step up the trie. A context never reaches past a boundary: `. e` at the start of
a name has nothing before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError
from hornbook.text.models.contract import Ids
from hornbook.text.stream import Stream

__all__ = ["Level", "find", "growing", "is_sound"]

FALLBACK = (0.5, 1.0, 1.5)  # discounts where the counts of counts give none, as KenLM's
BYTES = 64  # of memory that counting takes for each token: the keys, their order, their ranks


@dataclass(frozen=True)
class Level:
    """The contexts of one length, and what followed them."""

    vocab_size: int
    contexts: Ids
    "Sorted keys `shorter context's node * V + older token`, shape (nodes,)."
    entries: Ids
    "Sorted keys `node * V + next token`, shape (entries,)."
    counts: Ids
    "Counts of the entries, shape (entries,)."

    @cached_property
    def offsets(self) -> Ids:
        """Where each node's entries begin, and the end of the last, shape (nodes + 1,)."""
        nodes = np.arange(len(self.contexts) + 1)
        return np.searchsorted(self.entries, nodes * self.vocab_size)

    @cached_property
    def totals(self) -> Ids:
        """Sum of the counts of each node, shape (nodes,)."""
        return np.add.reduceat(self.counts, self.offsets[:-1])

    @cached_property
    def discounts(self) -> npt.NDArray[np.float64]:
        """D for counts of 0, 1, 2 and of 3 or more."""
        n = [int(np.count_nonzero(self.counts == count)) for count in range(5)]
        # D(c) = c - (c + 1) Y n[c+1] / n[c], Y = n1 / (n1 + 2 n2). Where that is not above zero a
        # context might set no mass free, and its shorter one would never be asked. The test is in
        # whole numbers, so that rounding cannot decide it.
        sound = all(c * n[c] * (n[1] + 2 * n[2]) > (c + 1) * n[1] * n[c + 1] > 0 for c in (1, 2, 3))
        if not sound:
            return np.array([0.0, *FALLBACK])
        y = n[1] / (n[1] + 2 * n[2])
        return np.array([0.0, *(c - (c + 1) * y * n[c + 1] / n[c] for c in (1, 2, 3))])

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """(c - D(c)) / c(h) of each entry, shape (entries,)."""
        node = self.entries // self.vocab_size
        shares: npt.NDArray[np.float64] = (self.counts - self.taken) / self.totals[node]
        return shares

    @cached_property
    def taken(self) -> npt.NDArray[np.float64]:
        """D(c) of each entry, shape (entries,)."""
        return self.discounts[np.minimum(self.counts, 3)]

    @cached_property
    def freed(self) -> npt.NDArray[np.float64]:
        """g(h): the share of each node's mass that goes to the shorter context, shape (nodes,)."""
        return np.add.reduceat(self.taken, self.offsets[:-1]) / self.totals

    def find(self, nodes: Ids, tokens: Ids) -> Ids:
        """The index of entries, -1 for those that were never seen."""
        return find(self.entries, nodes * self.vocab_size + tokens)

    def spread(self, nodes: Ids) -> tuple[Ids, Ids]:
        """All entries of some nodes: the row of `nodes` that each belongs to, and its index."""
        begins, lengths = self.offsets[nodes], np.diff(self.offsets)[nodes]
        rows = np.repeat(np.arange(len(nodes)), lengths)
        inside = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return rows, np.repeat(begins, lengths) + inside


def find(keys: Ids, wanted: Ids) -> Ids:
    """The place of each wanted key among sorted ones, -1 where it is not."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def growing(stream: Stream, v: int, order: int, *, adjusted: bool) -> Iterator[list[Level]]:
    """Count a stream with longer and longer contexts.

    Args:
        stream: of ids.
        v: size of the vocabulary.
        order: tokens in the longest n-gram.
        adjusted: whether the shorter levels count in how many different contexts an entry was
            seen, as Kneser-Ney wants it, and not how often.

    Yields:
        The levels of order 1, 2, …: each is whole, and shares arrays with the one before. Fewer
        than `order` if no context is so long.

    Raises:
        DataError: if counting would take more memory than there is.
    """
    refuse_beyond_memory(len(stream.ids))
    ids = stream.ids.astype(np.int64)
    places = np.arange(stream.first, len(ids))
    nodes = np.zeros(len(places), dtype=np.int64)
    contexts = np.zeros(1, dtype=np.int64)
    found: list[Level] = []
    for length in range(order):
        if length:
            reach = places - length >= stream.begins(places)
            held = nodes[~reach] * v + ids[places[~reach]]
            places, nodes = places[reach], nodes[reach]
            if not len(places):
                return
            keys = nodes * v + ids[places - length]
            contexts, nodes = np.unique(keys, return_inverse=True)
        entries, counts = np.unique(nodes * v + ids[places], return_counts=True)
        if length and adjusted:
            # hw of the shorter level: in how many longer contexts it was seen, and how often
            # where nothing can stand before it.
            parents = contexts[entries // v] // v * v + entries % v
            seen = np.concatenate([parents, held])
            # Every entry of the shorter level is seen at least once, so none is lost.
            where = np.searchsorted(found[-1].entries, seen)
            times = np.bincount(where, minlength=len(found[-1].entries))
            found = [*found[:-1], replace(found[-1], counts=times)]
        found = [*found, Level(v, contexts, entries, counts)]
        yield found


def refuse_beyond_memory(tokens: int) -> None:
    """Refuse to count more tokens than there is memory for, before it is taken.

    Raises:
        DataError: if there is not enough.
    """
    needed, there = BYTES * tokens, available_memory()
    if there is not None and needed > there:
        raise DataError(
            f"Counting {tokens:,} tokens takes about {needed / 1e9:.1f} GB of memory; "
            f"{there / 1e9:.1f} GB are available.",
            hint="Train on a part of the file, or train a net: it needs much less.",
        )


def is_sound(level: Level, shorter: int) -> bool:
    """Whether arrays are a level of the trie.

    Args:
        level: sorted keys without repeats, each node with entries, counts of at least 1.
        shorter: nodes of the level before, which hold each context's parent (0: there is none).
    """
    arrays = (level.contexts, level.entries, level.counts)
    if any(array.ndim != 1 or not len(array) for array in arrays):
        return False
    if len(level.entries) != len(level.counts) or level.counts.min() < 1:
        return False
    if (np.diff(level.contexts) <= 0).any() or (np.diff(level.entries) <= 0).any():
        return False
    parents = level.contexts[[0, -1]] // level.vocab_size
    if not shorter:
        adopted = level.contexts.tolist() == [0]
    else:
        adopted = bool(0 <= parents[0] <= parents[1] < shorter)
    nodes = np.unique(level.entries // level.vocab_size)
    return adopted and np.array_equal(nodes, np.arange(len(level.contexts)))
