"""How good probabilities of labels are: on a split in training, and in full afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.pairs.data import PairData
from hornbook.pairs.models.contract import Labeller, PairModel
from hornbook.pairs.rows import Ids
from hornbook.records import JSON
from hornbook.statistics import ends_of
from hornbook.tasks import Figures
from hornbook.tasks.scores import ClassScores

__all__ = ["LabelFigures", "evaluate", "groups_of", "label_scores", "report", "scores_of"]


def scores_of(
    model: Labeller, data: PairData, texts: Sequence[str], sources: Sequence[Ids], target: Ids
) -> ClassScores:
    """How good a model is on some texts.

    A text that comes twice is one draw of chance: intervals are over texts.

    Args:
        model: that gives labels.
        data: that it was made for.
        texts: as they were read.
        sources: their ids, each with its boundary.
        target: numbers of their labels, shape (N,).
    """
    chances = np.exp(model.log_probabilities(sources))
    return ClassScores(groups_of(data, texts), chances, target)


def groups_of(data: PairData, texts: Sequence[str]) -> npt.NDArray[np.int32] | None:
    """The number of each text, shape (N,), the same of those that read the same.

    None where all are different.
    """
    groups = data.owners(texts)
    return groups.astype(np.int32) if len(np.unique(groups)) < len(groups) else None


def label_scores(model: Labeller, data: PairData, split: str, limit: int = 0) -> ClassScores:
    """How good a model is on a split, or on about `limit` texts of it, evenly spread."""
    texts, sources, target = data.side(split).sources, data.sources(split), data.numbers(split)
    if 0 < limit < len(texts):
        at = np.linspace(0, len(texts) - 1, limit).astype(np.int64)
        texts, sources = tuple(texts[one] for one in at), [sources[one] for one in at]
        target = target[at]
    return scores_of(model, data, texts, sources, target)


def evaluate(model: PairModel, data: PairData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split, or on about `limit` texts of it."""
    assert isinstance(model, Labeller)
    scores = label_scores(model, data, split, limit)
    measures = {"accuracy": float(scores.right.mean()), "macro_f1": scores.macro_f1}
    return Figures(scores.figure, measures, len(scores.target))


@dataclass(frozen=True)
class LabelFigures:
    """All figures of a split."""

    scores: ClassScores
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, JSON]:
        """The figures by name, with intervals over texts; and how many pairs they are of."""
        scores = self.scores
        return {
            "loss": scores.figure,
            **ends_of(scores.interval, "loss"),
            "accuracy": float(scores.right.mean()),
            **ends_of(scores.accuracy_interval, "accuracy"),
            "macro_f1": scores.macro_f1,
            **ends_of(scores.macro_f1_interval, "macro_f1"),
            "calibration_error": scores.calibration_error,
            "pairs": len(scores.target),
        }


def report(model: PairModel, data: PairData) -> dict[str, LabelFigures]:
    """All figures of a finished model, by split.

    Raises:
        DataError: if the data are not kept.
    """
    data.side("train")  # asked, so that data that are gone are told
    assert isinstance(model, Labeller)
    return {split: LabelFigures(label_scores(model, data, split)) for split in data.splits}
