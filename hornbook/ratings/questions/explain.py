"""The question for what a prediction is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.ratings.models.contract import Term
from hornbook.ratings.questions.who import GuestSettings, who
from hornbook.records import JSONObject
from hornbook.rendering import figure, many, visible
from hornbook.reports import Table
from hornbook.settings import Bounds, Given
from hornbook.tasks import Answer, Beside, Question, Row

if TYPE_CHECKING:
    from hornbook.ratings.models.contract import Recommender
    from hornbook.runs import Run

__all__ = ["ExplainQuestion", "ExplainSettings", "Explanation"]


@dataclass(frozen=True)
class ExplainSettings(GuestSettings):
    """Whose prediction, and of what."""

    words: Annotated[tuple[str, ...], Given("[USER] ITEM")]
    "Id of a user, and the title or id of an item; for a new user the item alone."
    n: Annotated[int, Bounds(1, 100_000)] = 8
    "Number of the user's own ratings to show."


@dataclass(frozen=True)
class Reason:
    """One of the user's own ratings, and what it adds to the prediction."""

    item: str
    title: str
    rating: float
    adds: float


@dataclass(frozen=True)
class Explanation:
    """What a prediction is made of."""

    user: str
    item: str
    title: str
    prediction: float
    terms: tuple[Term, ...]
    "Parts of the sum, before it is kept to the scale; none if the model has no such parts."
    reasons: tuple[Reason, ...]
    "The user's own ratings that move it most, up or down; none if the model cannot tell."
    remarks: tuple[str, ...] = ()
    others: tuple[int, float] = (0, 0.0)
    "How many more of the user's own ratings there are, and what they add together."
    squashed: str = ""
    "How the sum becomes the rating, if it is not that."

    def as_dict(self) -> JSONObject:
        """All of it by name."""
        return {
            "user": self.user,
            "item": self.item,
            "title": self.title,
            "prediction": self.prediction,
            "terms": [{"name": one.name, "value": one.value} for one in self.terms],
            "reasons": [vars(one) for one in self.reasons],
        }


class ExplainQuestion(Question):
    """What a prediction is made of."""

    description = (
        "Show what the prediction for USER and ITEM is made of: the parts of the sum, and the "
        "user's own ratings that move it most.\n\n"
        "What a rating adds is its part of the sum, by the formula with which the model takes in a "
        "user whom it has not been trained on."
    )
    examples = (
        Action("explain", ("runs/films", "42", "toy story")),
        Action("explain", ("runs/films", "alien"), {"likes": ("blade runner", "the thing")}),
    )
    options = ExplainSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> Explanation:
        """The parts: `run.explain("42", "Alien")` or `run.explain("Alien", likes=[...])`.

        Raises:
            SettingsError: if it is not clear for whom.
            DataError: if a title fits no item, or several.
        """
        if given and isinstance(given[0], ExplainSettings):
            return explained(run, self.settled(given, options))
        words = tuple(map(str, given))
        return explained(run, ExplainSettings.from_dict({"words": words, **options}))

    def answer(self, run: Run, options: ExplainSettings) -> Answer:
        """The parts, as two tables."""
        return Explained(explained(run, options), rates=run.model.rates)


def explained(run: Run, settings: ExplainSettings) -> Explanation:
    """The parts of a prediction, and what moves it most."""
    model, data, words = run.model, run.data, settings.words
    expected = 1 if settings.given else 2
    if len(words) != expected:
        raise SettingsError(
            "explain expects "
            + ("an item, for a new user" if settings.given else "the id of a user and an item")
            + f"; it was given {many(len(words), 'word')}.",
            hint="Put a title of several words in quotation marks.",
        )
    user = None if settings.given else words[0]
    found = who(model, data, user, settings, "explain")
    item = data.item_number(words[-1])
    taste, remarks = found.taste, list(found.remarks)
    values = dict(zip(taste.items.tolist(), taste.values.tolist(), strict=True))
    pulls = sorted(taste.pulls(item), key=lambda pull: -abs(pull.value))
    rest = pulls[settings.n :]
    if item in values:
        given = f"gave it {values[item]:g}" if model.rates else "has it"
        remarks.append(f"{found.name.capitalize()} {given} already, and the model knows that.")
    score = float(np.asarray(taste.scores())[item]) + 0.0  # -0 is 0
    return Explanation(
        found.name,
        data.items[item],
        data.title(item),
        float(np.clip(score, *data.scale)) if model.rates else score,
        tuple(taste.terms(item)),
        tuple(
            Reason(data.items[one.item], data.title(one.item), values[one.item], one.value)
            for one in pulls[: settings.n]
        ),
        tuple(remarks),
        (len(rest), sum(one.value for one in rest)),
        squashed(model),
    )


def squashed(model: Recommender) -> str:
    """What is done to the sum; empty if nothing is."""
    squash = getattr(model, "squash", None)
    if squash is None:
        return ""
    return (
        f"The sum x becomes the rating by a sigmoid: {squash.low:g} + "
        f"{squash.high - squash.low:g} / (1 + exp(-x)).\n"
    )


class Explained(Answer):
    """An explanation as tables."""

    def __init__(self, found: Explanation, *, rates: bool) -> None:
        self.found, self.rates = found, rates

    def __iter__(self) -> Iterator[Row]:
        return iter([ExplainedRow(self.found, self.rates)])

    def remarks(self) -> Sequence[str | Action]:
        """How the user was found."""
        return self.found.remarks


@dataclass(frozen=True)
class ExplainedRow(Row):
    """The one row: all of the explanation."""

    found: Explanation
    rates: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """A sentence, the parts, the user's own ratings."""
        found, digits = self.found, 2 if self.rates else 3
        what = "rating" if self.rates else "score"
        yield (
            f"{visible(found.title)}, for {visible(found.user)}: {what} "
            f"{figure(found.prediction, digits)}\n"
        )
        if found.terms:
            total = sum(one.value for one in found.terms)
            parts = [(one.name, f"{one.value:+.3f}") for one in found.terms]
            yield Table(("part of the sum", "adds"), (*parts, ("sum", f"{total:+.3f}")))
            if found.squashed:
                yield found.squashed
        if found.reasons:
            given = "rated" if self.rates else "value"
            rows = [
                (visible(one.title), f"{one.rating:g}", f"{one.adds:+.3f}") for one in found.reasons
            ]
            more, sum_of_more = found.others
            if more:
                rows.append((f"{more:,} more", "", f"{sum_of_more:+.3f}"))
            yield Table(("the user's own", given, "adds"), tuple(rows))

    def as_dict(self) -> JSONObject:
        """All of it."""
        return self.found.as_dict()
