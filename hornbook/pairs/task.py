"""The task of pairs: something given, something to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.errors import SettingsError
from hornbook.pairs.asked import QUESTIONS
from hornbook.pairs.models.families import FAMILIES, LABELLERS
from hornbook.records import JSONObject
from hornbook.tasks import Claim, Family, Figures, Task, Verb
from hornbook.training.measures import LOSS, Measure

if TYPE_CHECKING:
    import torch

    from hornbook.pairs.data import PairData
    from hornbook.pairs.models.contract import Shape
    from hornbook.reports import Report
    from hornbook.settings import Settings
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.training.settings import TrainingSettings

__all__ = ["PairsTask"]

ERRORS = Measure("character_errors", "character errors per character")


class PairsTask(Task["PairData"]):
    """Two columns: a source, and the text or the label that belongs to it."""

    name: ClassVar[str] = "pairs"
    summary: ClassVar[str] = "pairs: a text, and the text or the label that belongs to it"
    families: ClassVar[Mapping[str, Family]] = FAMILIES
    default: ClassVar[str] = "seq2seq"
    telling: ClassVar[tuple[str, ...]] = ("source_column", "target_column", "label_column")
    previewed: ClassVar[str] = "answers"
    decides: ClassVar[Measure] = ERRORS
    figures: ClassVar[tuple[Measure, ...]] = (
        ERRORS,
        Measure("exact", "share exactly right", "highest"),
        Measure("nats_per_token", "nats/token"),
    )
    questions: ClassVar[Mapping[str, Verb]] = {
        name: Verb(summary, home) for name, (summary, home) in QUESTIONS.items()
    }

    @property
    def keeps_by(self) -> Measure:
        """The loss: all nets have one, and it tells more of a few pairs than their answers do."""
        return LOSS

    def for_data(self, details: JSONObject) -> PairsTask:
        """The task by what is said: texts, or labels."""
        from hornbook.pairs.labels.task import LabelsTask
        from hornbook.pairs.texts.task import TextsTask

        return LabelsTask() if details.get("labels") else TextsTask()

    def usual_family(self, source: Source | None, options: Mapping[str, Any]) -> str:
        """The default of what is said, as far as a first look tells it."""
        from hornbook.pairs.labels.task import LabelsTask
        from hornbook.pairs.recognise import looks_labelled

        if source is not None and looks_labelled(source, options):
            return LabelsTask.default
        return self.default

    def refuse_unfit(self, family: str, data: PairData) -> None:
        """Refuse what writes texts where labels are to be said, and the other way round."""
        if family in self.for_data(data.details).families:
            return
        fitting = ", ".join(self.for_data(data.details).families)
        said = data.columns[1]
        if data.labels:
            raise SettingsError(
                f"{family} writes texts, and {said} has labels ({len(data.labels)} different "
                "ones).",
                hint=f"Families for labels: {fitting}. To have {said} written as a text, set "
                "`target_column` to it.",
                setting="model",
            )
        raise SettingsError(
            f"{family} predicts labels, and {said} has texts.",
            hint=f"Families for texts: {fitting}. To have {said} read as labels, set "
            "`label_column` to it.",
            setting="model",
        )

    def example(self, family: str) -> Action:
        """Dates to be written otherwise, or names and their sex."""
        return Action("train", ("sex.tsv" if family in LABELLERS else "dates.tsv",))

    @property
    def files(self) -> frozenset[str]:
        """The splits, and the tokens."""
        from hornbook.pairs.data import FILES

        return FILES

    @property
    def private(self) -> frozenset[str]:
        """The pairs."""
        from hornbook.pairs.data import PRIVATE

        return PRIVATE

    @property
    def typical(self) -> Shape:
        """Short words in letters."""
        from hornbook.pairs.models.contract import Shape
        from hornbook.tokenizers.contract import Vocabulary

        letters = Vocabulary(27, 0, 0)
        return Shape(letters, letters, 0, True, 13, 13, 20_000)

    def typical_of(self, family: str) -> Shape:
        """Of families that say labels two of these in place of targets."""
        if family in LABELLERS:
            return replace(self.typical, target=None, labels=2, shared=False, longest_target=1)
        return self.typical

    @property
    def options(self) -> type[Settings]:
        """Columns, tokens, and how to split."""
        from hornbook.pairs.options import PairOptions

        return PairOptions

    def recognise(self, source: Source, options: Mapping[str, Any]) -> Claim | None:
        """Two columns of texts, or one that is told: no data set with a name has two."""
        if source.dataset is not None and options.keys().isdisjoint(self.telling):
            return None  # said without loading what looks into files
        from hornbook.pairs.recognise import recognise

        return recognise(source, options)

    def load(self, source: Source, options: Any) -> PairData:
        """Read, split and cut into tokens."""
        from hornbook.pairs.loading import load_pairs

        return load_pairs(source, options)

    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> PairData:
        """The data that a run keeps."""
        from hornbook.pairs.data import open_pairs

        return open_pairs(files, name, source, details)

    def fit(self, model: Any, data: PairData) -> Sequence[str]:
        """Fit, and tell what was left out."""
        return tuple(model.fit(data) or ())

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A net, and a batch of made-up pairs."""
        from hornbook.pairs.gradient_case import gradient_case

        return gradient_case(self, family, settings, generator, seed)

    def batches(self, model: Any, data: PairData, training: TrainingSettings) -> Any:
        """Pairs of train, those of about equal lengths together."""
        from hornbook.pairs.batches import PairBatches

        labels = bool(data.labels)
        return PairBatches(
            data.sources("train"),
            data.numbers("train") if labels else data.targets("train"),
            None if labels else data.writing.vocabulary.start,
            training.batch_size,
            training.seed,
        )

    def evaluate(self, model: Any, data: PairData, split: str, limit: int = 0) -> Figures:
        """What it says beside what is right."""
        from hornbook.pairs.evaluation import evaluate

        return evaluate(model, data, split, limit)

    def examine(self, source: Source, options: Any) -> Report:
        """What the doctor of pairs finds."""
        from hornbook.pairs.doctor.examine import examine

        return examine(source, options)
