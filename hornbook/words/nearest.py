"""Words in the order of their likeness to a sum of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hornbook.records import JSONObject

if TYPE_CHECKING:
    from hornbook.words.data import WordsData
    from hornbook.words.models.contract import WordVectors

__all__ = ["Near", "nearest_to", "some_words"]

COMMON = 0.0005  # share of the text from which on a word is taken to be one of grammar


@dataclass(frozen=True)
class Near:
    """A word at its place."""

    word: str
    likeness: float
    "The cosine of its vector with what was asked."
    count: int
    "How often it stands in train."

    def as_dict(self) -> JSONObject:
        """All of it by name."""
        return {"word": self.word, "likeness": self.likeness, "count": self.count}


def nearest_to(
    model: WordVectors,
    data: WordsData,
    plus: Sequence[int],
    minus: Sequence[int] = (),
    n: int = 10,
    least: int = 0,
) -> list[Near]:
    """The words most like a sum of words, without these themselves.

    Args:
        model: with the vectors.
        data: that the words are of.
        plus: numbers of words that are added.
        minus: of words that are taken away.
        n: how many.
        least: how often a word must stand in train.
    """
    likeness = model.likeness(plus, minus)
    out = data.counts < least
    out[[*plus, *minus]] = True
    order = np.argsort(np.where(out, np.inf, -likeness), kind="stable")
    order = order[: min(n, len(order) - int(out.sum()))]
    return [Near(data.words[at], float(likeness[at]), int(data.counts[at])) for at in order]


def some_words(data: WordsData, n: int) -> list[int]:
    """The numbers of the most frequent words that mean something: not those of grammar.

    What is more than one in two thousand words of a text is nearly always of grammar; where that
    leaves too few, these are taken too.
    """
    order = np.arange(len(data.words))
    common = data.counts > COMMON * data.counts.sum()
    return [int(at) for at in [*order[~common], *order[common]][:n]]
