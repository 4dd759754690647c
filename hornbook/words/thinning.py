"""Frequent words are thinned out: they stand near everything, and so tell little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["SAMPLE", "busiest", "kept_shares"]

SAMPLE = 0.001
"The share of a word from which on it is usually thinned."


def kept_shares(counts: npt.NDArray[np.int64], sample: float) -> npt.NDArray[np.float64]:
    """With which probability a word is kept, of those so frequent that they are thinned out.

    (√(f / sample) + 1) · sample / f for a word of share f, as word2vec's program has it.

    Args:
        counts: how often each word stands in train, shape (words,).
        sample: the share of a word from which on it is thinned; 0: none is.
    """
    if not sample:
        return np.ones(len(counts))
    share = counts / counts.sum() / sample
    kept: npt.NDArray[np.float64] = np.minimum(1.0, (np.sqrt(share) + 1) / share)
    return kept


def busiest(counts: npt.NDArray[np.int64]) -> float:
    """The largest share that a word has of a text when the usual words are thinned out."""
    left = counts * kept_shares(counts, SAMPLE)
    return float(left.max() / left.sum())
