"""The question for predictions of a file of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.settings import Given, Settings
from hornbook.sources.opening import refuse_missing
from hornbook.tables.incoming import piece_of
from hornbook.tables.later import Later
from hornbook.tables.questions.of_file import FilePredictions
from hornbook.tables.questions.predicting import Predicted, Predicting, missing_marks
from hornbook.tasks import Answer, Question

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["PredictInMemory", "PredictQuestion", "PredictSettings", "Predicted"]


@dataclass(frozen=True)
class PredictSettings(Settings):
    """What to predict, and where the predictions go."""

    file: Annotated[str, Given("FILE")]
    "File with the columns that the run has learned from, in any order; others are kept as well."
    out: str = ""
    """File for the table with its predictions: csv, tsv, jsonl for JSON lines, or parquet if FILE
    is such a file. It is there only once all of it is written."""
    probabilities: bool = False
    "Add the probability of each class; by default only that of the predicted one."
    bad_rows: Literal["refuse", "empty"] = "refuse"
    """Rows with a cell that cannot be read, such as a text among numbers. empty: leave their
    prediction empty, and say how many there are."""
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."


@dataclass(frozen=True)
class PredictInMemory(Settings):
    """How to predict rows that a program has at hand."""

    bad_rows: Literal["refuse", "empty"] = "refuse"
    "Rows with a value that cannot be read. empty: leave their prediction empty."


class PredictQuestion(Question):
    """Predictions of a file of rows."""

    description = (
        "Predict the target for each row of FILE: its columns as they are, and the prediction.\n\n"
        "A CSV or TSV file comes back with its own separator, JSON lines as JSON lines, Parquet as "
        "CSV, or as Parquet where `out` ends in .parquet. For classes the most likely one is "
        "given, and its probability. A file may be larger than memory. Categories that the run "
        "does not know are counted and told; where FILE has the target as well, so are the errors. "
        "In place of FILE - reads standard input."
    )
    examples = (
        Action("predict", ("runs/houses", "new.csv")),
        Action("predict", ("runs/houses", "new.csv"), {"out": "predicted.csv"}),
    )
    options = PredictSettings

    def ask(self, run: Run, *given: Any, **options: Any) -> Predicted:
        """The predictions, as an array of numbers or labels.

            run.predict("new.csv")
            run.predict(frame)              a data frame, or a mapping of names to columns
            run.predict((x_cat, x_cont))    as they were given to `hornbook.tables.fit`

        Raises:
            DataError: if the rows cannot be read, or have not the columns that the run reads.
            RunError: if `out` cannot be written.
        """
        if len(given) == 1 and not isinstance(given[0], str | Path | Settings):
            return self.of_rows(run, given[0], PredictInMemory.from_dict(options))
        if len(given) == 1 and isinstance(given[0], str | Path):
            options, given = {"file": str(given[0]), **options}, ()
        if isinstance(options.get("out"), Path):
            options["out"] = str(options["out"])
        return self.of_file(run, self.settled(given, options)).whole()

    def answer(self, run: Run, options: PredictSettings) -> Answer:
        """The rows of the file with their predictions."""
        return self.of_file(run, options)

    def of_file(self, run: Run, settings: PredictSettings) -> FilePredictions:
        """Predictions of a file.

        Raises:
            SettingsError: if it is not there, or probabilities of numbers are asked for.
        """
        target = run.data.target
        if settings.probabilities and not target.labels:
            raise SettingsError(
                f"`probabilities` needs classes; this run predicts numbers: {target.name!r}.",
                hint="Leave it out.",
                setting="probabilities",
            )
        refuse_missing(settings.file, "file")
        return FilePredictions(run, settings)

    def of_rows(self, run: Run, rows: Any, settings: PredictInMemory) -> Predicted:
        """Predictions of rows in memory."""
        data = run.data
        later = Later(data.mapper)
        piece = piece_of(
            later, data.target, rows, missing=missing_marks(run),
            refuse=settings.bad_rows == "refuse",
        )  # fmt: skip
        predicting = Predicting(run, later)
        return predicting.whole([(piece, predicting.add(piece))])
