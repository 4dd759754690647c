"""Language models by counting: the n-grams, and the bar that every net has to clear.

No gradient and no tensor library; the counts are in a trie of sorted arrays (`count_trie`), where
backing off to a shorter context is one step up.

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
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.settings import Bounds, Settings
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.count_trie import Level, find, growing, is_sound
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.models.reading import Reading
from hornbook.text.stream import ABSENT, Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["NGram", "NGramSettings"]


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


class NGram(LanguageModel):
    """An n-gram model of any order."""

    Settings = NGramSettings

    def __init__(self, settings: NGramSettings, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        # A text's first tokens are counted after as many tokens as stand before them, and measured
        # so: a start token that was never counted would have nothing after it.
        self.reading = Reading.windows(settings.order - 1, filled=False)
        self.memory = WindowMemory(settings.order - 1, vocabulary.start)
        self.levels: list[Level] = []

    def fit(self, stream: Stream) -> Self:
        """Count a stream.

        Raises:
            DataError: if that would take more memory than there is.
        """
        adjusted = self.settings.smoothing == "kneser-ney"
        for levels in growing(stream, self.vocabulary.size, self.settings.order, adjusted=adjusted):
            self.levels = levels
        return self

    @property
    def n_parameters(self) -> int:
        """Counts that are not zero, over all orders that are in use."""
        return sum(len(level.entries) for level in self.levels)

    def walk(self, contexts: Ids) -> tuple[list[Ids], npt.NDArray[np.bool_]]:
        """Look contexts up, from the last token backwards.

        Args:
            contexts: shape (N, T); ABSENT where nothing stands so far back.

        Returns:
            The node of each context at each level, -1 where it was never seen or the context
            begins later; and whether the whole context was seen, shape (N,).
        """
        node = np.zeros(len(contexts), dtype=np.int64)
        nodes, whole = [node], np.ones(len(contexts), dtype=bool)
        open_ = np.ones(len(contexts), dtype=bool)  # no boundary and no beginning was met so far
        for length in range(1, self.settings.order):
            older = contexts[:, -length]
            open_ = open_ & (older != ABSENT)
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
            # From the longest context down, so that each row of V numbers is written once: what a
            # level gives is multiplied by the mass that all longer ones have set free.
            left = np.ones(len(contexts))
            pairs = zip(self.levels, self.walk(contexts)[0], strict=False)
            for level, node in reversed([*pairs]):
                rows = np.flatnonzero(node >= 0)
                at, entries = level.spread(node[rows])
                p[rows[at], level.entries[entries] % v] += level.shares[entries] * left[rows[at]]
                left[rows] *= level.freed[node[rows]]
            p += (left / v)[:, None]
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
