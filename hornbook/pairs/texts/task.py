"""The task of pairs where a text is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.pairs.models.families import WRITERS
from hornbook.pairs.task import PairsTask
from hornbook.tasks import Baseline, Candidate, Family, Grouped
from hornbook.training.settings import EVALUATED

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.reports import Samples, Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings
    from hornbook.training.settings import TrainingSettings

__all__ = ["TextsTask"]

ASKED = 500  # pairs of each split that are measured in the course of training


class TextsTask(PairsTask):
    """Pairs whose targets are texts."""

    families: ClassVar[Mapping[str, Family]] = WRITERS

    def settle(
        self, model: Any, data: PairData, training: TrainingSettings, processes: int
    ) -> TrainingSettings:
        """Fewer sources in evaluations: an answer is found token by token, which takes time."""
        settled = super().settle(model, data, training, processes)
        if settled.evaluate_on == EVALUATED:
            return replace(settled, evaluate_on=ASKED)
        return settled

    @property
    def evaluated_with(self) -> type[Settings]:
        """Another file, and beam search."""
        from hornbook.pairs.texts.evaluating import WriterEvaluation

        return WriterEvaluation

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """All figures on every split or on a file, with intervals over sources."""
        from hornbook.pairs.texts.evaluating import report_of

        return report_of(run, options)

    def baselines(self, data: PairData, model: Any) -> Iterable[Baseline]:
        """What needs no net, each with its defaults."""
        from hornbook.pairs.texts.baselines import baselines

        return baselines(self, data, model)

    def grouped(self, model: Any, data: PairData, split: str) -> Grouped:
        """By source."""
        from hornbook.pairs.evaluation import said_on

        said = said_on(model, data, split)
        return Grouped(said.edits, said.lengths, "sources")

    def candidates(self, data: PairData, seconds: float) -> Sequence[Candidate]:
        """What is made in one pass, from the simplest on, and nets, the default first."""
        fitted = [name for name, line in self.families.items() if not line.trained]
        nets = [name for name, line in self.families.items() if line.trained]
        nets.sort(key=lambda name: name != self.default)
        return [Candidate(name, name) for name in (*fitted, *nets)]

    def preview(self, model: Any, data: PairData) -> Sequence[str]:
        """Some sources of dev: what is said, and what is right."""
        from hornbook.pairs.texts.presenting import preview

        return preview(model, data)

    def samples(self, run: Run) -> Samples | None:
        """Some sources of dev with what is said to them."""
        from hornbook.pairs.texts.presenting import samples

        return samples(run)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """Some sources of dev with what is said to them."""
        from hornbook.pairs.texts.presenting import shown

        return shown(run)

    def introduce(self, run: Run) -> str:
        """What the model has learned to say."""
        from hornbook.pairs.texts.presenting import introduction

        return introduction(run)

    @property
    def measure_explained(self) -> str:
        """What a character error is."""
        return (
            "The error says how many characters of what the model says have to be inserted, "
            "deleted or replaced, per character of the right text, on sources that it has not "
            "seen. 0 would mean right to the letter every time. Lower is better: the shorter bar "
            "wins."
        )

    @property
    def seen_with(self) -> type[Settings]:
        """What the pictures are of."""
        from hornbook.pairs.texts.views import WriterViews

        return WriterViews

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """The worst mistakes, errors by length, confused tokens, where the decoder looks."""
        from hornbook.pairs.texts.views import views_of

        return views_of(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Translate."""
        from hornbook.pairs.texts.presenting import next_steps

        return next_steps(run)
