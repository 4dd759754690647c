"""Derivatives by hand, line by line: the lecture's net and what is built on it."""

from __future__ import annotations

from hornbook.errors import SettingsError
from hornbook.lessons.derivations.attention import ATTENTION, CROSS_ATTENTION
from hornbook.lessons.derivations.derivation import Derivation, Edge, Step, Training, Values
from hornbook.lessons.derivations.lstm import LSTM_STEP
from hornbook.lessons.derivations.net import BACKPROP, BATCHNORM, CROSS_ENTROPY, TRAINING
from hornbook.suggestions import did_you_mean

__all__ = ["DERIVATIONS", "Derivation", "Edge", "Step", "Training", "Values", "derivation"]

DERIVATIONS = {
    made.name: made
    for made in (
        BACKPROP,
        CROSS_ENTROPY,
        BATCHNORM,
        TRAINING,
        ATTENTION,
        CROSS_ATTENTION,
        LSTM_STEP,
    )
}


def derivation(name: str) -> Derivation:
    """A derivation by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    if name not in DERIVATIONS:
        raise SettingsError(
            f"Unknown exercise {name!r}.",
            hint=f"{did_you_mean(name, DERIVATIONS)}Exercises: {', '.join(DERIVATIONS)}.",
        )
    return DERIVATIONS[name]
