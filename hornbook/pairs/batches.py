"""Batches of pairs of about equal lengths, so that little of them is padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hornbook.pairs.rows import IGNORED, Ids, PairBatch, padded

__all__ = ["PairBatches", "pair_batch"]

POOL = 32  # batches whose pairs are sorted by length together


def pair_batch(sources: Sequence[Ids], targets: Sequence[Ids], begin: int) -> PairBatch:
    """Pairs as a batch.

    Args:
        sources: each with its boundary behind it.
        targets: the same.
        begin: the boundary of the targets, which each begins with as the decoder reads it.
    """
    said = padded(targets, fill=IGNORED)
    inputs = np.full(said.ids.shape, begin, np.int64)
    inputs[:, 1:] = np.where(said.ids[:, :-1] == IGNORED, begin, said.ids[:, :-1])
    return PairBatch(padded(sources), inputs, said.ids)


class PairBatches:
    """An endless source of batches, in a new random order each epoch.

    In each epoch the shuffled pairs are sorted by length within pools of some batches, and the
    batches of a pool come in random order. Batch number n is a function of the seed and of n alone.

    Args:
        sources: ids of each, with its boundary.
        targets: ids of each, with its boundary; or the numbers of labels, shape (N,).
        begin: the boundary of the targets; None where they are labels.
        batch_size: pairs in a batch, about: each epoch is divided evenly.
        seed: of the order.

    Attributes:
        cursor: number of batches drawn so far; set it to go on from there.
        per_epoch: batches in one pass.
    """

    def __init__(
        self,
        sources: Sequence[Ids],
        targets: Sequence[Ids] | Ids,
        begin: int | None,
        batch_size: int,
        seed: int,
    ) -> None:
        self.sources, self.targets, self.begin = sources, targets, begin
        self.seed, self.cursor = seed, 0
        self.per_epoch = max(1, round(len(sources) / batch_size))
        lengths = [np.array([len(one) for one in sources], np.int64)]
        if begin is not None:
            lengths.append(np.array([len(one) for one in targets], np.int64))
        self.lengths = lengths
        self.epoch, self.parts = -1, list[Ids]()

    def largest(self) -> PairBatch:
        """The longest pair, in a batch by itself: what needs the most memory."""
        at = int(np.maximum.reduce(self.lengths).argmax())
        return self.of(np.array([at]))

    def begin_epoch(self, epoch: int) -> None:
        """Shuffle, and sort within pools."""
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(len(self.sources))
        ends = np.linspace(0, len(order), self.per_epoch + 1).round().astype(np.int64)
        parts: list[Ids] = []
        for first in range(0, self.per_epoch, POOL):
            last = min(first + POOL, self.per_epoch)
            pool = order[ends[first] : ends[last]]
            pool = pool[
                np.lexsort([one[pool] for one in reversed(self.lengths)])
            ]  # by source first
            cuts = ends[first + 1 : last] - ends[first]
            some = np.split(pool, cuts)
            parts += [some[at] for at in random.permutation(len(some))]
        self.parts, self.epoch = parts, epoch

    def __next__(self) -> PairBatch:
        """The next batch."""
        epoch, index = divmod(self.cursor, self.per_epoch)
        if epoch != self.epoch:
            self.begin_epoch(epoch)
        self.cursor += 1
        return self.of(self.parts[index])

    def of(self, at: Ids) -> PairBatch:
        """Some pairs as a batch."""
        sources = [self.sources[one] for one in at]
        if self.begin is None:
            labels = np.array([self.targets[one] for one in at], np.int64)
            return PairBatch(padded(sources), np.zeros((len(at), 0), np.int64), labels)
        return pair_batch(sources, [self.targets[one] for one in at], self.begin)
