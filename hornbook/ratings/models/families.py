"""The families of models of ratings and of clicks: a line each, in the order of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["CLICKS", "RATINGS"]

MODELS = "hornbook.ratings.models"

# About fifteen passes over a hundred thousand ratings; rates are low, for Adam moves the rows of
# rare items as fast as those of frequent ones.
TABLES: Mapping[str, Any] = {
    "steps": 600,
    "batch_size": 1024,
    "learning_rate": 0.007,
    "schedule": "cosine",
}

FITTED_RATINGS: Mapping[str, Family] = {}  # made in one pass over the data, simplest first
FITTED_CLICKS: Mapping[str, Family] = {}

RATINGS: Mapping[str, Family] = {
    **FITTED_RATINGS,
    "dot": Family(
        f"{MODELS}.dot:Dot",
        "the dot product of a user's vector and an item's",
        training=TABLES,
    ),
    "dot-bias": Family(
        f"{MODELS}.dot:DotBias",
        "the dot product with biases, squashed to the scale",
        training=TABLES,
    ),
    "embedding-net": Family(
        f"{MODELS}.embedding_net:EmbeddingNet",
        "a net on a user's vector and an item's",
        training={**TABLES, "steps": 3000, "batch_size": 128, "learning_rate": 0.001},
    ),
    "history": Family(
        f"{MODELS}.history:HistoryNet",
        "the dot product with what users have rated and who has rated an item",
        training={**TABLES, "steps": 250, "batch_size": 2048, "learning_rate": 0.004},
    ),
}

CLICKS: Mapping[str, Family] = {
    **FITTED_CLICKS,
    "bpr": Family(
        f"{MODELS}.bpr:Bpr",
        "a dot product trained to rank what was clicked above what was not",
        training={**TABLES, "steps": 400, "learning_rate": 0.01},
    ),
}
