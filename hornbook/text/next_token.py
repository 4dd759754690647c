"""From logits to a token: temperature, top-k and top-p, and the draw itself, in NumPy.

The same seed gives the same draws from the same logits, whether they come from counts or from a
net.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hornbook.text.models.contract import Floats

__all__ = ["choose", "shape_probabilities"]


def shape_probabilities(
    logits: Floats, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> Floats:
    """Probabilities of shape (B, V) after temperature, top-k and top-p, in that order.

    Args:
        logits: shape (B, V).
        temperature: what logits are divided by; 0 gives all to the likeliest.
        top_k: keep so many of the likeliest tokens (0: all).
        top_p: keep the fewest likeliest tokens that have this probability together.
    """
    if temperature == 0:
        p = np.zeros_like(logits)
        p[np.arange(len(logits)), logits.argmax(axis=1)] = 1
        return p
    if temperature != 1:
        # The largest is taken off first, and stays 0; what overflows below it is -inf, and its
        # probability 0. A temperature that the numbers cannot hold would be a division by 0.
        below = logits - logits.max(axis=1, keepdims=True)
        if temperature < np.finfo(below.dtype).tiny:
            below = below.astype(np.float64)
        with np.errstate(over="ignore"):
            logits = below / temperature
    if 0 < top_k < logits.shape[1]:
        # Exactly k, ties broken by the id, so that no more than k can be drawn.
        order = np.argsort(-logits, axis=1, kind="stable")[:, top_k:]
        logits = logits.copy()
        np.put_along_axis(logits, order, -np.inf, axis=1)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    if top_p < 1:
        order = np.argsort(-p, axis=1, kind="stable")
        ranked = np.take_along_axis(p, order, axis=1)
        # A token stays while those before it have not reached the mass; the first always does.
        beyond = np.cumsum(ranked, axis=1) - ranked >= top_p
        ranked[beyond] = 0
        np.put_along_axis(p, order, ranked, axis=1)
        p /= p.sum(axis=1, keepdims=True)
    shaped: Floats = p
    return shaped


def choose(p: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """One id from each row of probabilities (B, V), by inverting the cumulative sum."""
    cumulative = np.cumsum(p, axis=1)
    # Scaled by the row's own sum, so that rounding cannot leave a draw beyond the last token.
    mark = rng.random((len(p), 1)) * cumulative[:, -1:]
    chosen: npt.NDArray[np.int64] = (cumulative > mark).argmax(axis=1)
    return chosen
