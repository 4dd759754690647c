"""The task of columns: predict one column of a table from the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.errors import DataError
from hornbook.records import JSONObject
from hornbook.tables.asked import QUESTIONS
from hornbook.tables.models.families import FAMILIES
from hornbook.tasks import (
    Baseline,
    Candidate,
    Claim,
    Family,
    Figures,
    Grouped,
    GroupedBaseline,
    Task,
    Verb,
)
from hornbook.training.measures import Measure

if TYPE_CHECKING:
    import torch

    from hornbook.reports import Finding, Report, Samples, Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.tables.data import TableData
    from hornbook.tables.models.contract import Shape
    from hornbook.training.settings import TrainingSettings

__all__ = ["TableTask"]

RMSE, RMSPE = Measure("rmse", "RMSE"), Measure("rmspe", "RMSPE")
MAE, MAPE = Measure("mae", "MAE"), Measure("mape", "MAPE")
R2 = Measure("r2", "R²", best="highest")


class TableTask(Task["TableData"]):
    """A table of which one column is predicted: a number, here."""

    name: ClassVar[str] = "tables"
    summary: ClassVar[str] = "tables; predicts one column from the others"
    families: ClassVar[Mapping[str, Family]] = FAMILIES
    default: ClassVar[str] = "tabm"
    telling: ClassVar[tuple[str, ...]] = ("target",)
    previewed: ClassVar[str] = "true → predicted"
    decides: ClassVar[Measure] = RMSE
    figures: ClassVar[tuple[Measure, ...]] = (RMSE, MAE, R2, RMSPE, MAPE)
    questions: ClassVar[Mapping[str, Verb]] = {
        name: Verb(summary, home) for name, (summary, home) in QUESTIONS.items()
    }

    def for_data(self, details: JSONObject) -> TableTask:
        """The task by what is predicted."""
        return BY_KIND.get(str(details.get("kind")), self)

    def example(self, family: str) -> Action:
        """Bikes rented, which come with hornbook."""
        return Action("train", ("bikeshare",))

    @property
    def files(self) -> frozenset[str]:
        """The splits, and how columns are mapped."""
        from hornbook.tables.data import FILES

        return FILES

    @property
    def private(self) -> frozenset[str]:
        """The rows."""
        from hornbook.tables.data import PRIVATE

        return PRIVATE

    def still_private(self, run: Run) -> str:
        """What the mapper holds."""
        if not run.data.mapper.categories:
            return ""
        return "the run holds the names of all categories that stand in the table"

    @property
    def typical(self) -> Shape:
        """A table of a dozen columns."""
        from hornbook.tables.models.contract import Shape

        return Shape((102, 9, 14, 33, 5, 4), 8, 1, 1, 80_000, -3.0, 3.0)

    @property
    def options(self) -> type[Settings]:
        """What is predicted, columns, and how to split."""
        from hornbook.tables.options import TableOptions

        return TableOptions

    def recognise(self, source: Source, options: Mapping[str, Any]) -> Claim | None:
        """A table whose target is named, or that looks like one."""
        if source.dataset is not None and source.dataset.mode != "table":
            return None  # said without loading what looks into files
        from hornbook.tables.recognise import recognise

        return recognise(source, options)

    def load(self, source: Source, options: Any) -> TableData:
        """Read, understand, split and map."""
        from hornbook.tables.loading import load_table

        return load_table(source, options)

    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> TableData:
        """The data that a run keeps."""
        from hornbook.tables.data import open_table

        return open_table(files, name, source, details)

    def acquaint(self, model: Any, data: TableData) -> None:
        """How the numbers of train are spread, for what is built on it."""
        if data.kept:
            model.acquaint(data.train.inputs)

    def candidates(self, data: TableData, seconds: float) -> Sequence[Candidate]:
        """All families: the default, then from the strongest to the simplest."""
        names = list(self.families)[::-1]
        names.sort(key=lambda name: name != self.default)
        return [Candidate(name, name) for name in names]

    def examine(self, source: Source, options: Any) -> Report:
        """What the doctor of tables finds."""
        from hornbook.tables.doctor.examine import examine

        return examine(source, options)

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A net, and a batch of made-up rows."""
        from hornbook.tables.gradient_case import gradient_case

        return gradient_case(self, family, settings, generator, seed)

    def batches(self, model: Any, data: TableData, training: TrainingSettings) -> Any:
        """Rows of train in a new order each epoch."""
        import numpy as np

        from hornbook.training.batches import ArrayBatches

        rows, target = data.train, data.target
        arrays = [rows.inputs.codes, rows.inputs.with_places, target.encode(rows.target)]
        weights = rows.weights
        if target.weights:
            of_classes = np.array(target.weights, np.float32)[rows.target]
            weights = of_classes if weights is None else weights * of_classes
        if weights is not None:
            arrays.append(weights)
        return ArrayBatches(*arrays, batch_size=training.batch_size, seed=training.seed)

    def evaluate(self, model: Any, data: TableData, split: str, limit: int = 0) -> Figures:
        """Errors of numbers, or scores of classes."""
        from hornbook.tables.evaluation import evaluate

        return evaluate(model, data, split, limit)

    @property
    def evaluated_with(self) -> type[Settings]:
        """What it is measured on."""
        from hornbook.tables.evaluating import EvaluateSettings

        return EvaluateSettings

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """All figures on every split, or on a file, with an interval of the deciding one."""
        if options.data is not None:
            from hornbook.tables.evaluating import evaluate_file

            return evaluate_file(run, options)
        from hornbook.tables.evaluation import report

        try:
            return report(run.model, run.data)
        except DataError as error:
            if not run.data.kept:
                error.hint += " Or measure it on a file that has the target:"
                error.action = Action("evaluate", (str(run.path),), {"data": "FILE"})
            raise

    def baselines(self, data: TableData, model: Any) -> Iterable[Baseline]:
        """Guessing, and trees."""
        from hornbook.tables.baselines import baselines

        return baselines(data, model)

    def grouped(self, model: Any, data: TableData, split: str) -> Grouped:
        """By row, or by group of rows that belong together."""
        from hornbook.tables.evaluation import scores_on

        return scores_on(model, data, split).grouped()

    def grouped_baselines(self, data: TableData) -> Iterable[GroupedBaseline]:
        """Guessing, and trees."""
        from hornbook.tables.baselines import grouped_baselines

        return grouped_baselines(data)

    def preview(self, model: Any, data: TableData) -> Sequence[str]:
        """Some rows of dev: the truth, and what is predicted."""
        from hornbook.tables.presenting import preview

        return preview(model, data)

    def samples(self, run: Run) -> Samples | None:
        """Some rows of dev with their predictions."""
        from hornbook.tables.presenting import samples

        return samples(run)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """Some rows of dev with their predictions."""
        from hornbook.tables.presenting import shown

        return shown(run)

    def introduce(self, run: Run) -> str:
        """What a model of a table does."""
        from hornbook.tables.presenting import introduction

        return introduction(run)

    def findings(self, run: Run) -> Iterable[Finding]:
        """Columns that give the target away, and those whose values train never has."""
        asked = run.data.mapper.asked
        return [*run.data.leaks, *(one.finding(asked) for one in run.data.unseen)]

    @property
    def seen_with(self) -> type[Settings]:
        """What the pictures are of."""
        from hornbook.tables.views import ViewSettings

        return ViewSettings

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """Importance, effects, embeddings, calibration or residuals, the worst rows."""
        from hornbook.tables.views import views_of

        return views_of(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Predict."""
        from hornbook.tables.presenting import next_steps

        return next_steps(run)

    @property
    def measure_explained(self) -> str:
        """What the error of a number is."""
        return (
            "The error says how far predictions lie from the true values, in their own units, on "
            "rows that the model has not seen: the root of the mean square. 0 would mean right "
            "every time. Lower is better: the shorter bar wins."
        )


class LogarithmTask(TableTask):
    """A number that is predicted by its logarithm: shares of it count."""

    decides: ClassVar[Measure] = RMSPE
    figures: ClassVar[tuple[Measure, ...]] = (RMSPE, MAPE, RMSE, MAE, R2)

    def in_words(self, value: float, run: Run, split: str) -> str:
        """How many percent a prediction is off."""
        from hornbook.tables.presenting import percent_off

        return percent_off(value)

    @property
    def measure_explained(self) -> str:
        """What the relative error of a number is."""
        return (
            "The error says how far predictions lie from the true values, as a share of these, on "
            "rows that the model has not seen: the root of the mean square. 0.1 is about ten "
            "percent off. Lower is better: the shorter bar wins."
        )


class ClassTask(TableTask):
    """A class that is predicted with probabilities."""

    decides: ClassVar[Measure] = Measure("loss", "nats")
    figures: ClassVar[tuple[Measure, ...]] = (
        Measure("loss", "nats"),
        Measure("accuracy", "accuracy", best="highest"),
        Measure("auc", "AUC", best="highest"),
        Measure("calibration_error", "calibration error"),
    )

    @property
    def measure_explained(self) -> str:
        """What the loss of a class is."""
        return (
            "The loss is -ln of the probability that the model gave to the class that was there, "
            "on rows that it has not seen: 0 would mean sure and right every time, 0.69 a coin "
            "toss between two. Lower is better: the shorter bar wins."
        )


BY_KIND: Mapping[str, TableTask] = {
    "number": TableTask(), "logarithm": LogarithmTask(), "class": ClassTask()
}  # fmt: skip
