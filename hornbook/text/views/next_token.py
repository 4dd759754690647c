"""Probabilities of the next token."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Floats

__all__ = ["probabilities"]


def probabilities(logits: Floats) -> npt.NDArray[np.float64]:
    """softmax of logits (B, V) in float64; zeros if all logits are -inf.

    That happens in counts without smoothing, after a context that never occurred in training.
    """
    top = logits.max(axis=1, keepdims=True)
    possible = ~np.isneginf(top)
    powers = np.exp(logits.astype(np.float64) - np.where(possible, top, 0))
    return powers / np.where(possible, powers.sum(axis=1, keepdims=True), 1)
