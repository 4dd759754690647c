"""Which token follows which how often: the pairs of some data, the most frequent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.rendering import many
from hornbook.settings import Bounds, Settings
from hornbook.tasks import Answer, Listed, Question
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.token_labels import sign
from hornbook.tokenizers.contract import Tokenizer

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["BigramsQuestion", "BigramsSettings", "Pair", "frequent_pairs"]


@dataclass(frozen=True)
class Pair:
    """A token and the one that follows it."""

    first: str
    "Its label; of the boundary token, which stands before and after each example, its name."
    next: str
    count: int
    share: float
    "Of all pairs that begin with the first: what an unsmoothed bigram model predicts."


def frequent_pairs(
    counts: PairCounts, tokenizer: Tokenizer, n: int, *, rarest: bool = False
) -> list[Pair]:
    """The most frequent pairs, or the rarest of those that occur; equals in the order of ids.

    Args:
        counts: of ids.
        tokenizer: that made them.
        n: how many, at most.
        rarest: whether the rarest come first.
    """
    order = np.argsort(counts.counts if rarest else -counts.counts, kind="stable")[:n]
    begun = np.bincount(counts.before, counts.counts, counts.vocab_size)
    return [
        Pair(
            sign(tokenizer, int(counts.before[at])),
            sign(tokenizer, int(counts.after[at])),
            int(counts.counts[at]),
            float(counts.counts[at] / begun[counts.before[at]]),
        )
        for at in order
    ]


@dataclass(frozen=True)
class BigramsSettings(Settings):
    """Pairs."""

    n: Annotated[int, Bounds(1, 10**9)] = 20
    "Number of pairs to show."
    rarest: bool = False
    "The rarest of the pairs that occur, instead of the most frequent."


class BigramsQuestion(Question):
    """The most frequent pairs of tokens."""

    description = (
        "Show the most frequent pairs of tokens in the train split of RUN.\n\n"
        "The share is of all pairs that begin with the same token. As matrices, of a run of "
        "n-grams of order 2: `run.model.N` and `run.model.P`."
    )
    examples = (
        Action("bigrams", ("runs/counts",)),
        Action("bigrams", ("runs/counts",), {"n": 5, "rarest": True}),
    )
    options = BigramsSettings

    def ask(self, run: Run, *given: BigramsSettings, **options: Any) -> list[Pair]:
        """The pairs: `run.bigrams(n=10)`.

        Raises:
            RunError: if the run is without its text, and its model does not hold the counts.
        """
        settings: BigramsSettings = self.settled(given, options)
        counts = counts_of(run)
        return frequent_pairs(counts, run.data.tokenizer, settings.n, rarest=settings.rarest)

    def answer(self, run: Run, options: BigramsSettings) -> Answer:
        """One table."""
        counts = counts_of(run)
        found = frequent_pairs(counts, run.data.tokenizer, options.n, rarest=options.rarest)
        said = f"{many(len(counts.counts), 'different pair')}, {counts.total:,} in all."
        return Listed(rows_of(found), (said,))


def counts_of(run: Run) -> PairCounts:
    """The counts of a run's pairs: its model's own, or those of its train split."""
    model = run.model
    if not (isinstance(model, NGram) and model.settings.order == 2):
        model = NGram(NGramSettings(order=2), run.data.shape).fit(run.data.stream("train"))
    return model.pair_counts()


def rows_of(found: Sequence[Pair]) -> list[JSONObject]:
    """Pairs by the names of their columns."""
    return [asdict(pair) for pair in found]
