"""The question for the best items for a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.ratings.questions.ranking import Ranked, RankedItems, best_of, nothing_left
from hornbook.ratings.questions.who import GuestSettings, Who, who
from hornbook.settings import Bounds, Given
from hornbook.tasks import Question

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["RecommendQuestion", "RecommendSettings", "recommended"]


@dataclass(frozen=True)
class RecommendSettings(GuestSettings):
    """For whom, and how many."""

    user: Annotated[str | None, Given("USER")] = None
    "Id of a user, as in the data; leave it out for a new user."
    n: Annotated[int, Bounds(1, 100_000)] = 10
    "Number of items."
    also_rated: bool = False
    "Also recommend what the user has rated already."
    rated_by: Annotated[int, Bounds(0, 10**9)] = 0
    "Only items that at least so many users have rated."


class RecommendQuestion(Question):
    """The best items for a user."""

    description = (
        "Recommend items to USER: those with the highest prediction that the user has not rated.\n"
        "\n"
        "Beside each item stand the user's own ratings that speak for it most. For someone who is "
        "not in the data, give a few titles, or a file with a rating for each; the model takes "
        "them in without training."
    )
    examples = (
        Action("recommend", ("runs/films", "42")),
        Action("recommend", ("runs/films",), {"likes": ("toy story", "finding nemo")}),
    )
    options = RecommendSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> list[Ranked]:
        """The items: `run.recommend("42", n=5)` or `run.recommend(likes=["Alien"])`.

        Raises:
            SettingsError: if it is not clear for whom.
            DataError: if a title fits no item, or several.
        """
        if [*map(type, given)] in ([str], [int]):
            options, given = {"user": str(next(iter(given))), **options}, ()
        settings = self.settled(given, options)
        return recommended(run, settings)[1]

    def answer(self, run: Run, options: RecommendSettings) -> RankedItems:
        """The items, as one table."""
        found, ranked = recommended(run, options)
        remarks: list[str | Action] = [*found.remarks]
        if not ranked:
            remarks.append(
                nothing_left(run.data, options.rated_by, "The user has rated all of it.")
            )
        elif found.taste.items.size:
            whom: tuple[str, ...] = () if options.user is None else (options.user,)
            more = {"likes": options.likes, "rated": options.rated}
            remarks.append(
                Action(
                    "explain",
                    (str(run.path), *whom, ranked[0].item),
                    {name: value for name, value in more.items() if value},
                )
            )
            if options.given and run.model.rates:
                remarks.append(
                    "This model predicts ratings: what stands first is what most rate highly, bent "
                    "a little by taste. For what suits a taste, train a family that ranks, such as "
                    "`model=ease`."
                )
        return RankedItems(ranked, remarks, rates=run.model.rates)


def recommended(run: Run, settings: RecommendSettings) -> tuple[Who, list[Ranked]]:
    """Whom it is about, and the items, best first."""
    model, data = run.model, run.data
    found = who(model, data, settings.user, settings, "recommend")
    scores = np.asarray(found.taste.scores(), np.float64)
    if not (model.rates or found.taste.items.size):
        scores = data.raters.astype(np.float64)  # of whom nothing is known, what most have
    left_out = np.zeros(len(data.items), bool)
    if not settings.also_rated:
        left_out[found.taste.items] = True
    if settings.rated_by:
        left_out |= data.raters < settings.rated_by
    highest = data.scale[1] if model.rates else np.inf
    return found, best_of(data, scores, settings.n, left_out, found.taste, highest)
