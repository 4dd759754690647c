"""The rows that pictures are made from, with what was predicted, and which columns matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.tables.data import TableData, TableRows
from hornbook.tables.evaluation import scores_of, some
from hornbook.tables.features import SPECIAL, NumberFeature
from hornbook.tables.mapper import Mapped
from hornbook.tables.measures import ClassScores, NumberErrors
from hornbook.tables.models.contract import Predictor
from hornbook.tables.questions.lines import number_text
from hornbook.tables.views.digits import rounded
from hornbook.tables.written_dates import NO_DATE

__all__ = ["DAY", "Importance", "RowsSeen", "date_text", "decoded", "short_number"]

Floats = npt.NDArray[np.float64]
DAY = 86_400
FINER = 0.1  # of the usual error: what a prediction is rounded to


@dataclass(frozen=True)
class Importance:
    """How much worse the deciding figure is when the values of a column are shuffled."""

    column: str
    worse: Floats
    "For each shuffle, shape (shuffles,)."

    @property
    def mean(self) -> float:
        """Over the shuffles."""
        return float(self.worse.mean())

    @property
    def std(self) -> float:
        """How much it varies from shuffle to shuffle."""
        return float(self.worse.std(ddof=1)) if len(self.worse) > 1 else 0.0


class RowsSeen:
    """Rows of dev, or of train where there is no dev, and what a model predicts of them.

    Args:
        model: finished.
        data: with its rows.
        limit: about how many rows (0: all).
        shuffles: of each column, for its importance.
    """

    def __init__(self, model: Predictor, data: TableData, limit: int, shuffles: int) -> None:
        self.model, self.data, self.shuffles, self.limit = model, data, shuffles, limit
        self.split = "dev" if "dev" in data.splits else "train"

    @cached_property
    def rows(self) -> TableRows:
        """The rows."""
        return some(self.data.splits[self.split], self.limit)

    @property
    def told(self) -> str:
        """Which rows these are, for people."""
        whole = len(self.data.splits[self.split])
        if len(self.rows) == whole:
            return f"all {whole:,} rows of {self.split}"
        return f"{len(self.rows):,} of the {whole:,} rows of {self.split}"

    @cached_property
    def predicted(self) -> Floats:
        """What the model gives of them: standardised numbers, or probabilities."""
        return self.model.predict(self.rows.inputs)

    @cached_property
    def errors(self) -> NumberErrors:
        """The errors of predicted numbers."""
        found = scores_of(self.data.target, self.predicted, self.rows)
        assert isinstance(found, NumberErrors)
        return found

    @cached_property
    def scores(self) -> ClassScores:
        """The scores of predicted classes."""
        found = scores_of(self.data.target, self.predicted, self.rows)
        assert isinstance(found, ClassScores)
        return found

    def units(self, predicted: Floats, place: int = 0) -> Floats:
        """Predictions in the units of the table; of classes the probability of one of them."""
        target = self.data.target
        return predicted[:, place] if target.labels else target.decode(predicted)

    # Columns

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that features come from, in the order of the features."""
        mapper = self.data.mapper
        names = [one.column for one in mapper.categories] + [one.column for one in mapper.numbers]
        return tuple(dict.fromkeys(names))

    def places(self, column: str) -> tuple[list[int], list[int]]:
        """The places of a column's features in `Mapped.codes` and in `Mapped.numbers`."""
        mapper = self.data.mapper
        codes = [at for at, one in enumerate(mapper.categories) if one.column == column]
        numbers = [at for at, one in enumerate(mapper.numbers) if one.column == column]
        flags = [len(mapper.numbers) + at for at, one in enumerate(mapper.flags)
                 if one.column == column]  # fmt: skip
        return codes, [*numbers, *flags]

    def replaced(self, inputs: Mapped, column: str, by: Mapped) -> Mapped:
        """Rows in which the features of a column are those of other rows."""
        places, numbers = self.places(column)
        moved = None if inputs.places is None or by.places is None else inputs.places.copy()
        made = Mapped(inputs.codes.copy(), inputs.numbers.copy(), moved)
        made.codes[:, places] = by.codes[:, places]
        made.numbers[:, numbers] = by.numbers[:, numbers]
        if moved is not None and by.places is not None:
            ordered = [at for at, one in enumerate(self.data.mapper.categories) if one.order]
            columns = [ordered.index(at) for at in places if at in ordered]
            moved[:, columns] = by.places[:, columns]
        return made

    @cached_property
    def importances(self) -> list[Importance]:
        """Of all columns, the most important one first; all features of a column move together."""
        rows, target = self.rows, self.data.target
        before = scores_of(target, self.predicted, rows).figure
        random = np.random.default_rng(0)
        orders = [random.permutation(len(rows)) for _ in range(self.shuffles)]
        found = []
        for column in self.columns:
            worse = [
                scores_of(
                    target,
                    self.model.predict(self.replaced(rows.inputs, column, rows.inputs.take(order))),
                    rows,
                ).figure
                - before
                for order in orders
            ]
            found.append(Importance(column, np.array(worse)))
        return sorted(found, key=lambda one: -one.mean)

    def most_important(self, n: int) -> list[str]:
        """The first columns by their importance."""
        return [one.column for one in self.importances[:n]]

    # Values

    def cells(self, column: str, rows: Sequence[int]) -> list[str]:
        """The values of a column in some rows, for people."""
        mapper, inputs = self.data.mapper, self.rows.inputs
        at = np.asarray(rows, np.int64)
        for place, category in enumerate(mapper.categories):
            if category.column == column and not category.part:
                return [category.label(code) for code in inputs.codes[at, place].tolist()]
        for place, number in enumerate(mapper.numbers):
            if number.column != column or number.part not in ("", "elapsed"):
                continue
            values = decoded(number, inputs.numbers[at, place])
            told = [
                date_text(value) if number.part else short_number(value)
                for value in values.tolist()
            ]
            flag = next((len(mapper.numbers) + k for k, one in enumerate(mapper.flags)
                         if one is number), None)  # fmt: skip
            if flag is None:
                return told
            gone = inputs.numbers[at, flag] > 0.5
            return [SPECIAL[1] if no else one for no, one in zip(gone, told, strict=True)]
        return self.parts_of(column, at)

    def parts_of(self, column: str, at: npt.NDArray[np.int64]) -> list[str]:
        """The parts of dates that have no elapsed time among their features."""
        codes, _ = self.places(column)
        made: list[list[str]] = [[] for _ in at]
        for place in codes:
            feature = self.data.mapper.categories[place]
            for told, code in zip(made, self.rows.inputs.codes[at, place].tolist(), strict=True):
                told.append(f"{feature.part} {feature.label(code)}")
        return [", ".join(told) for told in made]

    def target_text(self, value: Any) -> str:
        """A value of the target, for people."""
        labels = self.data.target.labels
        return labels[int(value)] if labels else short_number(float(value))

    def prediction_text(self, value: float) -> str:
        """A predicted number, or an error, to a tenth of what predictions are usually off."""
        off = float(np.sqrt(self.errors.losses.mean()))
        return rounded(value, FINER * off * (abs(value) if self.errors.relative else 1.0))


def short_number(value: float) -> str:
    """A number in few digits: what was kept has about seven."""
    rounded = float(f"{value:.5g}") or 0.0
    return f"{round(value):,}" if abs(value) >= 1e4 else number_text(rounded)


def decoded(feature: NumberFeature, values: npt.NDArray[Any]) -> Floats:
    """Standardised numbers in the units of the table, without digits that were not kept."""
    digits = 5 - math.floor(math.log10(feature.std))
    return np.round(feature.decode(values), min(300, max(-300, digits))) + 0.0


def date_text(days: float) -> str:
    """A time, in days since 1970; kept to a few seconds, so it is told to the minute."""
    seconds = round(days * 1440) * 60
    if not -(2**53) < seconds < 2**53 or seconds == NO_DATE:
        return ""
    moment = str(np.datetime64(seconds, "s")).replace("T", " ")[:-3]
    return moment.removesuffix(" 00:00")
