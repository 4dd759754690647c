"""Losses of a few predictions, and the penalty that keeps weights small."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.scalar.value import Value, as_value, dot

__all__ = ["l2_penalty", "max_margin", "mean_squared_error"]


def mean_squared_error(predictions: Sequence[Value], targets: Sequence[Value | float]) -> Value:
    """The mean of (prediction - target)².

    Raises:
        ValueError: if there is nothing to compare, or not as many targets as predictions.
    """
    errors = [p - t for p, t in paired(predictions, targets)]
    return dot(errors, errors) / len(errors)


def max_margin(scores: Sequence[Value], targets: Sequence[Value | float]) -> Value:
    """The mean of max(0, 1 - target · score), for targets -1 or 1 (the hinge of an SVM).

    Raises:
        ValueError: if a target is not -1 or 1, there is none, or not as many as scores.
    """
    pairs = paired(scores, targets)
    if wrong := [t.data for _, t in pairs if abs(t.data) != 1.0]:
        raise ValueError(f"a target of max_margin must be -1 or 1, not {wrong[0]:g}")
    hinges = [(1.0 - t * s).relu() for s, t in pairs]
    total = hinges[0]
    for hinge in hinges[1:]:
        total = total + hinge
    return total / len(hinges)


def l2_penalty(parameters: Sequence[Value], strength: float) -> Value:
    """strength · (the sum of the squares of the parameters)."""
    return strength * dot(parameters, parameters)


def paired(
    predictions: Sequence[Value], targets: Sequence[Value | float]
) -> list[tuple[Value, Value]]:
    """Each prediction with its target."""
    if not predictions or len(predictions) != len(targets):
        raise ValueError(
            "a loss needs at least one prediction and as many targets, "
            f"not {len(predictions)} and {len(targets)}"
        )
    return [(p, as_value(t)) for p, t in zip(predictions, targets, strict=True)]
