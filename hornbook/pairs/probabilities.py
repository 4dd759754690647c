"""From scores to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["log_softmax"]


def log_softmax(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """ln p by row, shape (B, V)."""
    shifted = scores.astype(np.float64)
    shifted -= shifted.max(1, keepdims=True)
    found: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return found
