"""What counting reaches on the same data: the bar that a net has to clear."""

from __future__ import annotations

import time
from typing import Any

from hornbook.text.losses import mean_loss
from hornbook.text.stream import Stream
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["count_baseline"]

ORDER = 6
LIMIT = 5_000_000  # predictions; counting more than this for comparison would take too long


def count_baseline(streams: dict[str, Stream], tokenizer: Tokenizer) -> dict[str, Any] | None:
    """What counting reaches on the same splits; None where that would take too long."""
    from hornbook.text.models.ngram import NGram, NGramSettings

    if len(streams["train"]) > LIMIT:
        return None
    began = time.perf_counter()
    model = NGram(NGramSettings(order=ORDER), tokenizer.vocabulary).fit(streams["train"])
    losses = {name: mean_loss(model, streams[name]) for name in ("dev",) if name in streams}
    return {
        "order": ORDER,
        "losses": losses,
        "seconds": round(time.perf_counter() - began, 3),
    }
