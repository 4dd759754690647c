"""How much is evaluated, in the course of a training and at its end: what it may cost beside it.

Cost is counted, not measured, so that the same command evaluates the same predictions everywhere: a
prediction takes about as many multiply-adds as the model has parameters, and training on it three
times as many, one for the forward pass and two for the backward pass.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hornbook.training.settings import EVALUATED, TrainingSettings

__all__ = ["affordable", "at_the_end"]

SHARE = 0.5  # of the multiply-adds of training that evaluating may take
FREE = 2**37  # multiply-adds that it may take in any case: some seconds
TRAINING = 3  # times the multiply-adds of an evaluation
LEAST = 200  # predictions: fewer say nothing
END = 0.1  # of the multiply-adds of training that the evaluation at the end may take
END_FREE = 2**34  # multiply-adds that it may take in any case: about a second
EACH = 2**16  # multiply-adds that take as long as what a prediction costs beside the parameters


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


def at_the_end(
    settings: TrainingSettings, sizes: Mapping[str, int], per_step: float, n_parameters: int
) -> dict[str, int]:
    """How many predictions of each split the last figures are of: all, where that costs little.

    Dev comes first, for it decides. Train is measured as a whole or not again: the part that was
    measured in the course of training says as much as another part.

    Args:
        settings: of the training.
        sizes: predictions in each split that is evaluated.
        per_step: predictions that a step trains on.
        n_parameters: of the model.

    Returns:
        By split; never fewer than in the course of training.
    """
    allowed = int(
        max(
            END * TRAINING * settings.steps * per_step,
            END_FREE / (n_parameters + EACH),
        )
    )
    found = {}
    for split in sorted(sizes, key=lambda name: name != "dev"):
        size = sizes[split]
        before = min(settings.evaluate_on or size, size)
        whole = size <= allowed
        found[split] = size if whole else max(before, allowed if split == "dev" else 0)
        allowed = max(0, allowed - (found[split] if found[split] > before else 0))
    return found
