"""How good vectors of words are: do they tell what stands near a word in a text not seen before?

Of each word of a split one neighbour is taken, and beside it a random word, drawn as often as words
occur. The share of pairs in which the neighbour comes out closer is the area under the ROC curve:
0.5 is a coin toss. Unlike the loss of skip-gram it is the same question to every model and every
setting, and unlike lists of alike words it can be asked of any text in any language.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON
from hornbook.statistics import ends_of, ratio_interval
from hornbook.tasks import Figures
from hornbook.words.batches import windows
from hornbook.words.data import WordsData
from hornbook.words.models.contract import WordVectors
from hornbook.words.thinning import SAMPLE, kept_shares

__all__ = ["SAMPLE", "WINDOW", "WordFigures", "evaluate", "report", "won"]

WINDOW = 5
"Of the question: the same for all models, as is how much words count that are very frequent."
SEED, AT_ONCE = 0, 8_192

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WordFigures:
    """What was measured of a model on a split."""

    right: Floats
    "Weight of the pairs whose neighbour came out closer, by passage; half of it for ties."
    weights: Floats
    "Of all pairs, by passage."
    pairs: int

    @property
    def neighbours(self) -> float:
        """The share of pairs whose neighbour came out closer."""
        return float(self.right.sum() / self.weights.sum())

    def as_dict(self) -> dict[str, JSON]:
        """All of it by name, with an interval over passages."""
        some = self.weights > 0
        interval = ratio_interval(self.right[some], self.weights[some], most=1)
        return {
            "neighbours": self.neighbours,
            **ends_of(interval, "neighbours"),
            "pairs": self.pairs,
        }


def won(model: WordVectors, data: WordsData, split: str, limit: int = 0) -> WordFigures:
    """Ask of the words of a split, or of about `limit` of them, which of two stands near."""
    text = data.splits[split]
    random = np.random.default_rng(SEED)
    kept = kept_shares(data.counts, SAMPLE)
    frequent = np.cumsum(kept * data.counts)
    places = np.arange(len(text))
    if 0 < limit < len(text):
        places = np.linspace(0, len(text) - 1, limit).astype(np.int64)
    right, weights = (np.zeros(len(text.lengths)) for _ in range(2))
    pairs = 0
    for start in range(0, len(places), AT_ONCE):
        at = places[start : start + AT_ONCE]
        words, near = text.ids[at], one_of(windows(text, at, WINDOW), random)
        found = np.searchsorted(frequent, random.random(len(at)) * frequent[-1])
        drawn = found.clip(max=len(frequent) - 1).astype(np.int32)
        asked = (near >= 0) & (near != drawn)
        at, words, near, drawn = (one[asked] for one in (at, words, near, drawn))
        apart = model.closeness(words, near) - model.closeness(words, drawn)
        weight = kept[words] * kept[near]
        of = text.places[at]
        right += np.bincount(of, weight * ((apart > 0) + 0.5 * (apart == 0)), len(right))
        weights += np.bincount(of, weight, len(right))
        pairs += len(at)
    if not pairs:  # each passage has a single word: nothing can be told
        right, weights = np.full(1, 0.5), np.ones(1)
    return WordFigures(right, weights, pairs)


def one_of(near: npt.NDArray[np.int32], random: np.random.Generator) -> npt.NDArray[np.int32]:
    """One of the neighbours of each word by chance; -1 where it has none, shape (N,)."""
    drawn = random.random(near.shape)
    drawn[near < 0] = -1
    chosen: npt.NDArray[np.int32] = near[np.arange(len(near)), drawn.argmax(1)]
    return chosen


def evaluate(model: WordVectors, data: WordsData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split.

    Args:
        model: any that keeps the contract.
        data: that it was made for.
        split: by name.
        limit: ask of about this many words, evenly spread (0: of all).
    """
    figures = won(model, data, split, limit)
    asked = min(limit or len(data.splits[split]), len(data.splits[split]))
    return Figures(measures={"neighbours": figures.neighbours}, predictions=asked)


def report(model: WordVectors, data: WordsData) -> dict[str, WordFigures]:
    """All figures of a finished model, by split.

    Raises:
        DataError: if the data are not kept.
    """
    data.train  # noqa: B018 - asked, so that data that are gone are told
    return {split: won(model, data, split) for split in data.splits}
