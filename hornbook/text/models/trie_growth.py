"""Counting: from a stream to the levels of the trie, in memory that its size does not set.

The places of all predictions are kept sorted by their contexts, so those of a node stand together.
A level is made of the one before in three passes, each over some nodes at a time:

    refine    within a node the places are sorted by the token one further back: each different
              one is a node of the new level
    tally     within a new node the tokens that follow are sorted and counted: its entries
    adjust    for Kneser-Ney the entries of the level before are counted again: in how many longer
              contexts each was seen

A node with more places than are sorted at a time, such as the empty context, is first dealt out by
the token further back, and its entries are counted in an array of the vocabulary's size. From
SPILLED tokens on the arrays are kept in files (`spilled`); of what memory is needed beyond them
only the ids grow with the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError
from hornbook.text.models.contract import Ids
from hornbook.text.models.count_trie import Integers, Level, stretches
from hornbook.text.models.spilled import Column, room, smallest
from hornbook.text.stream import Stream

__all__ = ["growing"]

SORTED = 2**21  # places that are sorted at a time
SPILLED = 2**23  # tokens, from which on arrays are kept in files
BYTES = 48  # of memory that a token takes where all is in memory: its place, nodes and entries
LEAST = 2**29  # bytes of memory that suffice where it is in files, beside the ids


@dataclass(frozen=True)
class Grown:
    """What a level is made of, as far as the next one needs it."""

    places: Integers
    "Of the predictions, by their nodes."
    bounds: Integers
    "Where the places of each node begin, and the end of the last, shape (nodes + 1,)."
    older: Integers
    begins: Integers
    held: tuple[Integers, Integers]
    "Nodes and next tokens of the level before that nothing can stand before."


@dataclass(frozen=True)
class Growth:
    """The counting of one stream."""

    stream: Stream
    v: int

    @property
    def spilled(self) -> bool:
        """Whether arrays are kept in files."""
        return len(self.stream.ids) >= SPILLED

    def column(self, *, of_tokens: bool = False) -> Column:
        """An array to be made: of tokens, or of what there can be as much as tokens of."""
        most = self.v if of_tokens else len(self.stream.ids)
        return Column(smallest(most), spilled=self.spilled)

    def root(self) -> Grown:
        """The empty context: its places are all."""
        size, count = len(self.stream.ids), len(self.stream)
        places = room(count, smallest(size), spilled=self.spilled)
        for at in range(0, count, SORTED):
            last = min(at + SORTED, count)
            places[at:last] = np.arange(self.stream.first + at, self.stream.first + last)
        bounds, nothing = np.array([0, count]), np.empty(0, dtype=np.int64)
        root = np.zeros(1, dtype=smallest(self.v))
        return Grown(places, bounds, root, np.array([0, 1], np.uint8), (nothing, nothing))

    def tally(self, places: Integers, bounds: Integers) -> tuple[Integers, Integers, Integers]:
        """The entries of every node: next tokens, where those of each node begin, counts."""
        tokens, offsets, counts = self.column(of_tokens=True), self.column(), self.column()
        offsets.append(np.zeros(1, dtype=np.int64))
        for first, last in stretches(bounds, SORTED):
            ends = bounds[first : last + 1].astype(np.int64)
            if ends[-1] - ends[0] > SORTED:
                seen = self.counted(places, int(ends[0]), int(ends[1]))
                found = np.flatnonzero(seen)
                times, lengths = seen[found], np.array([len(found)])
            else:
                here = places[ends[0] : ends[-1]]
                keys = np.repeat(np.arange(last - first) * self.v, np.diff(ends))
                keys += self.stream.ids[here]
                keys.sort()
                found, times = runs(keys)
                lengths = np.bincount(found // self.v, minlength=last - first)
            offsets.append(tokens.length + np.cumsum(lengths))
            tokens.append(found % self.v)
            counts.append(times)
        return tokens.array(), offsets.array(), counts.array()

    def counted(self, places: Integers, first: int, last: int, back: int = 0) -> Ids:
        """How often each token stands so far before some of the places, shape (V,)."""
        seen = np.zeros(self.v, dtype=np.int64)
        for at in range(first, last, SORTED):
            here = places[at : min(at + SORTED, last)].astype(np.int64) - back
            seen += np.bincount(self.stream.ids[here], minlength=self.v)
        return seen

    def refine(self, grown: Grown, length: int) -> Grown:
        """The contexts one token longer; the places are sorted where they are."""
        places, kept = grown.places, 0
        bounds, older = self.column(), self.column(of_tokens=True)
        begins, held = self.column(), (self.column(), self.column(of_tokens=True))
        for column in (bounds, begins):
            column.append(np.zeros(1, dtype=np.int64))
        for first, last in stretches(grown.bounds, SORTED):
            ends = grown.bounds[first : last + 1].astype(np.int64)
            large = ends[-1] - ends[0] > SORTED
            here = places[ends[0] : ends[-1]]
            nodes = np.repeat(np.arange(last - first), np.diff(ends)) if not large else None
            reach = self.reach(here, nodes, grown.older[first:last], length)
            if not reach.all():
                out = here[~reach]
                held[0].append(first + (nodes[~reach] if nodes is not None else 0 * out))
                held[1].append(self.stream.ids[out])
                here, nodes = here[reach], None if nodes is None else nodes[reach]
            if nodes is None:
                lengths = self.deal(here, length)
                found = np.flatnonzero(lengths)
                lengths = lengths[found]
            else:
                keys = nodes * self.v + self.stream.ids[here.astype(np.int64) - length]
                here, found, lengths = sorted_by(keys, here)
            places[kept : kept + len(here)] = here
            bounds.append(kept + np.cumsum(lengths))
            kept += len(here)
            counts = np.bincount(found // self.v, minlength=last - first)
            begins.append(older.length + np.cumsum(counts))
            older.append(found % self.v)
        made = (column.array() for column in (bounds, older, begins, *held))
        new_bounds, new_older, new_begins, nodes_held, tokens_held = made
        return Grown(places[:kept], new_bounds, new_older, new_begins, (nodes_held, tokens_held))

    def reach(
        self, here: Integers, nodes: Ids | None, older: Integers, length: int
    ) -> npt.NDArray[np.bool_]:
        """Which places have a token so far back: none where the context begins with a boundary."""
        inside = here >= length
        if length > 1 and self.stream.boundary is not None:
            open_ = older != self.stream.boundary
            inside &= open_[0] if nodes is None else open_[nodes]
        return inside

    def deal(self, here: Integers, length: int) -> Ids:
        """Sort many places of one node by the token so far back, some at a time, in their array.

        Returns:
            How many places there are for each token, shape (V,).
        """
        lengths = self.counted(here, 0, len(here), length)
        ends = np.cumsum(lengths) - lengths
        dealt = room(len(here), here.dtype, spilled=self.spilled)
        for at in range(0, len(here), SORTED):
            some = here[at : at + SORTED]
            some, found, times = sorted_by(
                self.stream.ids[some.astype(np.int64) - length].astype(np.int64), some
            )
            inside = np.arange(len(some)) - np.repeat(np.cumsum(times) - times, times)
            dealt[np.repeat(ends[found], times) + inside] = some
            ends[found] += times
        here[:] = dealt
        return lengths

    def adjust(self, level: Level, longer: Level, held: tuple[Integers, Integers]) -> Level:
        """Count the entries of a level by the longer contexts in which each was seen.

        Where nothing can stand before one it is counted as it is. Every entry is seen at least
        once, so what is sorted has the entries in their order.
        """
        counts = self.column()
        seen = longer.offsets[longer.begins]  # where the entries above each node begin
        for first, last in stretches(seen, SORTED):
            ends = seen[first : last + 1].astype(np.int64)
            alone = np.searchsorted(held[0], np.array([first, last], dtype=held[0].dtype))
            inside = slice(*alone)
            if ends[-1] - ends[0] > SORTED:
                dense = np.bincount(held[1][inside], minlength=self.v)
                for at in range(ends[0], ends[-1], SORTED):
                    some = longer.tokens[at : min(at + SORTED, ends[-1])]
                    dense += np.bincount(some, minlength=self.v)
                counts.append(dense[level.tokens[slice(*level.offsets[[first, last]])]])
                continue
            keys = np.repeat(np.arange(last - first) * self.v, np.diff(ends))
            keys += longer.tokens[ends[0] : ends[-1]]
            more = (held[0][inside].astype(np.int64) - first) * self.v + held[1][inside]
            keys = np.concatenate([keys, more])
            keys.sort()
            counts.append(runs(keys)[1])
        return replace(level, counts=counts.array())


def growing(
    stream: Stream,
    v: int,
    order: int,
    *,
    adjusted: bool,
    times: list[Integers] | None = None,
) -> Iterator[list[Level]]:
    """Count a stream with longer and longer contexts.

    Args:
        stream: of ids.
        v: size of the vocabulary.
        order: tokens in the longest n-gram.
        adjusted: whether the shorter levels count in how many different contexts an entry was
            seen, as Kneser-Ney wants it, and not how often.
        times: is given how often each entry of each level occurs.

    Yields:
        The levels of order 1, 2, …: each is whole, and shares arrays with the one before. Fewer
        than `order` if no context is so long.

    Raises:
        DataError: if counting would take more memory than there is, or the disk is full.
    """
    refuse_beyond_memory(len(stream.ids))
    growth = Growth(stream, v)
    grown = growth.root()
    found: list[Level] = []
    for length in range(order):
        if length:
            grown = growth.refine(grown, length)
            if not len(grown.places):
                return
        level = Level(grown.older, grown.begins, *growth.tally(grown.places, grown.bounds))
        if times is not None:
            times.append(level.counts)
        if length and adjusted:
            found = [*found[:-1], growth.adjust(found[-1], level, grown.held)]
        found = [*found, level]
        yield found


def runs(keys: Ids) -> tuple[Ids, Ids]:
    """The different ones of sorted keys, and how often each occurs."""
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[begins], np.diff(begins, append=len(keys))


def sorted_by(keys: Ids, values: Integers) -> tuple[Integers, Ids, Ids]:
    """Values in the order of their keys, as they were where keys are equal; and the keys' runs.

    Keys and places are sorted as one number where both fit: much faster than sorting places by
    their keys.
    """
    bits = max(1, len(keys)).bit_length()
    if int(keys.max(initial=0)).bit_length() + bits < 64:
        both = (keys << bits) | np.arange(len(keys))
        both.sort()
        order, keys = both & ((1 << bits) - 1), both >> bits
    else:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    return values[order], *runs(keys)


def refuse_beyond_memory(tokens: int) -> None:
    """Refuse to count more tokens than there is memory for, before it is taken.

    Raises:
        DataError: if there is not enough.
    """
    needed, there = BYTES * tokens, available_memory()
    if tokens >= SPILLED:
        needed = LEAST
    if there is not None and needed > there:
        raise DataError(
            f"Counting {tokens:,} tokens takes about {needed / 1e9:.1f} GB of memory; "
            f"{there / 1e9:.1f} GB are available.",
            hint="Train on a part of the file, or train a net: it needs much less.",
        )
