"""The families of models of ratings and of clicks: a line each, in the order of the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.tasks import Family

__all__ = ["CLICKS", "RATINGS"]

MODELS = "hornbook.ratings.models"

# Steps suit a hundred thousand ratings: eight passes over them, of those below four to six. Rates
# are low, for Adam moves the rows of rare items as fast as those of frequent ones.
TABLES: Mapping[str, Any] = {
    "steps": 600,
    "batch_size": 1024,
    "learning_rate": 0.007,
    "schedule": "cosine",
}

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
        training=TABLES,
    ),
    "dot-bias": Family(
        f"{MODELS}.dot:DotBias",
        "the dot product with biases, squashed to the scale",
        training={**TABLES, "steps": 1250, "batch_size": 256, "learning_rate": 0.004},
    ),
    "embedding-net": Family(
        f"{MODELS}.embedding_net:EmbeddingNet",
        "a net on a user's vector and an item's",
        training={**TABLES, "steps": 1250, "batch_size": 256, "learning_rate": 0.004},
    ),
    "history": Family(
        f"{MODELS}.history:HistoryNet",
        "the dot product with what users have rated and who has rated an item",
        training={**TABLES, "steps": 780, "batch_size": 512, "learning_rate": 0.004},
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
        training={**TABLES, "steps": 500, "learning_rate": 0.015},
    ),
}
