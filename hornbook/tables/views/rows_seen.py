"""The rows that pictures are made from, with what was predicted, and which columns matter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.inspection.digits import rounded
from hornbook.rendering import amount
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.evaluation import scores_of, some
from hornbook.tables.features import SPECIAL, NumberFeature
from hornbook.tables.mapper import Mapped
from hornbook.tables.measures import NumberErrors
from hornbook.tables.models.contract import Predictor
from hornbook.tables.questions.lines import digits_of
from hornbook.tables.views.shuffled import Importance, likely
from hornbook.tables.written_dates import NO_DATE
from hornbook.tasks.scores import ClassScores

__all__ = ["DAY", "RowsSeen", "date_text", "decoded", "short_number"]

Floats = npt.NDArray[np.float64]
DAY = 86_400
FINER = 0.1  # of the usual error: what a prediction is rounded to


class RowsSeen:
    """Rows of dev, or of train where there is no dev, and what a model predicts of them.

    Args:
        model: finished.
        data: with its rows.
        limit: about how many rows (0: all).
        shuffles: of each column, for its importance.
        measured: columns whose importance is measured, at most (0: all).
    """

    def __init__(
        self, model: Predictor, data: TableData, limit: int, shuffles: int, measured: int = 0
    ) -> None:
        self.model, self.data, self.shuffles, self.limit = model, data, shuffles, limit
        self.measured = measured
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

    @cached_property
    def places(self) -> Mapping[str, tuple[list[int], list[int]]]:
        """Of each column the places of its features in `Mapped.codes` and in `Mapped.numbers`."""
        mapper = self.data.mapper
        found: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in self.columns}
        for at, category in enumerate(mapper.categories):
            found[category.column][0].append(at)
        for at, number in enumerate((*mapper.numbers, *mapper.flags)):
            found[number.column][1].append(at)
        return found

    def replaced(self, inputs: Mapped, columns: Sequence[str], by: Mapped) -> Mapped:
        """Rows in which the features of some columns are those of other rows."""
        places = [at for column in columns for at in self.places[column][0]]
        numbers = [at for column in columns for at in self.places[column][1]]
        moved = None if inputs.places is None or by.places is None else inputs.places.copy()
        made = Mapped(inputs.codes.copy(), inputs.numbers.copy(), moved)
        made.codes[:, places] = by.codes[:, places]
        made.numbers[:, numbers] = by.numbers[:, numbers]
        if moved is not None and by.places is not None:
            ordered = [at for at, one in enumerate(self.data.mapper.categories) if one.order]
            read = set(places)
            also = [place for place, at in enumerate(ordered) if at in read]
            moved[:, also] = by.places[:, also]
        return made

    @cached_property
    def importances(self) -> list[Importance]:
        """Of the columns, the most important one first; all features of a column move together.

        Of more than `measured` columns, those that a first look finds likely to matter.
        """
        rows, target = self.rows, self.data.target
        before = scores_of(target, self.predicted, rows).figure
        random = np.random.default_rng(0)
        orders = [random.permutation(len(rows)) for _ in range(self.shuffles)]
        shuffled = [rows.inputs.take(order) for order in orders]

        def worse(columns: Sequence[str], by: Mapped) -> float:
            predicted = self.model.predict(self.replaced(rows.inputs, columns, by))
            return scores_of(target, predicted, rows).figure - before

        first = likely(self.columns, self.measured, lambda columns: worse(columns, shuffled[0]))
        found = [Importance(one, np.array([worse([one], by) for by in shuffled])) for one in first]
        return sorted(found, key=lambda one: -one.mean)

    def most_important(self, n: int) -> list[str]:
        """The first columns by their importance."""
        return [one.column for one in self.importances[:n]]

    # Values

    def cells(self, column: str, rows: Sequence[int]) -> list[str]:
        """The values of a column in some rows, for people."""
        mapper, inputs = self.data.mapper, self.rows.inputs
        at = np.asarray(rows, np.int64)
        coded, numbered = self.places[column]
        for place in coded:
            if not (category := mapper.categories[place]).part:
                return [category.label(code) for code in inputs.codes[at, place].tolist()]
        features = len(mapper.numbers)
        for place in numbered:
            if place >= features or (number := mapper.numbers[place]).part not in ("", "elapsed"):
                continue
            values = decoded(number, inputs.numbers[at, place])
            told = [
                date_text(value) if number.part else short_number(value, number.std)
                for value in values.tolist()
            ]
            flag = next((k for k in numbered if k >= features
                         and mapper.flags[k - features] is number), None)  # fmt: skip
            if flag is None:
                return told
            gone = inputs.numbers[at, flag] > 0.5
            return [SPECIAL[1] if no else one for no, one in zip(gone, told, strict=True)]
        return self.parts_of(column, at)

    def parts_of(self, column: str, at: npt.NDArray[np.int64]) -> list[str]:
        """The parts of dates that have no elapsed time among their features."""
        codes, _ = self.places[column]
        made: list[list[str]] = [[] for _ in at]
        for place in codes:
            feature = self.data.mapper.categories[place]
            for told, code in zip(made, self.rows.inputs.codes[at, place].tolist(), strict=True):
                told.append(f"{feature.part} {feature.label(code)}")
        return [", ".join(told) for told in made]

    def target_text(self, value: Any) -> str:
        """A value of the target, for people."""
        labels = self.data.target.labels
        if labels:
            return labels[int(value)]
        return short_number(float(value), self.data.target.spread)

    def prediction_text(self, value: float) -> str:
        """A predicted number, or an error, to a tenth of what predictions are usually off."""
        off = float(np.sqrt(self.errors.losses.mean()))
        return rounded(value, FINER * off * (abs(value) if self.errors.relative else 1.0))


def short_number(value: float, spread: float = 0.0, least: int = 5) -> str:
    """A number in few digits: those before the point, and those in which rows differ.

    Args:
        value: the number; as a power of ten from 1e15 on.
        spread: by how much such numbers differ from row to row; 0 if that is not known.
        least: digits of a number below a power of ten of so many.
    """
    if not math.isfinite(value):
        return str(value)
    whole = min(15, len(str(int(abs(value))))) if abs(value) < 1e15 else 0
    return amount(value + 0.0, max(whole, digits_of(value, spread, least)))


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
