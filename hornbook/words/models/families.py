"""The families of models of words: a line each, in the order of the ladder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["FAMILIES"]

MODELS = "hornbook.words.models"
WORDS, RATE = 256, 0.05
"""Words in a batch at most, and the learning rate of one pair. The loss is a mean over the words of
a batch, so the rate is multiplied by their number: each pair moves vectors as in word2vec."""
PASSES, ENOUGH = 5, 2_000_000
"Passes over a text of so many words; of a smaller one more."
MOST = 40  # passes


def sized(words: int) -> Mapping[str, Any]:
    """How long to train, by the words of train.

    Subsampling leaves about half of them, so that a pass is shorter than it counts here. Of a small
    text batches are small: a word that stands in one many times moves by the sum of its gradients.
    """
    batch = min(WORDS, 2 ** max(4, round(math.log2(math.sqrt(words) / 2))))
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
    ),
}
