"""How much is evaluated in the course of a training: what it may cost beside the training.

Cost is counted, not measured, so that the same command evaluates the same predictions everywhere: a
prediction takes about as many multiply-adds as the model has parameters, and training on it three
times as many, one for the forward pass and two for the backward pass.
"""

from __future__ import annotations

from collections.abc import Collection

from hornbook.training.settings import EVALUATED, TrainingSettings

__all__ = ["affordable"]

SHARE = 0.5  # of the multiply-adds of training that evaluating may take
FREE = 2**37  # multiply-adds that it may take in any case: some seconds
TRAINING = 3  # times the multiply-adds of an evaluation
LEAST = 200  # predictions: fewer say nothing


def affordable(
    settings: TrainingSettings, sizes: Collection[int], per_step: float, n_parameters: int
) -> int:
    """How many predictions of each split to evaluate at a time.

    Args:
        settings: of the training; an `evaluate_on` that is not the default is taken as it is.
        sizes: predictions in each split that is evaluated.
        per_step: predictions that a step trains on.
        n_parameters: of the model.

    Returns:
        `evaluate_on`, or fewer where that would cost too much.
    """
    if settings.evaluate_on != EVALUATED or not sizes:
        return settings.evaluate_on
    evaluations = 1 - (-settings.steps // settings.evaluation_interval)
    allowed = max(SHARE * TRAINING * settings.steps * per_step, FREE / n_parameters)
    if evaluations * sum(min(EVALUATED, size) for size in sizes) <= allowed:
        return EVALUATED
    return min(EVALUATED, max(LEAST, int(allowed / evaluations / len(sizes))))
