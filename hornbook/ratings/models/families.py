"""The families of models of ratings and of clicks, from the simplest on."""

from __future__ import annotations

from hornbook.tasks import Family

__all__ = ["CLICKS", "RATINGS"]

HOME = "hornbook.ratings.models"

RATINGS = {
    "mean": Family(f"{HOME}.means:Mean", "the mean of all ratings", "fitting"),
    "means": Family(
        f"{HOME}.means:Means", "means of users and items, shrunk to that of all", "fitting"
    ),
    "biases": Family(
        f"{HOME}.means:Biases", "biases of users and items by ridge regression", "fitting"
    ),
    "knn": Family(
        f"{HOME}.neighbours:KNN", "item neighbours by correlation, beside biases", "fitting"
    ),
    "als": Family(
        f"{HOME}.factors:ALS", "biases and vectors by alternating least squares", "fitting"
    ),
    "dot": Family(f"{HOME}.dot:Dot", "the product of a user's and an item's vector"),
    "dot-bias": Family(
        f"{HOME}.dot:DotBias", "vectors and biases, stretched to the scale (EmbeddingDotBias)"
    ),
    "embedding-net": Family(
        f"{HOME}.embedding_net:EmbeddingNet", "the lesson's net on a user's and an item's vector"
    ),
    "history": Family(
        f"{HOME}.history:HistoryNet", "vectors that know who has rated what (SVD++, both sides)"
    ),
}
CLICKS = {
    "popular": Family(f"{HOME}.popular:Popular", "the items that most users have", "fitting"),
    "item-knn": Family(f"{HOME}.item_knn:ItemKNN", "item neighbours by cosine", "fitting"),
    "ease": Family(
        f"{HOME}.ease:EASE", "each item from all others, in closed form (EASE)", "fitting"
    ),
    "implicit-als": Family(
        f"{HOME}.factors:ImplicitALS", "vectors by weighted alternating least squares", "fitting"
    ),
}
