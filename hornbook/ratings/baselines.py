"""What stands beside every net: means and neighbours, which need no training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from hornbook.ratings.evaluation import evaluate
from hornbook.tasks import Baseline

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.tasks import Task

__all__ = ["baselines"]

KNOWN: WeakKeyDictionary[RatingsData, list[Baseline]] = WeakKeyDictionary()
"Several nets may be trained on the same data."
NAMES = {
    "ratings": {"biases": "biases of users and items", "knn": "item neighbours"},
    "clicks": {"popular": "the most popular items", "item-knn": "item neighbours"},
}
NEIGHBOURS = frozenset({"knn", "item-knn"})
WORK = 3e9
"Sums up to which neighbours are a comparison: some 15 s, by the pace measured with 9,066 items."


def baselines(task: Task[Any], data: RatingsData) -> Iterator[Baseline]:
    """What the families of the ladder that are quick to fit reach on the same splits."""
    if data not in KNOWN:
        KNOWN[data] = [
            fitted(task, data, name, words)
            for name, words in NAMES[data.kind].items()
            if name not in NEIGHBOURS or work(data) <= WORK
        ]
    yield from KNOWN[data]


def work(data: RatingsData) -> float:
    """Sums that item neighbours take: over all pairs of items, and over all pairs of each user."""
    counts = data.history.counts.astype(np.float64)
    return 5.0 * len(data.items) ** 2 + 4.0 * float(counts @ counts)


def fitted(task: Task[Any], data: RatingsData, name: str, words: str) -> Baseline:
    """What one family reaches."""
    began = time.perf_counter()
    model = task.build(name, task.family(name).load().Settings(), data.shape)
    task.fit(model, data)
    measured = [split for split in ("dev", "test") if split in data.sizes]
    reached = {
        split: evaluate(model, data, split).as_dict()[task.decides.name] for split in measured
    }
    return Baseline(words, reached, round(time.perf_counter() - began, 3), name)
