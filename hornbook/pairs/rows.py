"""Sequences of ids of unequal lengths as one rectangle: how sources and targets reach a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["IGNORED", "Ids", "Padded", "PairBatch", "padded"]

Ids = npt.NDArray[np.int64]
IGNORED = -1  # the target of a padded position


class Padded(NamedTuple):
    """Sequences of ids, padded behind."""

    ids: Ids
    "Shape (B, T); what stands behind a sequence is of no meaning, but an id."
    lengths: Ids
    "Shape (B,), each from 1 to T."


class PairBatch(NamedTuple):
    """Pairs to train on.

    A source ends with the boundary of its vocabulary. So does a target, and it begins with it:

        source          inputs          targets
        c a t .         . k a t         k a t .
        o x . ·         . o s ·         o s . IGNORED
    """

    sources: Padded
    inputs: Ids
    "What the decoder reads, shape (B, T); (B, 0) where targets are labels."
    targets: Ids
    "What it is to say, IGNORED behind the end, shape (B, T); of labels their numbers, shape (B,)."

    def part(self, i: int, n: int) -> tuple[PairBatch, float]:
        """Part i of n, and its share of the batch's predictions."""
        size = len(self.targets)
        rows = slice(size * i // n, size * (i + 1) // n)
        sources = Padded(self.sources.ids[rows], self.sources.lengths[rows])
        part = PairBatch(sources, self.inputs[rows], self.targets[rows])
        whole = int((self.targets != IGNORED).sum())
        return part, int((part.targets != IGNORED).sum()) / max(1, whole)


def padded(sequences: Sequence[npt.NDArray[Any]], fill: int = 0) -> Padded:
    """Sequences of ids as one rectangle.

    Args:
        sequences: at least one, none of them empty.
        fill: stands behind those that are shorter than the longest.
    """
    lengths = np.array([len(one) for one in sequences], np.int64)
    ids = np.full((len(sequences), int(lengths.max())), fill, np.int64)
    ids[np.arange(ids.shape[1]) < lengths[:, None]] = np.concatenate(sequences)
    return Padded(ids, lengths)
