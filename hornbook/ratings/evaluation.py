"""How good a model of users and items is: on a split in training, and in full afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hornbook.errors import DataError
from hornbook.ratings.data import RatingsData
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.measures import Errors, Ranking, rank, rating_errors
from hornbook.ratings.models.contract import Recommender
from hornbook.records import JSON
from hornbook.statistics import ends_of
from hornbook.tasks import Figures, Grouped

__all__ = ["ClickFigures", "RatingFigures", "errors_on", "evaluate", "grouped", "ranking_on",
           "report"]  # fmt: skip

K = 10  # items that are recommended where ranking is measured


@dataclass(frozen=True)
class RatingFigures:
    """Errors of predicted ratings on a split, and how all items are ranked by them."""

    errors: Errors
    ranking: Ranking | None = None
    "None on train, and where nobody has anything that could be recommended."

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        return {
            "rmse": self.errors.rmse,
            **ends_of(self.errors.interval(), "rmse"),
            "mse": self.errors.mse,
            "mae": self.errors.mae,
            **({} if self.ranking is None else ClickFigures(self.ranking).figures()),
            "ratings": int(self.errors.counts.sum()),
            "users": int((self.errors.counts > 0).sum()),
            "of_unseen_users": self.errors.unseen_users,
            "of_unseen_items": self.errors.unseen_items,
        }


@dataclass(frozen=True)
class ClickFigures:
    """How all items are ranked for the users of a split."""

    ranking: Ranking

    def figures(self) -> dict[str, JSON]:
        """The figures by name, without how many users they are of."""
        return {
            "ndcg": self.ranking.ndcg,
            **ends_of(self.ranking.interval(), "ndcg"),
            "recall": self.ranking.recall,
            "coverage": self.ranking.coverage,
        }

    def as_dict(self) -> dict[str, JSON]:
        """All figures by name."""
        return {**self.figures(), "users": len(self.ranking.users)}


def errors_on(model: Recommender, data: RatingsData, split: str, limit: int = 0) -> Errors:
    """The errors of a model of ratings on a split, or on about `limit` rows of it."""
    rows = some(data.splits[split], limit)
    items = np.zeros(len(data.items), bool)
    items[data.splits["train"].items] = True
    return rating_errors(model.predict, rows, len(data.users), (data.history.counts > 0, items))


def ranking_on(model: Recommender, data: RatingsData, split: str, limit: int = 0) -> Ranking:
    """How a model ranks all items for the users of a split, or for users of about `limit` rows.

    What a user has in train is not a candidate, but where train itself is measured.

    Raises:
        DataError: if no user of the split turned to anything that they do not have in train.
    """
    rows = data.splits[split]
    relevant = rows.by_user(len(data.users))
    users = np.flatnonzero(relevant.counts).astype(np.int32)
    if 0 < limit < len(rows):
        asked = max(1, len(users) * limit // len(rows))
        users = users[np.linspace(0, len(users) - 1, asked).astype(np.int64)]
    without = None if split == "train" else data.history
    try:
        return rank(model.scores, relevant, without, len(data.items), K, users)
    except ValueError as error:
        raise DataError(
            f"Ranking cannot be measured on {split}: no user has an item there that they do not "
            "have in train as well.",
            hint="Split the data in another way.",
        ) from error


def evaluate(model: Recommender, data: RatingsData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split: errors of ratings, or the ranking of clicks.

    Args:
        model: any that keeps the contract.
        data: that it was made for.
        split: by name.
        limit: measure about this many rows, evenly spread (0: all).

    Raises:
        DataError: if nothing can be ranked.
    """
    if data.kind == "ratings":
        errors = errors_on(model, data, split, limit)
        measures = {"rmse": errors.rmse, "mse": errors.mse, "mae": errors.mae}
        return Figures(measures=measures, predictions=int(errors.counts.sum()))
    ranking = ranking_on(model, data, split, limit)
    measures = {"ndcg": ranking.ndcg, "recall": ranking.recall, "coverage": ranking.coverage}
    return Figures(measures=measures, predictions=int(ranking.relevant.sum()))


def grouped(model: Recommender, data: RatingsData, split: str) -> Grouped:
    """The deciding figure by user.

    Raises:
        DataError: if nothing can be ranked.
    """
    if data.kind == "ratings":
        errors = errors_on(model, data, split)
        counts = errors.counts.astype(np.float64)
        return Grouped(errors.squares, counts, "users", root=True)
    ranked = ranking_on(model, data, split).by_user
    return Grouped(ranked, np.ones(len(ranked)), "users", most=1)


def report(model: Recommender, data: RatingsData) -> dict[str, RatingFigures | ClickFigures]:
    """All figures of a finished model with intervals over users, by split.

    Raises:
        DataError: if nothing can be ranked, or the data are not kept.
    """
    data.train  # noqa: B018 - asked, so that data that are gone are told
    if data.kind == "ratings":
        return {
            split: RatingFigures(errors_on(model, data, split), ranked(model, data, split))
            for split in data.splits
        }
    return {split: ClickFigures(ranking_on(model, data, split)) for split in data.splits}


def ranked(model: Recommender, data: RatingsData, split: str) -> Ranking | None:
    """How a model of ratings ranks all items for the users of a held-out split; None of others."""
    if split == "train":
        return None
    try:
        return ranking_on(model, data, split)
    except DataError:
        return None


def some(rows: Interactions, limit: int) -> Interactions:
    """About `limit` rows, evenly spread; all if it is 0 or there are no more."""
    if not 0 < limit < len(rows):
        return rows
    return rows.take(np.linspace(0, len(rows) - 1, limit).astype(np.int64))
