"""The baseline for every net: n-gram counts on the same data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from hornbook.tasks import Baseline
from hornbook.text.data import TextData
from hornbook.text.losses import mean_loss

__all__ = ["count_baseline"]

KNOWN: WeakKeyDictionary[TextData, Baseline] = WeakKeyDictionary()
"Several nets may be trained on the same data."
LIMIT = 5_000_000  # predictions; counting more than this for comparison would take too long


def count_baseline(data: TextData) -> Iterator[Baseline]:
    """What counting reaches on the same splits, with an order that suits dev.

    Nothing where that would take too long.
    """
    if data.sizes["train"] > LIMIT:
        return
    if data not in KNOWN:
        KNOWN[data] = counted(data)
    yield KNOWN[data]


def counted(data: TextData) -> Baseline:
    """What the best counts reach."""
    from hornbook.text.counting import best_counts
    from hornbook.text.models.ngram import NGram

    began = time.perf_counter()
    chosen = best_counts(data, smoothings=False)
    model = NGram(chosen.settings, data.shape).fit(data.stream("train"))
    measured = [name for name in ("dev", "test") if name in data.sizes]
    reached = {name: mean_loss(model, data.stream(name)) for name in measured}
    seconds = round(time.perf_counter() - began, 3)
    return Baseline(chosen.words, reached, seconds)
