"""Naive Bayes: how often each n-gram stands in texts of each label, as if all were independent.

    p(label | text) ∝ p(label) · Π p(n-gram | label),  p(f | k) = (n_fk + a) / (n_k + a F)

as scikit-learn's MultinomialNB. N-grams are anything but independent, so the probabilities are far
too sure: the temperature that dev asks for mends that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from hornbook.pairs.calibration import fitted_temperature, losses
from hornbook.pairs.models.ngram_features import Counts
from hornbook.pairs.models.ngram_labeller import Floats, NgramLabeller, NgramSettings
from hornbook.pairs.rows import Ids
from hornbook.settings import Bounds

__all__ = ["NaiveBayes", "NaiveBayesSettings"]

TRIED = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
USUAL = 0.3  # where train is too small to hold out a part of it


@dataclass(frozen=True)
class NaiveBayesSettings(NgramSettings):
    """Naive Bayes over n-grams."""

    added: Annotated[float, Bounds(0, 1e6)] = 0.0
    """Count added to that of each n-gram (0: the best of some on a fifth of train, held out, with
    the temperature that suits each there)."""


class NaiveBayes(NgramLabeller):
    """Weights are the logarithms of shares of counts; the bias is that of the labels' shares."""

    Settings = NaiveBayesSettings

    def solved(
        self, counts: Counts, target: Ids, held: npt.NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """By counting."""
        labels = self.shape.labels
        if self.settings.added:
            return by_counting(counts, target, labels, self.settings.added)
        if not held.any():
            return by_counting(counts, target, labels, USUAL)
        rest, apart = np.flatnonzero(~held), np.flatnonzero(held)
        fitted, other, wanted = counts.take(rest), counts.take(apart), target[apart]
        reached = []
        for added in TRIED:
            weights, bias = by_counting(fitted, target[rest], labels, added)
            scores = other.times(weights) + bias
            reached.append(float(losses(scores, wanted, fitted_temperature(scores, wanted)).mean()))
        return by_counting(counts, target, labels, TRIED[int(np.argmin(reached))])


def by_counting(counts: Counts, target: Ids, labels: int, added: float) -> tuple[Floats, Floats]:
    """Weights (features, labels) and bias (labels,).

    Args:
        counts: of texts.
        target: numbers of their labels, shape (N,).
        labels: how many there are.
        added: to each count.
    """
    known = np.zeros((len(target), labels))
    known[np.arange(len(target)), target] = 1
    each = counts.transposed_times(known) + added  # (features, labels)
    # One label may be missing where a part of train is held out: it is there half a time then.
    often = np.maximum(known.sum(0), 0.5)
    return np.log(each) - np.log(each.sum(0)), np.log(often / often.sum())
