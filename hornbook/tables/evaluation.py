"""How good a model of a table is: on a split in training, and in full afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.records import JSON
from hornbook.statistics import ends_of
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.measures import NumberErrors
from hornbook.tables.models.contract import Predictor
from hornbook.tables.target import Target
from hornbook.tasks import Figures
from hornbook.tasks.scores import ClassScores, Scores

__all__ = ["DECIDES", "TableFigures", "evaluate", "report", "scores_of", "scores_on"]

DECIDES = {"number": "rmse", "logarithm": "rmspe", "class": "loss"}
"The name of the deciding figure, by the kind of the target."

IN_TRAINING = {"number": ("rmse", "mae"), "logarithm": ("rmspe", "rmse"),
               "class": ("loss", "accuracy")}  # fmt: skip
"The figures that are told while a model is trained; all are told by `report`."


def scores_of(target: Target, predicted: npt.NDArray[np.float64], rows: TableRows) -> Scores:
    """How good some predictions are.

    Args:
        target: of the table.
        predicted: standardised numbers, shape (n,); or probabilities, shape (n, classes).
        rows: that they are of.
    """
    if target.kind == "class":
        return ClassScores(rows.groups, predicted, rows.target)
    return NumberErrors(
        rows.groups, target.decode(predicted), rows.target, target.kind == "logarithm"
    )


def figures_of(scores: Scores) -> dict[str, float]:
    """All figures by name."""
    assert isinstance(scores, NumberErrors | ClassScores)
    return scores.as_dict()


def scores_on(model: Predictor, data: TableData, split: str, limit: int = 0) -> Scores:
    """How good a model is on a split, or on about `limit` rows of it."""
    rows = some(data.splits[split], limit)
    return scores_of(data.target, model.predict(rows.inputs), rows)


def evaluate(model: Predictor, data: TableData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split.

    Args:
        model: any that keeps the contract.
        data: that it was made for.
        split: by name.
        limit: measure about this many rows, evenly spread (0: all).
    """
    scores = scores_on(model, data, split, limit)
    found = figures_of(scores)
    measures = {name: found[name] for name in IN_TRAINING[data.kind]}
    return Figures(measures.pop("loss", None), measures, len(scores.losses))


@dataclass(frozen=True)
class TableFigures:
    """All figures of a split."""

    scores: Scores
    decides: str
    "The name of the deciding one, which has an interval."

    def as_dict(self) -> dict[str, JSON]:
        """The figures by name, with how many rows, and groups if there are any, they are of."""
        found: dict[str, JSON] = {}
        for name, value in figures_of(self.scores).items():
            found[name] = value
            if name == self.decides:
                found |= ends_of(self.scores.interval, name)
        groups = self.scores.groups
        found["rows"] = len(self.scores.losses)
        return found if groups is None else {**found, "groups": len(np.unique(groups))}


def report(model: Predictor, data: TableData) -> dict[str, TableFigures]:
    """All figures of a finished model, by split.

    Raises:
        DataError: if the data are not kept.
    """
    data.train  # noqa: B018 - asked, so that data that are gone are told
    return {
        split: TableFigures(scores_on(model, data, split), DECIDES[data.kind])
        for split in data.splits
    }


def some(rows: TableRows, limit: int) -> TableRows:
    """About `limit` rows, evenly spread; all if it is 0 or there are no more."""
    if not 0 < limit < len(rows):
        return rows
    return rows.take(np.linspace(0, len(rows) - 1, limit).astype(np.int64))
