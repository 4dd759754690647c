"""The question for predictions of a file of users and items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.actions import Action
from hornbook.errors import DataError
from hornbook.ratings.cells import Numbers, has_commas
from hornbook.ratings.questions.pairs_file import Items, pair_columns
from hornbook.records import JSONObject
from hornbook.rendering import figure, many
from hornbook.reports import Table
from hornbook.settings import Given, Settings
from hornbook.sources.opening import refuse_missing
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.tasks import Answer, Beside, Question, Row
from hornbook.tasks.csv_lines import csv_lines

if TYPE_CHECKING:
    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Recommender
    from hornbook.runs import Run

__all__ = ["PredictQuestion", "PredictSettings", "Predicted"]


@dataclass(frozen=True)
class PredictSettings(Settings):
    """What to predict."""

    file: Annotated[str, Given("FILE")]
    "File with a column of users and one of items: ids as in the data; titles will do for items."
    user: str | None = None
    "Column of the users: its name, or its number from 1. By default found by its name."
    item: str | None = None
    "Column of the items."
    rating: str | None = None
    "Column of the true ratings, if there are any: the errors are told."


@dataclass(frozen=True)
class Predicted:
    """A prediction."""

    user: str
    item: str
    prediction: float
    rating: float | None = None
    "The true one, if the file has it."
    title: str = ""
    "Of the item, where it was found by a title."

    def as_dict(self) -> JSONObject:
        """All of it by name."""
        known = {} if self.rating is None else {"rating": self.rating}
        found = {"title": self.title} if self.title else {}
        return {
            "user": self.user,
            "item": self.item,
            "prediction": self.prediction,
            **known,
            **found,
        }


class PredictQuestion(Question):
    """Predictions of a file of users and items."""

    description = (
        "Predict the rating for each user and item in FILE, as a CSV table on standard output.\n\n"
        "For a user or an item that the run has not seen, the prediction is what it expects of "
        "someone or something of which nothing is known; how many there are is said. Items may be "
        "titles, or parts of them: which were found is said, and stands in a column of its own. If "
        "FILE has ratings as well, the errors are told."
    )
    examples = (
        Action("predict", ("runs/films", "pairs.csv")),
        Action("predict", ("runs/films", "other.csv"), {"user": "viewer", "item": "film"}),
    )
    options = PredictSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> list[Predicted]:
        """The predictions: `run.predict("pairs.csv")`.

        Raises:
            DataError: if the file cannot be read, or has no such columns.
        """
        if len(given) == 1 and not isinstance(given[0], PredictSettings):
            options, given = {"file": str(given[0]), **options}, ()
        return [row.one for row in Predictions(run, self.settled(given, options))]

    def answer(self, run: Run, options: PredictSettings) -> Answer:
        """The predictions, a row each."""
        return Predictions(run, options)


class Predictions(Answer):
    """The rows of a file with their predictions, piece by piece.

    Args:
        run: finished.
        settings: of the question.
    """

    def __init__(self, run: Run, settings: PredictSettings) -> None:
        self.model: Recommender = run.model
        self.data: RatingsData = run.data
        if not self.data.kept:
            raise DataError(
                "This run is without its data, and so does not know its users by their ids.",
                hint="Predict with the run as it was before its data were removed.",
            )
        refuse_missing(settings.file, "file")
        self.rows = Rows(Source(settings.file))
        told: dict[Any, str | None] = {
            "user": settings.user, "item": settings.item, "rating": settings.rating
        }  # fmt: skip
        self.items = Items(self.data)
        self.columns = pair_columns(self.rows, told, self.data, self.items)
        self.unseen = {"user": 0, "item": 0}
        self.squares = self.absolutes = 0.0
        self.count = self.measured = self.unread = self.trained = 0
        train = self.data.train
        self.learned = np.unique(train.users.astype(np.int64) * len(self.data.items) + train.items)

    def __iter__(self) -> Iterator[PredictedRow]:
        """The rows.

        Raises:
            DataError: if one of them cannot be read.
        """
        columns, titled = self.columns, False
        places = [columns.user, columns.item]
        # What only ranks is in no units of a rating.
        rated = columns.rating is not None and not columns.counts and self.model.rates
        if rated:
            places.append(columns.rating)  # type: ignore[arg-type]
        comma = rated and has_commas(self.rows.cells(places[2]))
        numbers = Numbers(comma=comma)
        for chunk in self.rows.chunks(places, header=columns.header):
            if chunk.ragged:
                line, cells = chunk.ragged[0]
                raise DataError(
                    f"{self.rows.where}, line {line:,}: it has {many(cells, 'cell')}, and "
                    f"{self.rows.width} were expected.",
                    hint="Correct this row.",
                )
            users, items = list(chunk.columns[0]), list(chunk.columns[1])
            found = self.predicted(users, items)
            true = numbers.read(chunk.columns[2]) if rated else np.full(len(users), np.nan)
            known = np.isfinite(true)
            if rated:
                self.unread += sum(
                    bool(cell) for cell, one in zip(chunk.columns[2], known, strict=True) if not one
                )
            away = (found - true)[known]
            self.squares += float(away @ away)
            self.absolutes += float(np.abs(away).sum())
            self.measured += int(known.sum())
            for user, item, value, rating in zip(
                users, items, found.tolist(), true.tolist(), strict=True
            ):
                true_one, title = None if np.isnan(rating) else rating, self.items.title(item)
                one = Predicted(user, item, value, true_one, title)
                # Whether there is a column of titles is settled by the first rows.
                if self.count == 0:
                    titled = bool(self.items.matched)
                yield PredictedRow(one, first=self.count == 0, rated=rated, titled=titled)
                self.count += 1
        if not self.count:
            raise DataError(
                f"{self.rows.where} has no rows below its header.",
                hint="Give a file with a user and an item in each row.",
            )

    def predicted(self, users: Sequence[str], items: Sequence[str]) -> Any:
        """The predictions of pairs, shape (N,)."""
        numbers = np.array([self.known_user(user) for user in users], np.int32)
        places = np.array([self.items.number(item) for item in items], np.int32)
        found = np.empty(len(users))
        both = (numbers >= 0) & (places >= 0)
        found[both] = self.model.predict(numbers[both], places[both])
        pairs = numbers[both].astype(np.int64) * len(self.data.items) + places[both]
        self.trained += int(np.isin(pairs, self.learned).sum())
        self.unseen["user"] += int((numbers < 0).sum())
        self.unseen["item"] += int((places < 0).sum())
        for at in np.flatnonzero(~both).tolist():
            found[at] = self.expected(int(numbers[at]), int(places[at]))
        return found

    def known_user(self, user: str) -> int:
        """The number of a user, or -1."""
        number = self.data.user_number(user)
        return -1 if number is None else number

    def expected(self, user: int, item: int) -> float:
        """The prediction where the user, the item or both are unknown (-1).

        Of an unknown item it is the mean over all items, each as often as it was rated.
        """
        none = np.zeros(0, np.int32)
        taste = (
            self.model.known(user) if user >= 0 else self.model.guest(none, none.astype(np.float32))
        )
        scores = np.asarray(taste.scores(), np.float64)
        if self.model.rates:
            scores = np.clip(scores, *self.data.scale)
        return float(scores[item] if item >= 0 else np.average(scores, weights=self.data.raters))

    def remarks(self) -> Sequence[str | Action]:
        """What is unknown, and the errors."""
        told: list[str | Action] = [*filter(None, [self.columns.remark]), *self.items.remarks()]
        told += [
            f"{many(n, 'row')} of {self.count:,} with {article} {what} that the run has not seen: "
            "predicted is what is expected where nothing is known."
            for (what, n), article in zip(self.unseen.items(), ("a", "an"), strict=True)
            if n
        ]
        if self.unread:
            told.append(
                f"{many(self.unread, 'row')} with a rating that is not a finite number: not in the "
                "errors."
            )
        if self.trained:
            told.append(
                f"Of {many(self.count, 'row')} {self.trained:,} stood in train: there predictions "
                "are closer than they will be for new ones."
            )
        if self.measured:
            rmse = (self.squares / self.measured) ** 0.5
            told.append(
                f"RMSE {figure(rmse)}, MAE {figure(self.absolutes / self.measured)} on "
                f"{many(self.measured, 'rating')}."
            )
        return told


@dataclass(frozen=True)
class PredictedRow(Row):
    """A row of the table."""

    one: Predicted
    first: bool
    rated: bool
    titled: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """A line of CSV, the header before the first."""
        if self.first:
            yield (
                "user,item,prediction"
                + (",rating" if self.rated else "")
                + (",title" if self.titled else "")
                + "\n"
            )
        one = self.one
        cells = [one.user, one.item, f"{one.prediction:.4f}"]
        if self.rated:
            cells.append("" if one.rating is None else f"{one.rating:g}")
        if self.titled:
            cells.append(one.title)
        yield csv_lines()(cells)

    def as_dict(self) -> JSONObject:
        """The row by name."""
        return self.one.as_dict()
