"""Language models by counting: the n-grams, and the bar that every net has to clear.

No gradient and no tensor library; everything is sorted arrays. The contexts form a trie that grows
backwards in time, one level for each token further back:

    level 0    the empty context                       node 0
    level 1    the last token                         key = 0 * V + token
    level 2    the last two                            key = node at level 1 * V + older token

A level keeps the sorted keys of its contexts (a node is an index into them) and of its entries,
`node * V + next token`, with their counts. Looking a context up is one binary search a level, and
backing off is one step up the trie. A context never reaches past a boundary: `. e` at the start of
a name has nothing before it.

Three ways to turn counts c into probabilities, for a context h and the next token w:

    mle           c(hw) / c(h)
    add           (c(hw) + a) / (c(h) + a V)
    kneser-ney    (c(hw) - D(c)) / c(h) + g(h) P(w | h without its oldest token)

The last is interpolated modified Kneser-Ney (Chen and Goodman 1999, section 4.1.6): D has one value
each for counts of 1, 2 and more, estimated from counts of counts; g(h) is the mass that the
discounts set free; and below the highest order c(hw) is in how many different contexts hw was seen,
not how often. Where hw begins with a boundary nothing can stand before it, and it is counted as it
is (as Heafield's KenLM does). The lowest order is interpolated with the uniform distribution.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.compute.memory import available_memory
from hornbook.errors import DataError, RunError
from hornbook.settings import Bounds, Settings
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.models.reading import Reading
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["NGram", "NGramSettings"]

FALLBACK = (0.5, 1.0, 1.5)  # discounts where the counts of counts give none, as KenLM's


BYTES = 64  # of memory that counting takes for each token: the keys, their order, their ranks


@dataclass(frozen=True)
class NGramSettings(Settings):
    """Settings of the n-gram family."""

    order: Annotated[int, Bounds(1, 64)] = 6
    "Tokens in an n-gram: each is predicted from the order - 1 tokens before it."
    smoothing: Literal["kneser-ney", "add", "mle"] = "kneser-ney"
    """How counts become probabilities: modified Kneser-Ney smoothing; add, a constant added to
    every count; mle, relative frequencies without smoothing."""
    added: Annotated[float, Bounds(0, 1e9, above=True)] = 1.0
    "Constant added to every count (only with smoothing=add)."

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.smoothing == "add", ("added",), "`smoothing=add`")


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


class NGram(LanguageModel):
    """An n-gram model of any order."""

    Settings = NGramSettings

    def __init__(self, settings: NGramSettings, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.reading = Reading.windows(settings.order - 1)
        self.memory = WindowMemory(settings.order - 1, vocabulary.start)
        self.levels: list[Level] = []

    def fit(self, stream: Stream) -> Self:
        """Count a stream.

        Raises:
            DataError: if that would take more memory than there is.
        """
        refuse_beyond_memory(len(stream.ids))
        v, order = self.vocabulary.size, self.settings.order
        ids = stream.ids.astype(np.int64)
        places = np.arange(stream.first, len(ids))
        nodes = np.zeros(len(places), dtype=np.int64)
        contexts = np.zeros(1, dtype=np.int64)
        found: list[Level] = []
        for length in range(order):
            if length:
                reach = places - length >= stream.begins(places)
                if self.settings.smoothing == "kneser-ney":
                    shorter = found[-1]
                    held = nodes[~reach] * v + ids[places[~reach]]
                places, nodes = places[reach], nodes[reach]
                if not len(places):
                    break
                keys = nodes * v + ids[places - length]
                contexts, nodes = np.unique(keys, return_inverse=True)
            entries, counts = np.unique(nodes * v + ids[places], return_counts=True)
            if length and self.settings.smoothing == "kneser-ney":
                # hw of the shorter level: in how many longer contexts it was seen, and how often
                # where nothing can stand before it.
                parents = contexts[entries // v] // v * v + entries % v
                seen = np.concatenate([parents, held])
                # Every entry of the shorter level is seen at least once, so none is lost.
                where = np.searchsorted(shorter.entries, seen)
                adjusted = np.bincount(where, minlength=len(shorter.entries))
                found[-1] = Level(v, shorter.contexts, shorter.entries, adjusted)
            found.append(Level(v, contexts, entries, counts))
        self.levels = found
        return self

    @property
    def n_parameters(self) -> int:
        """Counts that are not zero, over all orders that are in use."""
        return sum(len(level.entries) for level in self.levels)

    def walk(self, contexts: Ids) -> tuple[list[Ids], npt.NDArray[np.bool_]]:
        """Look contexts up, from the last token backwards.

        Args:
            contexts: shape (N, T).

        Returns:
            The node of each context at each level, -1 where it was never seen or the context
            begins later; and whether the whole context was seen, shape (N,).
        """
        node = np.zeros(len(contexts), dtype=np.int64)
        nodes, whole = [node], np.ones(len(contexts), dtype=bool)
        open_ = np.ones(len(contexts), dtype=bool)  # no boundary was met so far
        for length in range(1, self.settings.order):
            older = contexts[:, -length]
            known = open_ & (node >= 0)
            if length < len(self.levels):
                keys = self.levels[length].contexts
                node = np.where(known, find(keys, node * self.vocabulary.size + older), -1)
            else:
                node = np.full(len(contexts), -1)
            whole &= ~open_ | (node >= 0)
            nodes.append(node)
            if self.vocabulary.boundary is not None:
                open_ = open_ & (older != self.vocabulary.boundary)
        return nodes, whole

    def deepest(self, contexts: Ids) -> list[tuple[Level, Ids, Ids]]:
        """Whole contexts, as (level, rows, nodes) of each level where some end."""
        nodes, whole = self.walk(contexts)
        rows = np.arange(len(contexts))
        depth = np.zeros(len(contexts), dtype=np.int64)
        for length, node in enumerate(nodes):
            depth[node >= 0] = length
        ends = []
        for length, level in enumerate(self.levels):
            mine = rows[whole & (depth == length)]
            if len(mine):
                ends.append((level, mine, nodes[length][mine]))
        return ends

    def probabilities(self, contexts: Ids) -> npt.NDArray[np.float64]:
        """P(. | context) for contexts of shape (N, T): shape (N, V).

        Under `mle` a context that was never seen has no distribution: its row is all zero.
        """
        v, settings = self.vocabulary.size, self.settings
        p = np.zeros((len(contexts), v))
        if settings.smoothing == "kneser-ney":
            p += 1 / v
            for level, node in zip(self.levels, self.walk(contexts)[0], strict=False):
                rows = np.flatnonzero(node >= 0)
                p[rows] *= level.freed[node[rows], None]
                at, entries = level.spread(node[rows])
                p[rows[at], level.entries[entries] % v] += level.shares[entries]
            return p
        for level, rows, node in self.deepest(contexts):
            at, entries = level.spread(node)
            p[rows[at], level.entries[entries] % v] = level.counts[entries]
        if settings.smoothing == "add":
            p += settings.added
        sums = p.sum(axis=1, keepdims=True)
        np.divide(p, sums, out=p, where=sums > 0)
        return p

    def next_logits(self, contexts: Ids) -> Floats:
        """ln P of every next token; -inf where it is impossible."""
        with np.errstate(divide="ignore"):
            logits: Floats = np.log(self.probabilities(contexts))
        return logits

    def token_losses(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """-ln P(target | context), by looking up the targets alone."""
        settings, v = self.settings, self.vocabulary.size
        if settings.smoothing == "kneser-ney":
            p = np.full(len(targets), 1 / v)
            for level, node in zip(self.levels, self.walk(inputs)[0], strict=False):
                rows = np.flatnonzero(node >= 0)
                entry = level.find(node[rows], targets[rows])
                share = np.where(entry >= 0, level.shares[entry], 0.0)
                p[rows] = share + level.freed[node[rows]] * p[rows]
        else:
            added = settings.added if settings.smoothing == "add" else 0.0
            p = np.full(len(targets), 1 / v if added else 0.0)
            for level, rows, node in self.deepest(inputs):
                entry = level.find(node, targets[rows])
                count = np.where(entry >= 0, level.counts[entry], 0)
                p[rows] = (count + added) / (level.totals[node] + added * v)
        with np.errstate(divide="ignore"):
            losses: npt.NDArray[np.float64] = -np.log(p)
        return losses

    def pair_counts(self) -> PairCounts:
        """The lecture's counts of pairs N[before, after], of an order 2 model.

        Under Kneser-Ney too these are plain counts, since 2 is the highest order.
        """
        if self.settings.order != 2:
            raise ValueError(f"pair_counts requires order 2; this is order {self.settings.order}")
        v, level = self.vocabulary.size, self.levels[1]
        before, after = level.contexts[level.entries // v], level.entries % v
        return PairCounts(v, before, after, level.counts)

    def arrays(self) -> Arrays:
        """The keys and counts of every level."""
        return {
            f"{name}.{length}": getattr(level, name)
            for length, level in enumerate(self.levels)
            for name in ("contexts", "entries", "counts")
        }

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if levels are missing or do not fit together.
        """
        v, parts = self.vocabulary.size, ("contexts", "entries", "counts")
        lengths = range(len(arrays) // 3)
        sound = {f"{part}.{length}" for length in lengths for part in parts} == arrays.keys()
        sound = sound and 0 < len(lengths) <= self.settings.order
        levels: list[Level] = []
        shorter = 1
        for length in lengths if sound else ():
            contexts, entries, counts = (
                np.asarray(arrays[f"{part}.{length}"], dtype=np.int64) for part in parts
            )
            level = Level(v, contexts, entries, counts)
            sound = sound and is_sound(level, shorter if length else 0)
            levels.append(level)
            shorter = len(levels[-1].contexts)
        if not sound:
            raise RunError(
                "The n-gram counts are damaged, or belong to another run.",
                hint="Train the model again.",
            )
        self.levels = levels


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
