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
        logits = likeliest(logits, top_k)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    if top_p < 1:
        keep_mass(p, top_p)
        p /= p.sum(axis=1, keepdims=True)
    shaped: Floats = p
    return shaped


def likeliest(logits: Floats, k: int) -> Floats:
    """Logits (B, V) of which exactly k in each row are left; ties are broken by the id.

    Nothing is sorted: of 50,257 tokens that takes twenty times as long as to find the k-th.
    """
    lost = logits.shape[1] - k
    last = np.partition(logits, lost, axis=1)[:, lost, None]  # the k-th largest of each row
    above, equal = logits > last, logits == last
    room = k - above.sum(axis=1, keepdims=True)  # for those that equal it, lowest ids first
    kept = above | (equal & (np.cumsum(equal, axis=1) <= room))
    left: Floats = np.where(kept, logits, -np.inf).astype(logits.dtype, copy=False)
    return left


def keep_mass(p: Floats, mass: float) -> None:
    """Set to 0, in place, all but the fewest likeliest probabilities of each row with that mass.

    Args:
        p: shape (B, V).
        mass: below 1.
    """
    # Tokens below the even share of what may be lost do not reach it together, so those before
    # them have the mass: only the others, of any row, are sorted. Half of it, for sums are rounded.
    others = np.flatnonzero((p >= (1 - mass) / (2 * p.shape[1])).any(axis=0))
    some = p[:, others]
    order = np.argsort(-some, axis=1, kind="stable")
    ranked = np.take_along_axis(some, order, axis=1)
    # A token stays while those before it have not reached the mass; the first always does.
    ranked[np.cumsum(ranked, axis=1) - ranked >= mass] = 0
    np.put_along_axis(some, order, ranked, axis=1)
    p[:] = 0
    p[:, others] = some


def choose(p: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """One id from each row of probabilities (B, V), by inverting the cumulative sum."""
    cumulative = np.cumsum(p, axis=1)
    # Scaled by the row's own sum, so that rounding cannot leave a draw beyond the last token.
    mark = rng.random((len(p), 1)) * cumulative[:, -1:]
    chosen: npt.NDArray[np.int64] = (cumulative > mark).argmax(axis=1)
    return chosen
