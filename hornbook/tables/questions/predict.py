"""The question for predictions of a file of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.rendering import clip, many
from hornbook.reports import Table
from hornbook.settings import Given, Settings
from hornbook.sources.opening import refuse_missing
from hornbook.sources.rows import Rows
from hornbook.sources.source import Source
from hornbook.storage import write_pieces
from hornbook.tables.new_rows import NewRows, Piece
from hornbook.tables.questions.lines import free_names, lines_for, refuse_output
from hornbook.tables.questions.tally import Tally
from hornbook.tasks import Answer, Beside, Question, Row

if TYPE_CHECKING:
    from hornbook.runs import Run
    from hornbook.tables.data import TableData
    from hornbook.tables.mapper import Mapped
    from hornbook.tables.models.contract import Predictor

__all__ = ["PredictQuestion", "PredictSettings", "Predicted"]

Floats = npt.NDArray[np.float64]
TOLD = 4  # columns whose unseen categories are told one by one


@dataclass(frozen=True)
class PredictSettings(Settings):
    """What to predict, and where the predictions go."""

    file: Annotated[str, Given("FILE")]
    "File with the columns that the run has learned from, in any order; others are kept as well."
    out: str = ""
    """File for the table with its predictions: csv, tsv, or jsonl for JSON lines. It is there only
    once all of it is written."""
    probabilities: bool = False
    "Add the probability of each class; by default only that of the predicted one."
    bad_rows: Literal["refuse", "empty"] = "refuse"
    """Rows with a cell that cannot be read, such as a text among numbers. empty: leave their
    prediction empty, and say how many there are."""
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."


@dataclass(frozen=True)
class Predicted:
    """Predictions of rows, in the order of the file."""

    prediction: npt.NDArray[Any]
    "Numbers, NaN where a row cannot be read; or labels of classes; shape (n,)."
    probabilities: Floats | None = None
    "Of each class, shape (n, classes); None where numbers are predicted."
    classes: tuple[str, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)
    "The errors by name, on the rows that have the target; empty if none has."
    remarks: tuple[str, ...] = ()
    "What to know of the file: categories that the run does not know, values that are missing."

    def __len__(self) -> int:
        return len(self.prediction)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.prediction.tolist())

    def __getitem__(self, at: Any) -> Any:
        return self.prediction[at]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self.prediction, dtype, copy=copy is not False)


class PredictQuestion(Question):
    """Predictions of a file of rows."""

    description = (
        "Predict the target for each row of FILE: its columns as they are, and the prediction.\n\n"
        "A CSV or TSV file comes back with its own separator, JSON lines as JSON lines. For "
        "classes the most likely one is given, and its probability. A file may be larger than "
        "memory. Categories that the run does not know are counted and told; where FILE has the "
        "target as well, so are the errors. In place of FILE - reads standard input."
    )
    examples = (
        Action("predict", ("runs/houses", "new.csv")),
        Action("predict", ("runs/houses", "new.csv"), {"out": "predicted.csv"}),
    )
    options = PredictSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> Predicted:
        """The predictions: `run.predict("new.csv")`, as an array of numbers or labels.

        Raises:
            DataError: if the file cannot be read, or has not the columns that the run reads.
            RunError: if `out` cannot be written.
        """
        if len(given) == 1 and isinstance(given[0], str | Path):
            options, given = {"file": str(given[0]), **options}, ()
        if isinstance(options.get("out"), Path):
            options["out"] = str(options["out"])
        return Predictions(run, self.settled(given, options)).whole()

    def answer(self, run: Run, options: PredictSettings) -> Answer:
        """The rows of the file with their predictions."""
        return Predictions(run, options)


class Predictions(Answer):
    """The rows of a file with their predictions, piece by piece.

    Args:
        run: finished, perhaps without its data.
        settings: of the question.

    Raises:
        DataError: if a column is missing.
        RunError: if `out` cannot be written.
    """

    key = "predictions"

    def __init__(self, run: Run, settings: PredictSettings) -> None:
        self.settings = settings
        self.data: TableData = run.data
        self.target, kept = self.data.target, run.record.options
        classes = self.target.labels
        if settings.probabilities and not classes:
            raise SettingsError(
                f"`probabilities` needs classes; this run predicts numbers: {self.target.name!r}.",
                hint="Leave it out.",
                setting="probabilities",
            )
        refuse_missing(settings.file, "file")
        rows = Rows(Source(settings.file), settings.encoding)
        missing = kept.get("missing")
        self.rows = NewRows(
            rows, self.data.mapper, self.target,
            [str(text) for text in missing] if isinstance(missing, list | tuple) else (),
            refuse=settings.bad_rows == "refuse",
        )  # fmt: skip
        more = ["probability"] if classes else []
        if settings.probabilities:
            more = [f"probability of {label}" for label in classes]
        header = self.rows.header
        self.added = free_names(header.names, self.target.name, more)
        forms = {self.target.form, *(column.form for column in self.data.mapper.columns)}
        self.lines = lines_for(
            rows, (*header.names, *self.added), header=header.there, comma="comma" in forms,
            out=settings.out,
        )  # fmt: skip
        if settings.out:
            refuse_output(Path(settings.out), self.lines, self.added)
        self.model: Predictor = run.model
        self.tally = Tally(self.target)
        self.count = self.empty = self.trained = 0

    def blocks(self) -> Iterator[Block]:
        """The pieces of the file with their predictions.

        Raises:
            DataError: if a row cannot be read, or there is none.
        """
        for piece in self.rows:
            predicted = self.predicted(piece.inputs)
            self.count += len(piece)
            self.empty += int(piece.bad.sum())
            if piece.target is not None:
                measured = piece.told & ~piece.bad
                self.tally.add(predicted, piece.target, measured)
                self.trained += self.stood_in_train(piece, measured)
            yield Block(self, piece, predicted)

    def predicted(self, inputs: Mapped) -> Floats:
        """Numbers in the units of the table, shape (n,); or probabilities, shape (n, classes)."""
        found = self.model.predict(inputs)
        return found if self.target.labels else self.target.decode(found)

    def __iter__(self) -> Iterator[Row]:
        """The rows; none where they go to a file.

        Raises:
            DataError: if one cannot be read.
        """
        if self.settings.out:
            write_pieces(Path(self.settings.out), (one.text().encode() for one in self.blocks()))
            return
        for block in self.blocks():
            for at in range(len(block.piece)):
                yield PredictedRow(block, at, first=block.start + at == 0)

    def whole(self) -> Predicted:
        """All predictions, and the file `out`, if it was asked for."""
        found: list[Floats] = []
        empty: list[npt.NDArray[np.bool_]] = []

        def kept() -> Iterator[Block]:
            for block in self.blocks():
                found.append(block.predicted)
                empty.append(block.piece.bad)
                yield block

        if self.settings.out:
            write_pieces(Path(self.settings.out), (block.text().encode() for block in kept()))
        else:
            for _ in kept():
                pass
        values, bad = np.concatenate(found), np.concatenate(empty)
        values[bad] = np.nan
        told, figures = tuple(map(str, self.remarks())), self.tally.figures()
        if not self.target.labels:
            return Predicted(values, figures=figures, remarks=told)
        named: npt.NDArray[Any] = np.array(self.target.labels, object)[
            np.where(bad, 0, np.nan_to_num(values).argmax(1))
        ]
        named[bad] = None
        return Predicted(named, values, self.target.labels, figures, told)

    # What is said beside

    @cached_property
    def learned(self) -> npt.NDArray[np.uint64]:
        """Sums of the rows of train, sorted; empty where they are not kept."""
        if not self.data.kept:
            return np.empty(0, np.uint64)
        train = self.data.train
        return np.unique(sums_of(train.inputs, self.target.encode(train.target)))

    def stood_in_train(self, piece: Piece, measured: npt.NDArray[np.bool_]) -> int:
        """How many rows, with their target, are the same as one of train."""
        if not len(self.learned) or not measured.any():
            return 0
        assert piece.target is not None
        known = measured & (np.isfinite(piece.target) & (piece.target >= 0)
                            if self.target.labels else np.isfinite(piece.target))  # fmt: skip
        if self.target.kind == "logarithm":
            known &= ~(piece.target <= 0)
        rows = np.flatnonzero(known)
        wanted = self.target.encode(piece.target[rows])
        return int(np.isin(sums_of(piece.inputs.take(rows), wanted), self.learned).sum())

    def ending(self) -> JSONObject:
        """How many rows there are, and the errors."""
        unseen = {name: n for name, (n, _) in self.rows.unseen.items()}
        found: dict[str, Any] = {"target": self.target.name, "rows": self.count}
        if self.settings.out:
            found["out"] = self.settings.out
        if self.empty:
            found["empty"] = self.empty
        if unseen:
            found["unseen"] = unseen
        if self.tally.rows:
            found["measured"] = {"rows": self.tally.rows, **self.tally.figures()}
        return found

    def remarks(self) -> Sequence[str | Action]:
        """What is unknown, and the errors."""
        told: list[str | Action] = []
        if self.settings.out:
            told.append(f"{many(self.count, 'row')} with predictions: {self.settings.out}")
        if self.empty:
            told.append(
                f"{many(self.empty, 'row')} with a cell that cannot be read: their prediction is "
                "empty."
            )
        if self.rows.n_ragged:
            told.append(f"{many(self.rows.n_ragged, 'row')} with a wrong number of cells left out.")
        told += self.told_of_unseen()
        for name, n in list(self.rows.filled.items())[:TOLD]:
            told.append(
                f"{many(n, 'row')} without {name!r}, which was never missing in train: predicted "
                "as with its median."
            )
        told += self.tally.remarks()
        if self.trained:
            told.append(
                f"Of {many(self.tally.rows, 'row')} {self.trained:,} stood in train: there "
                "predictions are closer than they will be for new ones."
            )
        return told

    def told_of_unseen(self) -> Iterator[str]:
        """The columns with categories that the run does not know, those of most rows first."""
        found = sorted(self.rows.unseen.items(), key=lambda one: -one[1][0])
        for name, (n, example) in found[:TOLD]:
            such = f", such as {clip(example, 40)!r}" if example else ""
            yield (
                f"{many(n, 'row')} of {self.count:,} with a category in {name!r} that the run does "
                f"not know{such}: predicted as an unseen one."
            )
        if len(found) > TOLD:
            names = ", ".join(repr(name) for name, _ in found[TOLD:][:8])
            more = many(len(found) - TOLD, "further column")
            yield f"Unknown categories also in {more}: {names}."


class Block:
    """Some rows with their predictions.

    Args:
        of: all of them.
        piece: the rows.
        predicted: see `Predictions.predicted`.
    """

    def __init__(self, of: Predictions, piece: Piece, predicted: Floats) -> None:
        self.of, self.piece, self.predicted = of, piece, predicted
        self.start = of.count - len(piece)

    @cached_property
    def added(self) -> list[tuple[object, ...]]:
        """What is added to each row: its prediction, and probabilities of classes."""
        labels, empty = self.of.target.labels, self.piece.bad.tolist()
        columns: list[list[object]]
        if not labels:
            columns = [self.predicted.tolist()]
        else:
            best = self.predicted.argmax(1)
            sure = self.predicted[np.arange(len(best)), best]
            every = self.of.settings.probabilities
            chances = self.predicted.T.tolist() if every else [sure.tolist()]
            columns = [[labels[place] for place in best.tolist()], *chances]
        none = (None,) * len(columns)
        return [none if gone else row
                for gone, row in zip(empty, zip(*columns, strict=True), strict=True)]  # fmt: skip

    @cached_property
    def cells(self) -> list[tuple[str, ...]]:
        """The cells of each row."""
        return list(zip(*(column.texts for column in self.piece.cells), strict=True))

    def line(self, at: int) -> str:
        """A row as it is written."""
        lines = self.of.lines
        if not lines.separator:
            return lines.as_json(self.record(at))
        return str(self.made((*self.cells[at], *map(lines.added, self.added[at]))))

    @cached_property
    def made(self) -> Any:
        """What makes a line."""
        return self.of.lines.maker()

    def record(self, at: int) -> JSONObject:
        """A row by name, as JSON has it."""
        if self.piece.records:
            known = dict(self.piece.records[at])
        else:
            known = dict(zip(self.of.rows.header.names, self.cells[at], strict=True))
        added = [as_json_number(one) for one in self.added[at]]
        return {**known, **dict(zip(self.of.added, added, strict=True))}

    def text(self) -> str:
        """All rows as they are written, below the names if they are the first."""
        first = "" if self.start else self.of.lines.first
        return first + "".join(map(self.line, range(len(self.piece))))


@dataclass(frozen=True)
class PredictedRow(Row):
    """A row of the file."""

    block: Block
    at: int
    first: bool

    def shown(self) -> Iterator[str | Table | Beside]:
        """Its line, the names of the columns before the first."""
        yield (self.block.of.lines.first if self.first else "") + self.block.line(self.at)

    def as_dict(self) -> JSONObject:
        """The row by name."""
        return self.block.record(self.at)


def as_json_number(value: object) -> object:
    """A value that JSON has: of a number the digits that a person needs, or none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.10g}") if np.isfinite(value) else None


def sums_of(inputs: Mapped, wanted: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A number for each row, the same for the same features and target; shape (n,)."""
    random = np.random.default_rng(0)

    def weights(n: int) -> npt.NDArray[np.uint64]:
        return random.integers(0, 2**64 - 1, n, np.uint64) | np.uint64(1)

    bits = np.ascontiguousarray(inputs.numbers).view(np.uint32).astype(np.uint64)
    last = np.ascontiguousarray(wanted.astype(np.float32)).view(np.uint32).astype(np.uint64)
    found: npt.NDArray[np.uint64] = inputs.codes.astype(np.uint64) @ weights(inputs.codes.shape[1])
    found = found + bits @ weights(bits.shape[1]) + last * weights(1)
    return found ^ (found >> np.uint64(29))
