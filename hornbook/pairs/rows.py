"""Sequences of ids of unequal lengths as one rectangle: how sources and targets reach a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["IGNORED", "Ids", "Padded", "PairBatch", "batched", "padded"]

Ids = npt.NDArray[np.int64]
IGNORED = -1  # the target of a padded position
MEETINGS = 2**22  # pairs of positions that are read together, unless a single row has more


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


def batched(lengths: Sequence[int], most: int) -> Iterator[Ids]:
    """Which sequences to read together: those of about equal lengths, the shortest first.

    What attention keeps of a batch is a number for each two positions of each row. Of long rows
    fewer are read together, so that memory does not grow with the square of their length.

    Args:
        lengths: of the sequences, in tokens.
        most: sequences in a batch.

    Yields:
        Their places, shape (B,).
    """
    order = np.argsort(lengths, kind="stable")
    first = 0
    while first < len(order):
        last = first + 1
        while last < min(len(order), first + most) and (
            (last + 1 - first) * lengths[order[last]] ** 2 <= MEETINGS
        ):
            last += 1
        yield order[first:last]
        first = last


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
