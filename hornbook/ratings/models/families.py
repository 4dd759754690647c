"""The families of models of ratings and of clicks: a line each, in the order of the ladder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["CLICKS", "RATINGS"]

MODELS = "hornbook.ratings.models"
LEAST = 100  # steps: of little data a pass is a step or two

# Rates are low, for Adam moves the rows of rare items as fast as those of frequent ones.
TABLES: Mapping[str, Any] = {"learning_rate": 0.004, "schedule": "cosine"}
ROWS = 80_000  # of train, for which help tells steps and batch


def sized(
    passes: float, *, batch: float = 1.0, fixed: int = 0, fewer: float = 0.25
) -> Callable[[int], Mapping[str, Any]]:
    """How long to train, and in which batches, by the number of rows of train.

    Batches grow with the root of the rows, and passes become fewer: measured with 5,000, 100,000
    and a million ratings (EXPERIMENTS.md).

    Args:
        passes: over 80,000 rows.
        batch: in the place of the root of the rows, this times it, as a power of two.
        fixed: rows in a batch, whatever the data.
        fewer: power of the data's size by which passes become fewer.
    """

    def found(rows: int) -> Mapping[str, Any]:
        size = fixed or 2 ** max(4, round(math.log2(batch * math.sqrt(rows))))
        steps = passes * (ROWS / rows) ** fewer * rows / min(size, rows)
        return {"steps": max(LEAST, math.ceil(steps)), "batch_size": size}

    return found


RATINGS: Mapping[str, Family] = {
    "mean": Family(f"{MODELS}.means:Mean", "the mean of all ratings", "fitting"),
    "means": Family(
        f"{MODELS}.means:Means", "means of users and items, shrunk to that of all", "fitting"
    ),
    "biases": Family(
        f"{MODELS}.means:Biases", "biases of users and items by ridge regression", "fitting"
    ),
    "knn": Family(
        f"{MODELS}.neighbours:KNN", "biases, and ratings of the most similar items", "fitting"
    ),
    "als": Family(
        f"{MODELS}.factors:ALS", "biases and vectors by alternating least squares", "fitting"
    ),
    "dot": Family(
        f"{MODELS}.dot:Dot",
        "the dot product of a user's vector and an item's",
        training={**TABLES, "learning_rate": 0.007},
        sized=sized(8, fixed=1024, fewer=0),
    ),
    "dot-bias": Family(
        f"{MODELS}.dot:DotBias",
        "the dot product with biases, squashed to the scale",
        training=TABLES,
        sized=sized(4),
    ),
    "embedding-net": Family(
        f"{MODELS}.embedding_net:EmbeddingNet",
        "a net on a user's vector and an item's",
        training=TABLES,
        sized=sized(4),
    ),
    "history": Family(
        f"{MODELS}.history:HistoryNet",
        "the dot product with what users have rated and who has rated an item",
        training=TABLES,
        sized=sized(5, batch=2),
    ),
}

CLICKS: Mapping[str, Family] = {
    "popular": Family(f"{MODELS}.popular:Popular", "the items that most users have", "fitting"),
    "item-knn": Family(f"{MODELS}.item_knn:ItemKNN", "the most similar items", "fitting"),
    "ease": Family(
        f"{MODELS}.ease:EASE", "each item from all others, in closed form (EASE)", "fitting"
    ),
    "implicit-als": Family(
        f"{MODELS}.factors:ImplicitALS", "vectors by weighted alternating least squares", "fitting"
    ),
    "bpr": Family(
        f"{MODELS}.bpr:Bpr",
        "a dot product trained to rank what was clicked above what was not",
        training={**TABLES, "learning_rate": 0.015},
        sized=sized(6.4, fixed=1024, fewer=0),
    ),
}
