"""How far the lengths and the tokens of some texts are from those of train, with intervals.

Lengths by the earth mover's distance: how many tokens longer or shorter the texts would have to
become, in the mean, for both to have the same lengths. Tokens by the total variation distance of
their shares: 0 if these are the same, 1 if none is in both. Both are above 0 for real data too, for
a few texts never have exactly the shares of all; so what held-out examples come to stands beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, left_out_interval

__all__ = ["Apart", "Likeness", "lengths_apart", "likeness", "tokens_apart"]

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Apart:
    """A distance, and where it would lie with other texts of the same kind."""

    distance: float
    interval: Interval | None
    "None of a single text."


@dataclass(frozen=True)
class Likeness:
    """How like train some texts are, as a whole."""

    mean_length: float
    "In tokens."
    lengths: Apart | None
    "In tokens; None of texts, which are cut."
    tokens: Apart
    "Between 0 and 1."


def likeness(texts: Sequence[Numbers], lengths: Numbers | None, counts: Numbers) -> Likeness:
    """How like train some texts are.

    Args:
        texts: ids of the tokens of each.
        lengths: of the examples of train, in tokens, shape (examples,); None of one text.
        counts: how often each token is in train, shape (V,).
    """
    own = np.array([len(ids) for ids in texts], np.int64)
    lengths_found = None if lengths is None else lengths_apart(own, lengths)
    return Likeness(float(own.mean()), lengths_found, tokens_apart(texts, counts))


def lengths_apart(some: Numbers, others: Numbers) -> Apart:
    """The earth mover's distance between some lengths and others, shapes (n,) and (m,)."""
    size = int(max(some.max(), others.max())) + 1
    below = np.cumsum(np.bincount(others, minlength=size)) / len(others)
    counts = np.bincount(some, minlength=size)
    own = np.cumsum(counts)  # how many have at most each length
    distance = float(np.abs(own / len(some) - below).sum())
    if len(some) < 2:
        return Apart(distance, None)
    without = np.zeros(size)
    for length in np.flatnonzero(counts):
        fewer = own - (np.arange(size) >= length)
        without[length] = np.abs(fewer / (len(some) - 1) - below).sum()
    return Apart(distance, left_out_interval(distance, without[some]))


def tokens_apart(texts: Sequence[Numbers], counts: Numbers) -> Apart:
    """The total variation distance between the shares of tokens in some texts and in train.

    Args:
        texts: ids of the tokens of each.
        counts: how often each token is in train, shape (V,).
    """
    total, size = float(max(1, counts.sum())), len(counts)
    whole = np.bincount(np.concatenate(texts), minlength=size).astype(np.float64)
    shares = counts / total
    terms = np.abs(whole / max(1.0, whole.sum()) - shares)
    distance = float(terms.sum()) / 2
    if len(texts) < 2:
        return Apart(distance, None)
    without = []
    for ids in texts:
        left = whole.copy()
        np.subtract.at(left, ids, 1)
        without.append(float(np.abs(left / max(1.0, left.sum()) - shares).sum()) / 2)
    return Apart(distance, left_out_interval(distance, without, most=1.0))
