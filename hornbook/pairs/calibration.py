"""Temperature scaling: one number that makes probabilities say how often they come true.

A model that is surer than it is right, as naive Bayes and overfitted nets are, is mended by
dividing its scores by a temperature T, chosen so that the loss on dev is lowest (Guo et al. 2017).
The order of the labels stays, so accuracy does too. A number that is fitted to chance helps nobody:
T is kept only if it lowers the loss on parts of dev that it was not fitted to.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hornbook.pairs.models.contract import Labeller
from hornbook.pairs.probabilities import log_softmax
from hornbook.pairs.rows import Ids
from hornbook.rendering import figure

__all__ = ["calibrate", "fitted_temperature", "held_out_gains", "losses"]

Floats = npt.NDArray[np.float64]
FOLDS, LEAST = 5, 20  # parts of dev, and labelled texts in all of it
LOW, HIGH, ROUNDS = 0.02, 100.0, 60  # of T, and halvings of the range of its logarithm


def losses(scores: Floats, target: Ids, temperature: float) -> Floats:
    """-ln p of what was there, shape (N,)."""
    found: Floats = -log_softmax(scores / temperature)[np.arange(len(target)), target]
    return found


def fitted_temperature(scores: Floats, target: Ids) -> float:
    """The temperature with the lowest mean loss, by halving.

    With β = 1/T the loss is convex in β, and its slope is the mean of what scores are expected to
    be less what they were; where no T is best (all are right) it is the lowest that is tried.

    Args:
        scores: of each label, shape (N, labels).
        target: numbers of the labels that were there, shape (N,).
    """
    there = scores[np.arange(len(target)), target]
    low, high = np.log(1 / HIGH), np.log(1 / LOW)
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        share = np.exp(log_softmax(np.exp(middle) * scores))
        slope = float(((share * scores).sum(1) - there).mean())
        low, high = (middle, high) if slope < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def held_out_gains(scores: Floats, target: Ids, owners: Ids) -> Floats:
    """What each text costs less with the temperature that the other folds give, shape (N,).

    Args:
        scores: of each label, shape (N, labels).
        target: numbers of the labels that were there, shape (N,).
        owners: numbers of the texts, from 0, shape (N,): those of one are in the same fold.
    """
    different = int(owners.max()) + 1
    fold = (np.random.default_rng(0).permutation(different) % FOLDS)[owners]
    gains = np.zeros(len(target))
    for one in range(FOLDS):
        held = fold == one
        temperature = fitted_temperature(scores[~held], target[~held])
        gains[held] = losses(scores[held], target[held], 1.0) - losses(
            scores[held], target[held], temperature
        )
    return gains


def calibrate(model: Labeller, sources: Sequence[Ids], target: Ids, owners: Ids) -> str:
    """Give a model the temperature that dev asks for, if it helps.

    Args:
        model: with its final weights.
        sources: of dev, each with its boundary.
        target: numbers of their labels, shape (N,).
        owners: numbers of the texts, from 0, the same of those that read the same; shape (N,).

    Returns:
        What was done, as a sentence; empty if nothing was.
    """
    model.temperature = 1.0
    if len(np.unique(owners)) < LEAST:
        return ""
    scores = model.scores(sources)
    gains = held_out_gains(scores, target, owners)
    error = float(gains.std(ddof=1)) / len(gains) ** 0.5
    if not gains.mean() > error:
        return ""
    model.temperature = temperature = fitted_temperature(scores, target)
    before, after = (float(losses(scores, target, one).mean()) for one in (1.0, temperature))
    much = "surer" if temperature > 1 else "less sure"
    return (
        f"The model was {much} than it was right: its scores are divided by a temperature of "
        f"{temperature:.3g}, fitted on dev. There the loss went from {figure(before)} to "
        f"{figure(after)}; on parts of dev that were held out from fitting it fell by "
        f"{figure(float(gains.mean()))}."
    )
