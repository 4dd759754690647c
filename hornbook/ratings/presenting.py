"""What a run on ratings or clicks shows people: a sentence, recommendations, something to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hornbook.actions import Action
from hornbook.ratings.models.contract import tells
from hornbook.ratings.questions.ranking import Ranked, best_of
from hornbook.rendering import clip, many
from hornbook.reports import MarkedSample, Samples, Table

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Recommender
    from hornbook.runs import Run

__all__ = ["introduction", "next_steps", "preview", "recommendations", "shown"]

USERS = 4  # whose recommendations are shown
FAVOURITES, BEST = 3, 5  # items of each
LABEL = 40  # characters of a title


def introduction(run: Run) -> str:
    """What the model has learned, and from what, for a reader who does not know the field."""
    name, shape = run.record.data.name, run.data.shape
    counts = f"{many(shape.items, 'item')} by {many(shape.users, 'user')}"
    who = f"{shape.rows:,} {run.data.kind} of {counts}"
    if run.data.kind == "clicks":
        return (
            f"This model has learned from {who} ({name}) to guess what a user will turn to "
            "next: it puts all items in an order for each user."
        )
    return (
        f"This model has learned from {who} ({name}) to guess, for any user and any item, "
        "which rating the one would give to the other."
    )


def typical_users(data: RatingsData, n: int) -> list[int]:
    """Users with about the median number of rows in train, the first ones."""
    counts = data.history.counts
    some = np.flatnonzero(counts)
    apart = np.abs(counts[some] - np.median(counts[some]))
    return sorted(map(int, some[np.argsort(apart, kind="stable")[:n]]))


def favourites(data: RatingsData, user: int, n: int) -> list[str]:
    """Titles of what a user has given the highest values to."""
    items, values = data.history[user]
    order = np.argsort(-values, kind="stable")[:n]
    return [clip(data.title(item), LABEL) for item in map(int, items[order])]


def best_for(model: Recommender, data: RatingsData, user: int, n: int) -> list[Ranked]:
    """The items with the highest scores that a user has not rated in train."""
    taste = model.known(user)
    left_out = np.zeros(len(data.items), bool)
    left_out[data.history[user][0]] = True
    return best_of(data, np.asarray(taste.scores(), np.float64), n, left_out)


def preview(model: Any, data: RatingsData) -> Sequence[str]:
    """What one user would be recommended, while the model is trained."""
    user = typical_users(data, 1)[0]
    return [clip(one.title, LABEL) for one in best_for(model, data, user, FAVOURITES)]


def recommendations(run: Run) -> Samples | None:
    """What a few users would be recommended; None without the data."""
    data = run.data
    if not data.kept:
        return None
    users = typical_users(data, USERS)
    made = tuple(
        MarkedSample(
            f"{data.users[user]} ({'has' if data.kind == 'clicks' else 'rated highest'}: "
            + "; ".join(favourites(data, user, FAVOURITES))
            + ") → "
            + "; ".join(clip(one.title, LABEL) for one in best_for(run.model, data, user, BEST))
        )
        for user in users
    )
    about = (
        f"What the model recommends to {many(len(users), 'user')} with about the median number of "
        f"{data.kind}: after the arrow the {BEST} items with the highest predictions that they "
        "have not rated."
    )
    return Samples(about, made, title="What it recommends", one="recommended list")


def shown(run: Run) -> Sequence[str | Table]:
    """The same as a table."""
    data = run.data
    if not data.kept:
        return ()
    rows = tuple(
        (
            data.users[user],
            "; ".join(favourites(data, user, FAVOURITES)),
            "; ".join(
                clip(one.title, LABEL) for one in best_for(run.model, data, user, FAVOURITES)
            ),
        )
        for user in typical_users(data, USERS)
    )
    return (
        Table(
            ("user", "has" if data.kind == "clicks" else "rated highest", "recommended"),
            rows,
            left=3,
        ),
    )


def next_steps(run: Run) -> Sequence[Action]:
    """Recommend, explain, look for what is alike."""
    data, path = run.data, str(run.path)
    if not data.kept:
        return ()
    user = typical_users(data, 1)[0]
    item = int(data.raters.argmax())
    best = best_for(run.model, data, user, 1)
    steps = [Action("recommend", (path, data.users[user]))]
    if best:
        steps.append(Action("explain", (path, data.users[user], best[0].item)))
    if tells(run.model.item_vectors):
        steps.append(Action("similar", (path, data.items[item])))
    return steps
