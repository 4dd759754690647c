"""Batches of examples of which there are too many to hold a number for each."""

from __future__ import annotations

import numpy as np

from hornbook.text.batch import Batch, RowBatch
from hornbook.text.batches import POOL, Batches, even_cuts
from hornbook.text.large.mapped import MappedStream
from hornbook.text.random_order import RandomOrder
from hornbook.text.stream import Ids

__all__ = ["PooledBatches"]


class PooledBatches(Batches):
    """As `RowBatches`, of which a few are planned at a time.

    The examples come in a random order that is computed where it is needed. As many as fill POOL
    batches are sorted by length and cut into these, which come in a random order as well.

    Args:
        lead: tokens read again, as context, before the targets of a row within an example.
        mixed: whether rows of any lengths share a batch.
    """

    stream: MappedStream

    def __init__(
        self,
        stream: MappedStream,
        block_size: int,
        batch_size: int,
        seed: int,
        *,
        lead: int = 0,
        mixed: bool = False,
    ) -> None:
        super().__init__(stream, block_size, batch_size, seed)
        self.lead, self.mixed = lead, mixed
        rows = stream.count_rows(block_size, lead)
        # No more than there are examples: each pool needs as many rows as it has batches.
        self.per_epoch = max(1, min(rows // batch_size, stream.examples))
        self.pools = -(-self.per_epoch // POOL)
        self.order: RandomOrder | None = None
        self.epoch, self.pool = -1, -1
        self.plan: list[tuple[Ids, Ids]] = []

    def batch(self, n: int) -> Batch:
        """Inputs and targets of shape (B, T), T the longest row of this batch."""
        epoch, index = divmod(n, self.per_epoch)
        pool = index * self.pools // self.per_epoch
        begin = -(-pool * self.per_epoch // self.pools)  # the first batch of its pool
        if (epoch, pool) != (self.epoch, self.pool):
            self.plan = self.make_plan(epoch, pool, begin)
            self.epoch, self.pool = epoch, pool
        return RowBatch(self.stream, *self.plan[index - begin], self.lead)

    def make_plan(self, epoch: int, pool: int, begin: int) -> list[tuple[Ids, Ids]]:
        """The rows of each batch of a pool, whose first batch is number `begin` of its epoch."""
        end = -(-(pool + 1) * self.per_epoch // self.pools)
        examples = self.stream.examples
        if self.order is None or epoch != self.epoch:
            self.order = RandomOrder(examples, [self.seed, epoch])
        some = slice(*(examples * at // self.per_epoch for at in (begin, end)))
        at, lengths = self.stream.rows_of(self.order[some], self.block_size, self.lead)
        rng = np.random.default_rng([self.seed, epoch, pool])
        by_length = np.argsort(lengths, kind="stable")
        order = rng.permutation(len(at)) if self.mixed else by_length
        cuts = even_cuts(lengths[order], end - begin)
        plan = [(at[rows], lengths[rows]) for rows in np.split(order, cuts)]
        return [plan[i] for i in rng.permutation(len(plan))]
