"""The families of models of tables: a line each, in the order of the ladder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["FAMILIES"]

MODELS = "hornbook.tables.models"
FEWEST, MOST = 300, 20_000  # steps


def sized(passes: float, batch: int = 512) -> Callable[[int], Mapping[str, Any]]:
    """How long to train, and in which batches, by the number of rows of train.

    Args:
        passes: over 80,000 rows; of fewer rows more of them, by the root.
        batch: rows in a batch, at most a thirtieth of the data.
    """

    def found(rows: int) -> Mapping[str, Any]:
        size = min(batch, 2 ** max(4, round(math.log2(max(1, rows / 30)))))
        epochs = passes * max(1.0, (80_000 / rows) ** 0.5)
        steps = max(FEWEST, min(MOST, math.ceil(epochs * rows / min(size, rows))))
        return {"steps": steps, "batch_size": size}

    return found


USUAL: Mapping[str, Any] = {"learning_rate": 0.003, "schedule": "cosine"}

FAMILIES: Mapping[str, Family] = {
    "linear": Family(
        f"{MODELS}.linear:LinearModel",
        "linear or logistic regression",
        training={**USUAL, "learning_rate": 0.02},
        sized=sized(6),
    ),
    "mixed-input": Family(
        f"{MODELS}.mixed_input:MixedInput",
        "embeddings of categories beside numbers, then linear layers",
        training=USUAL,
        sized=sized(12),
    ),
    "tabm": Family(
        f"{MODELS}.tabm:TabM",
        "many nets in one (TabM) on embeddings of categories and of numbers",
        training={**USUAL, "learning_rate": 0.002},
        sized=sized(6),
    ),
}
