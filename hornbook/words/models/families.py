"""The families of models of words: a line each, in the order of the ladder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hornbook.tasks import Family

if TYPE_CHECKING:
    from hornbook.words.models.contract import Shape

__all__ = ["FAMILIES"]

MODELS = "hornbook.words.models"
WORDS, RATE = 256, 0.05
"""Words in a batch at most, and the learning rate of one pair. The loss is a mean over the words of
a batch, so the rate is multiplied by their number: each pair moves vectors as in word2vec."""
PASSES, ENOUGH = 5, 2_000_000
"Passes over a text of so many words; of a smaller one more."
MOST = 40  # passes
OFTEN = 3.0
"""How often the commonest word may stand in a batch, about. It moves by the sum of the gradients of
all its pairs: of word2vec's steps, one after the other, each sees what the one before has done;
of a sum none does, and from about ten on it overshoots until nothing is finite."""


def shaped(shape: Shape) -> Mapping[str, Any]:
    """How long to train, by the words of train and the share of the commonest."""
    return sized(shape.tokens, OFTEN / shape.busiest if shape.busiest else WORDS)


def sized(words: int, most: float = WORDS) -> Mapping[str, Any]:
    """How long to train, by the words of train.

    Subsampling leaves about half of them, so that a pass is shorter than it counts here. Of a small
    text batches are small, as its words are few.

    Args:
        words: of train.
        most: words in a batch.
    """
    batch = min(WORDS, 2 ** max(4, round(math.log2(math.sqrt(words) / 2))))
    batch = min(batch, 2 ** max(0, math.floor(math.log2(most))))
    passes = min(MOST, max(PASSES, PASSES * ENOUGH / words))
    steps = max(100, math.ceil(passes * words / batch / 2))
    return {"steps": steps, "batch_size": batch, "learning_rate": RATE * batch}


FAMILIES: Mapping[str, Family] = {
    "ppmi": Family(
        f"{MODELS}.ppmi:PPMI",
        "counts of neighbours, as positive pointwise mutual information, by SVD",
        "counting",
    ),
    "skip-gram": Family(
        f"{MODELS}.skip_gram:SkipGram",
        "each word tells its neighbours from random words (word2vec)",
        training={"optimizer": "sgd", "schedule": "cosine"},
        sized=sized,
        shaped=shaped,
    ),
}
