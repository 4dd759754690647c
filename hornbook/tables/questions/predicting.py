"""Predictions of rows that come piece by piece, and what is to be known of these rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.records import JSONObject
from hornbook.rendering import clip, many
from hornbook.tables.later import Later, Piece
from hornbook.tables.questions.tally import Tally
from hornbook.tables.remarks import told_of_zone
from hornbook.tables.seen_before import SeenBefore

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.tables.data import TableData
    from hornbook.tables.mapper import Mapped
    from hornbook.tables.models.contract import Predictor

__all__ = ["Predicted", "Predicting", "missing_marks"]

Floats = npt.NDArray[np.float64]
TOLD = 4  # columns whose unseen categories are told one by one


@dataclass(frozen=True)
class Predicted:
    """Predictions of rows, in their order."""

    prediction: npt.NDArray[Any]
    "Numbers, NaN where a row cannot be read; or labels of classes; shape (n,)."
    probabilities: Floats | None = None
    "Of each class, shape (n, classes); None where numbers are predicted."
    classes: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    "The errors by name, on the rows that have the target; empty if none has."
    remarks: tuple[str, ...] = ()
    "What to know of the rows: categories that the run does not know, values that are missing."

    def __len__(self) -> int:
        return len(self.prediction)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.prediction.tolist())

    def __getitem__(self, at: Any) -> Any:
        return self.prediction[at]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.prediction, dtype, copy=copy is not False)


def missing_marks(run: Run) -> list[str]:
    """The further texts that said in training that a value is missing."""
    missing = run.record.options.get("missing")
    return [str(text) for text in missing] if isinstance(missing, list | tuple) else []


class Predicting:
    """Predicts rows piece by piece, and counts what is to be said of them.

    Args:
        run: finished, perhaps without its data.
        later: with which the rows are read.

    Attributes:
        count: rows so far.
        empty: rows so far that cannot be read.
    """

    def __init__(self, run: Run, later: Later) -> None:
        data: TableData = run.data
        self.model: Predictor = run.model
        self.target, self.later = data.target, later
        self.tally, self.seen = Tally(data.target), SeenBefore(data)
        self.count = self.empty = self.trained = 0

    def add(self, piece: Piece) -> Floats:
        """Some more rows: numbers in the units of the table, shape (n,); or probabilities, shape
        (n, classes).
        """
        predicted = self.predicted(piece.inputs)
        self.count += len(piece)
        self.empty += int(piece.bad.sum())
        if piece.target is not None:
            self.tally.add(predicted, piece.target, piece.told & ~piece.bad)
            self.tally.odd = self.later.odd_target
            self.trained += self.seen.count(piece)
        return predicted

    def predicted(self, inputs: Mapped) -> Floats:
        """As `add`, of rows that are not counted."""
        found = self.model.predict(inputs)
        return found if self.target.labels else self.target.decode(found)

    def whole(
        self, pieces: Iterable[tuple[Piece, Floats]], *, more: Iterable[str] = ()
    ) -> Predicted:
        """All predictions.

        Args:
            pieces: that were added, each with what `add` gave.
            more: remarks that stand before those on the rows; asked for when all have come.
        """
        found: list[Floats] = []
        empty: list[npt.NDArray[np.bool_]] = []
        for piece, predicted in pieces:
            found.append(predicted)
            empty.append(piece.bad)
        values, bad = np.concatenate(found), np.concatenate(empty)
        values[bad] = np.nan
        told, figures = (*more, *self.remarks()), self.tally.figures()
        if not self.target.labels:
            return Predicted(values, figures=figures, remarks=told)
        named: npt.NDArray[Any] = np.array(self.target.labels, object)[
            np.where(bad, 0, np.nan_to_num(values).argmax(1))
        ]
        named[bad] = None
        return Predicted(named, values, self.target.labels, figures, told)

    # What is said beside

    def ending(self) -> JSONObject:
        """How many rows there are, and the errors."""
        unseen = {name: n for name, (n, _) in self.later.unseen.items()}
        found: dict[str, Any] = {"target": self.target.name, "rows": self.count}
        if self.empty:
            found["empty"] = self.empty
        if unseen:
            found["unseen"] = unseen
        if self.later.far:
            found["far"] = {name: n for name, (n, _) in self.later.far.items()}
        if self.tally.rows:
            found["measured"] = {"rows": self.tally.rows, **self.tally.figures()}
        return found

    def remarks(self) -> Iterator[str]:
        """What is unknown, and the errors."""
        yield from self.told_of_rows()
        yield from self.tally.remarks()
        yield from self.told_of_train()

    def remarks_of_rows(self) -> Iterator[str]:
        """What the run does not know of the rows, and what was not measured."""
        yield from self.told_of_unseen()
        yield from self.told_of_filled()
        yield from self.told_of_far()
        yield from self.tally.unmeasured()
        yield from self.told_of_train()

    def told_of_rows(self) -> Iterator[str]:
        """What the run does not know of the rows."""
        if self.empty:
            yield (
                f"{many(self.empty, 'row')} with a cell that cannot be read: their prediction is "
                "empty."
            )
        yield from self.told_of_unseen()
        for name, cell in list(self.later.zoned.items())[:TOLD]:
            yield f"{told_of_zone(name, cell)}."
        yield from self.told_of_filled()
        yield from self.told_of_far()

    def told_of_filled(self) -> Iterator[str]:
        """Numbers that train never lacks."""
        for name, n in list(self.later.filled.items())[:TOLD]:
            yield (
                f"{many(n, 'row')} without {name!r}, which was never missing in train: predicted "
                "as with its median."
            )

    def told_of_far(self) -> Iterator[str]:
        """Numbers far beyond those of train, the columns with most of them first."""
        ends = {one.name: one.ends for one in self.later.mapper.numbers}
        found = sorted(self.later.far.items(), key=lambda one: -one[1][0])
        for name, (n, such) in found[:TOLD]:
            low, high = ends[name] or (such, such)
            yield (
                f"{many(n, 'row')} of {self.count:,} with {name!r} far beyond what train has "
                f"({low:,.6g} to {high:,.6g}), such as {such:,.6g}: nothing was learned there. "
                "Another unit?"
            )
        if len(found) > TOLD:
            names = ", ".join(repr(name) for name, _ in found[TOLD:][:8])
            yield f"So also in {many(len(found) - TOLD, 'further column')}: {names}."

    def told_of_train(self) -> Iterator[str]:
        """How many rows are none that are new."""
        if self.trained:
            yield (
                f"Of {many(self.tally.rows, 'row')} {self.trained:,} stood in train: there "
                "predictions are closer than they will be for new ones."
            )

    def placed(self, name: str) -> str:
        """What to add of an unseen category in a column whose categories are numbers."""
        by = any(one.name == name and one.scale for one in self.later.mapper.categories)
        return ", a number by its place among those that the run knows" if by else ""

    def told_of_unseen(self) -> Iterator[str]:
        """The columns with categories that the run does not know, those of most rows first."""
        found = sorted(self.later.unseen.items(), key=lambda one: -one[1][0])
        for name, (n, example) in found[:TOLD]:
            such = f", such as {clip(example, 40)!r}" if example else ""
            yield (
                f"{many(n, 'row')} of {self.count:,} with a category in {name!r} that the run does "
                f"not know{such}: predicted as an unseen one{self.placed(name)}."
            )
        if len(found) > TOLD:
            names = ", ".join(repr(name) for name, _ in found[TOLD:][:8])
            more = many(len(found) - TOLD, "further column")
            yield f"Unknown categories also in {more}: {names}."
