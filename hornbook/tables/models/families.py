"""The families of models of tables: a line each, in the order of the ladder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["FAMILIES"]

MODELS = "hornbook.tables.models"
USUAL_ROWS = 80_000
FULL_RATE = 10_000  # rows from which on tabm learns at its full rate
MOST = 20_000  # steps


def sized(
    passes: float, *, batch: int = 512, growth: float = 0.125, fewest: int = 300, rate: float = 0.0
) -> Callable[[int], Mapping[str, Any]]:
    """How long to train, and in which batches, by the number of rows of train.

    Args:
        passes: over 80,000 rows, or more.
        batch: rows in a batch, at most a thirtieth of the data.
        growth: of fewer rows so many times more passes: (80,000 / rows) to this power.
        fewest: steps.
        rate: learning rate for 10,000 rows or more; for fewer times the fourth root of their share
            of these, 0.4 at 300. 0: the family's own.
    """

    def found(rows: int) -> Mapping[str, Any]:
        size = min(batch, 2 ** max(4, round(math.log2(max(1, rows / 30)))))
        share = min(1.0, rows / USUAL_ROWS)
        steps = math.ceil(passes * share**-growth * rows / min(size, rows))
        made = {"steps": min(MOST, max(fewest, steps)), "batch_size": size}
        slower = min(1.0, rows / FULL_RATE) ** 0.25
        return {**made, "learning_rate": float(f"{rate * slower:.2g}")} if rate else made

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
        training=USUAL,
        sized=sized(8, growth=0.06, fewest=150, rate=0.006),
    ),
}
