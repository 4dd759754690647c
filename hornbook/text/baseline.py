"""The baseline for every net: n-gram counts on the same data."""

from __future__ import annotations

import time
from collections.abc import Iterator

from hornbook.tasks import Baseline
from hornbook.text.data import TextData
from hornbook.text.losses import mean_loss

__all__ = ["count_baseline"]

LIMIT = 5_000_000  # predictions; counting more than this for comparison would take too long


def count_baseline(data: TextData) -> Iterator[Baseline]:
    """What counting reaches on the same splits, with the order that is best on dev.

    Nothing where that would take too long.
    """
    from hornbook.text.counting import best_counts
    from hornbook.text.models.ngram import NGram

    if data.sizes["train"] > LIMIT:
        return
    began = time.perf_counter()
    chosen = best_counts(data, smoothings=False)
    model = NGram(chosen.settings, data.shape).fit(data.stream("train"))
    measured = [name for name in ("dev", "test") if name in data.sizes]
    reached = {name: mean_loss(model, data.stream(name)) for name in measured}
    seconds = round(time.perf_counter() - began, 3)
    yield Baseline(chosen.words, reached, seconds)
