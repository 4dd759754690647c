"""The task of words: vectors of them, learned from a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.records import JSONObject
from hornbook.tasks import Baseline, Candidate, Family, Figures, Grouped, Task, Verb
from hornbook.training.measures import Measure
from hornbook.words.asked import QUESTIONS
from hornbook.words.models.families import FAMILIES

if TYPE_CHECKING:
    import torch

    from hornbook.reports import Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings
    from hornbook.sources.source import Source
    from hornbook.storage import HashedFiles
    from hornbook.training.settings import TrainingSettings
    from hornbook.words.data import WordsData
    from hornbook.words.models.contract import Shape

__all__ = ["WordsTask"]


class WordsTask(Task["WordsData"]):
    """Any text; it claims none by itself, for what is wanted of one is rarely its words."""

    name: ClassVar[str] = "words"
    summary: ClassVar[str] = "vectors of the words of a text; finds words that are used alike"
    families: ClassVar[Mapping[str, Family]] = FAMILIES
    default: ClassVar[str] = "skip-gram"
    previewed: ClassVar[str] = "nearest words"
    decides: ClassVar[Measure] = Measure("neighbours", "neighbours told from chance", "highest")
    figures: ClassVar[tuple[Measure, ...]] = (decides,)
    questions: ClassVar[Mapping[str, Verb]] = {
        name: Verb(summary, home) for name, (summary, home) in QUESTIONS.items()
    }

    def example(self, family: str) -> Action:
        """Plays; any text is one of the task text, if nothing tells otherwise."""
        return Action("train", ("shakespeare",), {"task": self.name})

    @property
    def files(self) -> frozenset[str]:
        """The splits, and the words."""
        from hornbook.words.data import FILES

        return FILES

    @property
    def private(self) -> frozenset[str]:
        """The text."""
        from hornbook.words.data import PRIVATE

        return PRIVATE

    def still_private(self, run: Run) -> str:
        """The words themselves."""
        return "the run holds which words stand in the text, and how often"

    @property
    def typical(self) -> Shape:
        """A book or two."""
        from hornbook.words.models.contract import Shape

        return Shape(10_000, 500_000)

    @property
    def options(self) -> type[Settings]:
        """What words are, and how to split."""
        from hornbook.words.options import WordsOptions

        return WordsOptions

    def load(self, source: Source, options: Any) -> WordsData:
        """Read, split and number."""
        from hornbook.words.loading import load_words

        return load_words(source, options)

    def open(self, files: HashedFiles, name: str, source: str, details: JSONObject) -> WordsData:
        """The data that a run keeps."""
        from hornbook.words.data import open_words

        return open_words(files, name, source, details)

    def candidates(self, data: WordsData, seconds: float) -> Sequence[Candidate]:
        """Counting, then the net."""
        return [Candidate(name, name) for name in self.families]

    def gradient_case(
        self, family: str, settings: Settings, generator: torch.Generator, seed: int
    ) -> tuple[Any, Any]:
        """A net, and a batch of made-up words."""
        from hornbook.words.gradient_case import gradient_case

        return gradient_case(self, family, settings, generator, seed)

    def batches(self, model: Any, data: WordsData, training: TrainingSettings) -> Any:
        """Words of train with their neighbours, in a new order each epoch."""
        from hornbook.words.batches import WordBatches

        how = model.settings
        return WordBatches(
            data.train, data.counts, window=how.window, shrink=how.shrink_windows,
            shared=how.shared, exponent=how.ns_exponent, sample=how.subsample,
            batch_size=training.batch_size, seed=training.seed,
        )  # fmt: skip

    def evaluate(self, model: Any, data: WordsData, split: str, limit: int = 0) -> Figures:
        """How often a neighbour comes out closer than a random word."""
        from hornbook.words.evaluation import evaluate

        return evaluate(model, data, split, limit)

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """The same on every split, with intervals over passages."""
        from hornbook.words.evaluation import report

        return report(run.model, run.data)

    def baselines(self, data: WordsData, model: Any) -> Iterable[Baseline]:
        """Counting."""
        from hornbook.words.baselines import baselines

        return baselines(self, data)

    def grouped(self, model: Any, data: WordsData, split: str) -> Grouped:
        """By passage."""
        from hornbook.words.evaluation import won

        found = won(model, data, split)
        return Grouped(found.right, found.weights, "passages", most=1)

    @property
    def measure_explained(self) -> str:
        """What is asked of the vectors."""
        return (
            "For each word of a text that the model has not seen it is asked which of two others "
            "stands near it there: one does, the other is drawn at random. The figure is the share "
            "that it gets right: 1 would mean always, 0.5 is a coin toss. Higher is better: the "
            "longer bar wins."
        )

    def introduce(self, run: Run) -> str:
        """What vectors of words are."""
        from hornbook.words.presenting import introduction

        return introduction(run)

    def preview(self, model: Any, data: WordsData) -> Sequence[str]:
        """What a few words are near to."""
        from hornbook.words.presenting import preview

        return preview(model, data)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """What some words are near to."""
        from hornbook.words.presenting import shown

        return shown(run)

    @property
    def seen_with(self) -> type[Settings]:
        """How many words the map has."""
        from hornbook.words.views import ViewSettings

        return ViewSettings

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """A map."""
        from hornbook.words.views import views_of

        return views_of(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Ask for neighbours."""
        from hornbook.words.presenting import next_steps

        return next_steps(run)
