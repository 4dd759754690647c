"""Weights so large that what a model computes with them is no longer finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError

__all__ = ["refuse_overflow"]


def refuse_overflow(logits: npt.NDArray[Any]) -> None:
    """Refuse logits from which no probabilities come; -inf is one, of a token that cannot be.

    Raises:
        RunError: if there is a NaN or +inf among them.
    """
    if np.isnan(logits).any() or np.isposinf(logits).any():
        raise RunError(
            "The outputs of this model are not finite: its weights are too large.",
            hint="Train again with a lower `learning_rate`, or restore the run directory from an "
            "intact copy.",
        )
