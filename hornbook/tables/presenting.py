"""What a run on a table shows people: a sentence, some rows with their predictions, what to try."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from hornbook.actions import Action
from hornbook.rendering import amount, clip, many, probability
from hornbook.reports import MarkedSample, Samples, Table
from hornbook.tables.questions.lines import digits_of
from hornbook.tables.views.rows_seen import RowsSeen

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.tables.data import TableData
    from hornbook.tables.models.contract import Predictor

__all__ = ["introduction", "next_steps", "preview", "samples", "shown"]

PREVIEWED, SHOWN = 4, 8  # rows
COLUMNS = 4  # that stand beside a row
CELL = 20  # characters
DIGITS = 4  # of a number while a model is trained
COARSER = 100  # than what a prediction is written to a file in


def introduction(run: Run) -> str:
    """What the model has learned, and from what, for a reader who does not know the field."""
    data: TableData = run.data
    target, n = data.target, len(data.mapper.needed)
    what = f"column {target.name!r}"
    if target.kind == "class":
        labels = ", ".join(clip(label, CELL) for label in target.labels[:4])
        more = ", …" if len(target.labels) > 4 else ""
        what = f"which of {len(target.labels):,} classes ({labels}{more}) stands in {what}"
    rows = many(data.shape.rows, "row")
    return (
        f"This model has learned from {rows} of {run.record.data.name} to predict {what} from "
        f"{many(n, 'other column')}."
    )


def some_rows(model: Predictor, data: TableData, n: int) -> RowsSeen:
    """Rows of dev, evenly spread, with their predictions."""
    return RowsSeen(model, data, n, 1)


def pairs(seen: RowsSeen) -> list[tuple[str, str]]:
    """What is true, and what is predicted: numbers rounded, classes with their probability."""
    target = seen.data.target
    true = [seen.target_text(value) for value in seen.rows.target.tolist()]
    if not target.labels:
        guessed = map(seen.prediction_text, seen.errors.predicted.tolist())
        return list(zip(true, guessed, strict=True))
    best = seen.predicted.argmax(1)
    found = [
        f"{target.labels[place]} ({probability(chance)})"
        for place, chance in zip(best.tolist(), seen.predicted.max(1).tolist(), strict=True)
    ]
    return list(zip(true, found, strict=True))


def preview(model: Predictor, data: TableData) -> Sequence[str]:
    """Some rows while the model is trained: the truth, and what is predicted."""
    seen = some_rows(model, data, PREVIEWED)
    found = pairs(seen)
    if not data.target.labels:
        numbers = zip(seen.rows.target.tolist(), seen.errors.predicted.tolist(), strict=True)
        spread = data.target.spread
        found = [(shortest(true, spread), shortest(guess, spread)) for true, guess in numbers]
    return [f"{clip(true, CELL)} → {clip(guess, CELL + 6)}" for true, guess in found]


def shortest(value: float, spread: float) -> str:
    """A number in the digits that have room while a model is trained, or tell rows apart.

    Args:
        value: the number.
        spread: by how much such numbers differ from row to row; 0 if that is not known.
    """
    digits = digits_of(value, COARSER * spread, DIGITS) if math.isfinite(value) else DIGITS
    return amount(value + 0.0, digits)


def columns_shown(seen: RowsSeen) -> list[str]:
    """The first columns that differ among the rows that are shown."""
    every = range(len(seen.rows))
    differing = (name for name in seen.columns if len(set(seen.cells(name, every))) > 1)
    return list(islice(differing, COLUMNS)) or list(seen.columns[:COLUMNS])


def samples(run: Run) -> Samples | None:
    """Some rows with their predictions; None without the data."""
    data: TableData = run.data
    if not data.kept:
        return None
    seen = some_rows(run.model, data, SHOWN)
    names = columns_shown(seen)
    cells = list(zip(*(seen.cells(name, range(len(seen.rows))) for name in names), strict=True))
    made = tuple(
        MarkedSample(
            ", ".join(f"{clip(n, CELL)} {clip(c, CELL)}" for n, c in zip(names, row, strict=True))
            + f": {clip(true, CELL)} → {clip(found, CELL + 6)}"
        )
        for row, (true, found) in zip(cells, pairs(seen), strict=True)
    )
    about = (
        f"Rows of {seen.split}, evenly spread: some of their columns, the true value of "
        f"{data.target.name!r}, and after the arrow the prediction."
    )
    return Samples(about, made, title="What it predicts", one="predicted row")


def shown(run: Run) -> Sequence[str | Table]:
    """The same as a table."""
    data: TableData = run.data
    if not data.kept:
        return ()
    seen = some_rows(run.model, data, SHOWN)
    names = columns_shown(seen)
    cells = zip(*(seen.cells(name, range(len(seen.rows))) for name in names), strict=True)
    rows = tuple(
        (*(clip(cell, CELL) for cell in row), clip(true, CELL), clip(found, CELL + 6))
        for row, (true, found) in zip(cells, pairs(seen), strict=True)
    )
    heads = (*(clip(name, CELL) for name in names), clip(data.target.name, CELL), "predicted")
    return (Table(heads, rows, left=0),)


def next_steps(run: Run) -> Sequence[Action]:
    """Predict; `inspect` is proposed after every training."""
    return [Action("predict", (str(run.path), "FILE"))]


def percent_off(value: float) -> str:
    """What a relative error is in a sentence."""
    return f"RMSPE: about {value:.0%} off" if np.isfinite(value) and value < 10 else "RMSPE"
