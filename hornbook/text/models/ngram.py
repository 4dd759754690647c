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

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError, SettingsError
from hornbook.ranges import Choices, Range
from hornbook.settings import Bounds, Settings
from hornbook.text.models.conditioned_counts import ConditionedCounts, tokens_and_values
from hornbook.text.models.contract import Arrays, Floats, Ids, LanguageModel
from hornbook.text.models.count_trie import PARTS, PRUNED, Integers, Level, is_sound, of_keys
from hornbook.text.models.memory import WindowMemory
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.models.pruning import pruned
from hornbook.text.models.reading import Reading
from hornbook.text.models.trie_growth import growing
from hornbook.text.stream import ABSENT, Stream
from hornbook.tokenizers.contract import Vocabulary

__all__ = ["NGram", "NGramSettings"]

KEYS = ("contexts", "entries", "counts")
"Names of a level's arrays in older files."


@dataclass(frozen=True)
class NGramSettings(Settings):
    """Settings of the n-gram family."""

    order: Annotated[int, Bounds(1, 64), Range(2, 8)] = 6
    "Tokens in an n-gram: each is predicted from the order - 1 tokens before it."
    smoothing: Annotated[Literal["kneser-ney", "add", "mle"], Choices(("kneser-ney", "add"))] = (
        "kneser-ney"
    )
    """How counts become probabilities: modified Kneser-Ney smoothing; add, a constant added to
    every count; mle, relative frequencies without smoothing."""
    added: Annotated[float, Bounds(0, 1e9, above=True)] = 1.0
    "Constant added to every count (only with smoothing=add)."
    prune: Annotated[tuple[int, ...], Bounds(0, 10**9)] = (0,)
    """Leave out n-grams that occur at most so often, for each order from 1 on; the last number
    holds for all longer ones too (only with smoothing=kneser-ney). 0 0 1: those of three tokens and
    more that occur once. 0: none."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_unless(self.smoothing == "add", ("added",), "`smoothing=add`")
        self.refuse_unless(self.smoothing == "kneser-ney", ("prune",), "`smoothing=kneser-ney`")
        if self.prune[0]:
            raise SettingsError(
                f"`prune` begins with {self.prune[0]}: single tokens are never left out.",
                hint="Let it begin with 0; rare words become one unknown word with a larger "
                "`min_count`.",
                setting="prune",
            )
        if any(later < earlier for earlier, later in pairwise(self.prune)):
            raise SettingsError(
                f"`prune` falls: {' '.join(map(str, self.prune))}.",
                hint="No number may be below the one before it: a long n-gram needs its shorter "
                "ones.",
                setting="prune",
            )
        if len(self.prune) > self.order:
            raise SettingsError(
                f"`prune` has {len(self.prune)} numbers, for orders 1 to {len(self.prune)}, and "
                f"the order is {self.order}.",
                hint="Give at most one number for each order.",
                setting="prune",
            )


class NGram(LanguageModel):
    """An n-gram model of any order; where conditions are given, see `conditioned_counts`.

    Raises:
        SettingsError: if conditions are given to counts without smoothing.
    """

    Settings = NGramSettings

    def __init__(self, settings: NGramSettings, vocabulary: Vocabulary) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        if vocabulary.given and settings.smoothing == "mle":
            raise SettingsError(
                "`smoothing=mle` gives a context that the examples of a value never had no "
                "prediction, and conditions are given here.",
                hint="Set another `smoothing`, or train without `condition`.",
                setting="smoothing",
            )
        # A text's first tokens are counted after as many tokens as stand before them, and measured
        # so: a start token that was never counted would have nothing after it.
        # What is given stands with the newest token, so one is read even where none is looked at.
        window = max(1, settings.order - 1) if vocabulary.given else settings.order - 1
        self.reading = Reading.windows(window, filled=False)
        self.memory = WindowMemory(window, vocabulary.start)
        self.levels: list[Level] = []
        self.conditioned: ConditionedCounts | None = None
        if vocabulary.given:
            bare = replace(vocabulary, given=())
            self.conditioned = ConditionedCounts(vocabulary.given, lambda: NGram(settings, bare))

    def fit(self, stream: Stream) -> Self:
        """Count a stream.

        Raises:
            DataError: if that would take more memory than there is.
        """
        settings, v = self.settings, self.vocabulary.size
        times: list[Integers] | None = [] if any(settings.prune) else None
        adjusted = settings.smoothing == "kneser-ney"
        for levels in growing(stream, v, settings.order, adjusted=adjusted, times=times):
            self.levels = levels
        if times is not None:
            self.levels = pruned(self.levels, times, settings.prune)
        if self.conditioned is not None:
            self.conditioned.fit(stream)
        return self

    @property
    def fallbacks(self) -> tuple[int, ...]:
        """The orders whose discounts could not be estimated from the counts, and are fixed ones."""
        if self.settings.smoothing != "kneser-ney":
            return ()
        return tuple(n for n, level in enumerate(self.levels, 1) if not level.estimated)

    @property
    def loss_size(self) -> int:
        """A target is looked up in each order; no logits are made."""
        return self.settings.order

    @property
    def n_parameters(self) -> int:
        """Counts that are not zero, over all orders that are in use."""
        more = 0 if self.conditioned is None else self.conditioned.n_parameters
        return sum(len(level.tokens) for level in self.levels) + more

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
                longer = np.full(len(contexts), -1)
                longer[known] = self.levels[length].longer(node[known], older[known])
                node = longer
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
        if self.conditioned is None:
            return self.counted_probabilities(contexts)
        tokens, values = self.split(contexts)
        return self.conditioned.mixed(
            self.counted_probabilities(tokens),
            values,
            lambda part, rows: part.counted_probabilities(tokens[rows]),
        )

    def split(self, contexts: Ids) -> tuple[Ids, Ids]:
        """The tokens of contexts, shape (N, T), and the values given with them, shape (N, K)."""
        return tokens_and_values(contexts, self.vocabulary.size, self.vocabulary.given)

    def counted_probabilities(self, contexts: Ids) -> npt.NDArray[np.float64]:
        """`probabilities` by the counts of all examples, of contexts that are tokens alone."""
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
                shares = level.shares(entries, node[rows[at]])
                p[rows[at], level.tokens[entries]] += shares * left[rows[at]]
                left[rows] *= level.freed[node[rows]]
            p += (left / v)[:, None]
            return p
        for level, rows, node in self.deepest(contexts):
            at, entries = level.spread(node)
            p[rows[at], level.tokens[entries]] = level.counts[entries]
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
        if self.conditioned is None:
            p = self.target_probabilities(inputs, targets)
        else:
            tokens, values = self.split(inputs)
            p = self.conditioned.mixed(
                self.target_probabilities(tokens, targets),
                values,
                lambda part, rows: part.target_probabilities(tokens[rows], targets[rows]),
            )
        with np.errstate(divide="ignore"):
            losses: npt.NDArray[np.float64] = -np.log(p)
        return losses

    def target_probabilities(self, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """P(target | context) by the counts of all examples, of contexts that are tokens alone."""
        settings, v = self.settings, self.vocabulary.size
        if settings.smoothing == "kneser-ney":
            p = np.full(len(targets), 1 / v)
            for level, node in zip(self.levels, self.walk(inputs)[0], strict=False):
                rows = np.flatnonzero(node >= 0)
                entry = level.find(node[rows], targets[rows])
                p[rows] *= level.freed[node[rows]]
                seen = rows[entry >= 0]
                p[seen] += level.shares(entry[entry >= 0], node[seen])
        else:
            added = settings.added if settings.smoothing == "add" else 0.0
            p = np.full(len(targets), 1 / v if added else 0.0)
            for level, rows, node in self.deepest(inputs):
                entry = level.find(node, targets[rows])
                count = np.where(entry >= 0, level.counts[entry], 0)
                p[rows] = (count + added) / (level.totals[node] + added * v)
        return p

    @property
    def N(self) -> Ids:  # noqa: N802 - the lecture's name
        """The lecture's N, of an order 2 model: how often each token followed each other one.

        Computed again on each access, as it takes 8 V² bytes; `pair_counts` has the same in less.

        Returns:
            Integers, shape (V, V), [first, next]. Of lines id 0 is the boundary, the lecture's
            `.`, and the others are the characters in their order: `run.data.tokenizer`.

        Raises:
            SettingsError: if the order is not 2.
        """
        return self.pair_counts().matrix()

    @property
    def P(self) -> npt.NDArray[np.float64]:  # noqa: N802 - the lecture's name
        """The lecture's P, of an order 2 model: the probability of each token after each other one.

        It is what the model samples from, so it has the model's smoothing: with `smoothing=mle`
        N / N.sum(1, keepdims=True), with `smoothing=add` and `added=1` the same of N + 1.

        Returns:
            Shape (V, V), [first, next]; each row sums to 1. Under `mle` the row of a token that
            nothing ever followed is all zero.

        Raises:
            SettingsError: if the order is not 2.
        """
        self.refuse_other_orders()
        return self.probabilities(np.arange(self.vocabulary.size)[:, None])

    def pair_counts(self) -> PairCounts:
        """The lecture's counts of pairs N[before, after], of an order 2 model.

        Under Kneser-Ney too these are plain counts, since 2 is the highest order.

        Raises:
            SettingsError: if the order is not 2.
        """
        self.refuse_other_orders()
        level = self.levels[1]
        before = np.repeat(level.older, np.diff(level.offsets))
        pairs = (array.astype(np.int64) for array in (before, level.tokens, level.counts))
        return PairCounts(self.vocabulary.size, *pairs)

    def refuse_other_orders(self) -> None:
        """Refuse to tell of pairs if the model counts something else.

        Raises:
            SettingsError: if it does.
        """
        if self.settings.order != 2:
            raise SettingsError(
                f"Pairs are counted by a model of order 2; this one has order "
                f"{self.settings.order}.",
                hint="Train one with `order=2`.",
                setting="order",
            )

    def arrays(self) -> Arrays:
        """The tokens and counts of every level, and where those of each node begin."""
        found = {
            f"{name}.{length}": getattr(level, name)
            for length, level in enumerate(self.levels)
            for name in (PARTS if level.whole is None else PARTS + PRUNED)
        }
        return found if self.conditioned is None else found | self.conditioned.arrays()

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave, or gave when it had keys of 64 bits.

        Raises:
            RunError: if levels are missing or do not fit together.
        """
        if self.conditioned is not None:
            given = {n: array for n, array in arrays.items() if n.startswith(("shares.", "value."))}
            self.conditioned.load_arrays(given)
            arrays = {name: array for name, array in arrays.items() if name not in given}
        parts: tuple[str, ...] = KEYS if "entries.0" in arrays else PARTS
        if any(self.settings.prune):
            parts = PARTS + PRUNED
        lengths = range(len(arrays) // len(parts))
        whole = {f"{part}.{length}" for length in lengths for part in parts} == arrays.keys()
        levels: list[Level] = []
        shorter = 0
        for length in lengths if whole and len(lengths) <= self.settings.order else ():
            read = self.level({part: np.asarray(arrays[f"{part}.{length}"]) for part in parts},
                              shorter)  # fmt: skip
            if read is None:
                break
            levels.append(read)
            shorter = len(read.older)
        if not levels or len(levels) < len(lengths):
            raise RunError(
                "The n-gram counts are damaged, or belong to another run.",
                hint="Train the model again.",
            )
        self.levels = levels

    def level(self, arrays: Arrays, shorter: int) -> Level | None:
        """A level by its arrays; None if they are not one that fits to `shorter` nodes."""
        v = self.vocabulary.size
        if "entries" in arrays:
            contexts, entries, counts = (arrays[part].astype(np.int64) for part in KEYS)
            read = of_keys(contexts, entries, counts, shorter, v)
        else:
            read = Level(**arrays)
        return read if read is not None and is_sound(read, shorter, v) else None
