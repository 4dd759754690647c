"""The task of pairs where a label is to be said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from hornbook.actions import Action
from hornbook.pairs.models.families import LABELLERS
from hornbook.pairs.task import PairsTask
from hornbook.tasks import Baseline, Candidate, Family, Figures, Grouped, GroupedBaseline
from hornbook.training.measures import Measure

if TYPE_CHECKING:
    from hornbook.monitoring.history import Ignorance
    from hornbook.pairs.data import PairData
    from hornbook.pairs.models.contract import Shape
    from hornbook.reports import Samples, Table, View
    from hornbook.runs import Run
    from hornbook.settings import Settings

__all__ = ["LabelsTask"]

LOSS = Measure("loss", "nats")


class LabelsTask(PairsTask):
    """Texts, each with one of some labels, which is predicted with probabilities."""

    families: ClassVar[Mapping[str, Family]] = LABELLERS
    default: ClassVar[str] = "log-linear"
    previewed: ClassVar[str] = "texts: label → predicted"
    decides: ClassVar[Measure] = LOSS
    figures: ClassVar[tuple[Measure, ...]] = (
        LOSS,
        Measure("accuracy", "accuracy", "highest"),
        Measure("macro_f1", "macro F1", "highest"),
        Measure("calibration_error", "calibration error"),
    )

    @property
    def keeps_by(self) -> Measure:
        """The loss, which decides too."""
        return self.decides

    def fit(self, model: Any, data: PairData) -> Sequence[str]:
        """Fit, and calibrate on dev."""
        super().fit(model, data)
        return self.conclude(model, data)

    def conclude(self, model: Any, data: PairData) -> Sequence[str]:
        """Calibrate on dev."""
        from hornbook.pairs.calibration import calibrate

        if "dev" not in data.sizes:
            return ()
        owners = data.owners(data.side("dev").sources)
        told = calibrate(model, data.sources("dev"), data.numbers("dev"), owners)
        return (told,) if told else ()

    def candidates(self, data: PairData, seconds: float) -> Sequence[Candidate]:
        """All families: the default, then from the strongest to the simplest."""
        names = [self.default, *(one for one in [*self.families][::-1] if one != self.default)]
        return [Candidate(name, name) for name in names]

    def evaluate(self, model: Any, data: PairData, split: str, limit: int = 0) -> Figures:
        """Loss, accuracy and F1."""
        from hornbook.pairs.labels.evaluation import evaluate

        return evaluate(model, data, split, limit)

    @property
    def evaluated_with(self) -> type[Settings]:
        """What it is measured on."""
        from hornbook.pairs.labels.of_file import EvaluateSettings

        return EvaluateSettings

    def report(self, run: Run, options: Any) -> Mapping[str, Any]:
        """All figures on every split, or on a file, with intervals."""
        if options.data is not None:
            from hornbook.pairs.labels.of_file import evaluate_file

            return evaluate_file(run, options)
        from hornbook.pairs.labels.evaluation import report

        return report(run.model, run.data)

    def baselines(self, data: PairData, model: Any) -> Iterable[Baseline]:
        """Shares of the labels, and n-grams."""
        from hornbook.pairs.labels.baselines import baselines

        return baselines(data, model)

    def grouped(self, model: Any, data: PairData, split: str) -> Grouped:
        """By text."""
        from hornbook.pairs.labels.evaluation import label_scores

        return label_scores(model, data, split).grouped()

    def grouped_baselines(self, data: PairData) -> Iterable[GroupedBaseline]:
        """Shares of the labels; n-grams are families."""
        from hornbook.pairs.labels.baselines import grouped_shares

        return (grouped_shares(data),)

    def ignorance(self, shape: Shape) -> Ignorance:
        """Guessing evenly."""
        from hornbook.monitoring.history import Ignorance

        n = shape.labels
        words = f"guessing evenly among {n} labels costs ln {n} = {math.log(n):.2f}"
        return Ignorance(math.log(n), words)

    @property
    def measure_explained(self) -> str:
        """What the loss of a label is."""
        return (
            "The loss is -ln of the probability that the model gave to the label that was right, "
            "on texts that it has not seen: 0 would mean sure and right every time, 0.69 a coin "
            "toss between two. Lower is better: the shorter bar wins."
        )

    def in_words(self, value: float, run: Run, split: str) -> str:
        """What the loss is of."""
        return "nats"

    def introduce(self, run: Run) -> str:
        """What a model of labels does."""
        from hornbook.pairs.labels.presenting import introduction

        return introduction(run)

    def preview(self, model: Any, data: PairData) -> Sequence[str]:
        """Some texts of dev: the label, and what is predicted."""
        from hornbook.pairs.labels.presenting import preview

        return preview(model, data)

    def samples(self, run: Run) -> Samples | None:
        """Some texts of dev with their labels."""
        from hornbook.pairs.labels.presenting import samples

        return samples(run)

    def show(self, run: Run, filter_command: str = "") -> Sequence[str | Table]:
        """Some texts of dev with their labels."""
        from hornbook.pairs.labels.presenting import shown

        return shown(run)

    @property
    def seen_with(self) -> type[Settings]:
        """What the pictures are of."""
        from hornbook.pairs.labels.views import ViewSettings

        return ViewSettings

    def views(self, run: Run, options: Any) -> Sequence[View]:
        """Confusion, calibration, the worst texts."""
        from hornbook.pairs.labels.views import views_of

        return views_of(run, options)

    def next_steps(self, run: Run) -> Sequence[Action]:
        """Ask for labels."""
        from hornbook.pairs.labels.presenting import next_steps

        return next_steps(run)
