"""Batches from arrays in memory, by index, with no worker processes.

Batch number n is a function of the seed and of n alone, so the cursor that a checkpoint stores is
one whole number, and training that goes on after a stop sees the very batches that it would have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np

from hornbook.errors import SettingsError
from hornbook.text.batch import Batch, RowBatch
from hornbook.text.large.mapped import MappedStream
from hornbook.text.random_order import RandomOrder
from hornbook.text.stream import Ids, Stream

__all__ = [
    "Batches",
    "BlockBatches",
    "ParallelBatches",
    "RowBatches",
    "WindowBatches",
    "make_batches",
]

# Tokens of context gathered at once: one large gather costs far less than many small ones.
AHEAD = 524_288
SEVERAL = 64  # batches gathered at once at least, over the ends of epochs: compiled steps take many
DROPPED = 2_017  # sets the draws of conditions to drop apart from those of an order
POOL = 24  # batches whose rows are sorted by length together


class Batches(ABC):
    """An endless source of training batches over one stream.

    Attributes:
        cursor: number of batches drawn so far; set it to go on from there.
        per_epoch: batches in one pass over the stream.
    """

    per_epoch: int

    def __init__(self, stream: Stream, block_size: int, batch_size: int, seed: int) -> None:
        self.stream, self.block_size, self.batch_size = stream, block_size, batch_size
        self.seed, self.cursor = seed, 0
        self.dropped: tuple[int, Stream] | None = None

    def told(self, epoch: int) -> Stream:
        """The stream as it is read in an epoch: some of what is given with it is not told."""
        given = self.stream.given
        if given is None or not given.drop:
            return self.stream
        if self.dropped is None or self.dropped[0] != epoch:
            rng = np.random.default_rng([self.seed, epoch, DROPPED])
            self.dropped = epoch, replace(self.stream, given=given.dropped(rng))
        return self.dropped[1]

    def __next__(self) -> Batch:
        """The next batch."""
        batch = self.batch(self.cursor)
        self.cursor += 1
        return batch

    @abstractmethod
    def batch(self, n: int) -> Batch:
        """Batch number n, the same whenever it is asked for."""

    def several(self, most: int) -> tuple[Ids, Ids]:
        """The next batches, which must be of one shape, as arrays with one axis more.

        Args:
            most: how many; there may be fewer, but one at least.

        Returns:
            Inputs (S, B, T), and targets (S, B) or (S, B, T).
        """
        batches = [next(self) for _ in range(most)]
        return np.stack([one.inputs for one in batches]), np.stack([one.targets for one in batches])


class WindowBatches(Batches):
    """Windows in a new random order each epoch, for models that read the last n tokens.

    A rest that does not fill a batch is left out of its epoch, so that every batch has the same
    size (BatchNorm's statistics want that); the next epoch's order is another one.
    """

    def __init__(self, stream: Stream, block_size: int, batch_size: int, seed: int) -> None:
        super().__init__(stream, block_size, min(batch_size, len(stream)), seed)
        self.per_epoch = len(stream) // self.batch_size
        self.ahead = max(1, AHEAD // (self.batch_size * max(1, block_size)))
        self.order: RandomOrder | None = None
        self.epoch = -1
        nothing: Ids = np.empty(0, dtype=np.int64)
        self.chunk: tuple[int, int, Ids, Ids] = (0, 0, nothing, nothing)

    def batch(self, n: int) -> Batch:
        """Contexts of shape (B, T) and targets of shape (B,)."""
        low, high, contexts, targets = self.chunk
        if not low <= n < high:
            low, high, contexts, targets = self.chunk = self.gather(n)
        at = (n - low) * self.batch_size
        end = at + self.batch_size
        return Batch(contexts[at:end], targets[at:end])

    def several(self, most: int) -> tuple[Ids, Ids]:
        """The next batches, as far as they are gathered: nothing is copied."""
        n = self.cursor
        self.batch(n)
        low, high, contexts, targets = self.chunk
        count, size = min(most, high - n), self.batch_size
        places = slice((n - low) * size, (n - low + count) * size)
        self.cursor += count
        return contexts[places].reshape(count, size, -1), targets[places].reshape(count, size)

    def gather(self, n: int) -> tuple[int, int, Ids, Ids]:
        """The batches from n on, of one epoch or of several that are short, as one array."""
        gathered: list[tuple[Ids, Ids]] = []
        end = n
        while end - n < min(SEVERAL, self.ahead):
            epoch, index = divmod(end, self.per_epoch)
            if self.order is None or epoch != self.epoch:
                self.order, self.epoch = RandomOrder(len(self.stream), [self.seed, epoch]), epoch
            count = min(n + self.ahead - end, self.per_epoch - index)
            at = index * self.batch_size
            chosen = self.order[at : at + count * self.batch_size] + self.stream.first
            gathered.append(self.told(epoch).windows(chosen, self.block_size))
            end += count
        contexts, targets = (np.concatenate(each) for each in zip(*gathered, strict=True))
        return n, end, contexts, targets


class RowBatches(Batches):
    """Examples as padded rows, grouped by length so that little is padding, for sequence models.

    A model with BatchNorm must have them `mixed`: the statistics of a batch of examples of one
    length reveal that length, which the model would learn to use and miss at inference.

    `batch_size` rows or somewhat more on average: batches of short rows have more of them, those
    of long rows fewer.

    Args:
        lead: tokens read again, as context, before the targets of a row within an example.
        mixed: whether rows of any lengths share a batch.
    """

    def __init__(
        self,
        stream: Stream,
        block_size: int,
        batch_size: int,
        seed: int,
        *,
        lead: int = 0,
        mixed: bool = False,
    ) -> None:
        super().__init__(stream, block_size, batch_size, seed)
        self.lead, self.mixed = lead, mixed
        self.at, self.lengths = stream.pieces(block_size, lead)
        self.per_epoch = max(1, len(self.at) // batch_size)
        self.plan: list[Ids] = []
        self.epoch = -1

    def batch(self, n: int) -> Batch:
        """Inputs and targets of shape (B, T), T the longest row of this batch."""
        epoch, index = divmod(n, self.per_epoch)
        if epoch != self.epoch:
            self.plan, self.epoch = self.make_plan(epoch), epoch
        rows = self.plan[index]
        return RowBatch(self.told(epoch), self.at[rows], self.lengths[rows], self.lead)

    def make_plan(self, epoch: int) -> list[Ids]:
        """The rows of each batch of an epoch.

        Rows are shuffled, sorted by length within pools of a few batches, each pool is cut into
        batches, and the batches are shuffled: neighbours in length share a batch, chance decides
        which. The cuts give each batch the same number of predictions, not of rows, for a mean
        over a batch of short rows must not count their predictions for more than others.
        """
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(len(self.at))
        pools = -(-self.per_epoch // POOL)
        plan: list[Ids] = []
        for pool, share in zip(
            np.array_split(order, pools),
            np.array_split(np.arange(self.per_epoch), pools),
            strict=True,
        ):
            if not self.mixed:
                pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            plan += np.split(pool, even_cuts(self.lengths[pool], len(share)))
        return [plan[i] for i in rng.permutation(len(plan))]


def even_cuts(lengths: Ids, parts: int) -> Ids:
    """Where to cut rows into parts of about the same sum of lengths, none of them empty.

    Args:
        lengths: of the rows, at least as many as there are parts.
        parts: how many.

    Returns:
        The first row of each part but the first, shape (parts - 1,).
    """
    part = np.arange(1, parts)
    before = np.cumsum(lengths) - lengths
    cuts = np.searchsorted(before * parts, part * lengths.sum())
    # A row longer than its part's share would leave the next part empty: one row each at least.
    cuts = np.maximum.accumulate(cuts - part) + part
    inside: Ids = np.clip(cuts, part, len(lengths) - part[::-1])
    return inside


class BlockBatches(Batches):
    """Blocks of a text from random places, for sequence models.

    Args:
        lead: tokens before a block that are read as its context, and not predicted.
    """

    def __init__(
        self, stream: Stream, block_size: int, batch_size: int, seed: int, *, lead: int = 0
    ) -> None:
        super().__init__(stream, min(block_size, len(stream)), batch_size, seed)
        self.lead = lead
        self.per_epoch = max(1, len(stream) // (self.block_size * batch_size))

    def batch(self, n: int) -> Batch:
        """Inputs and targets of shape (B, block_size), or that and `lead`."""
        rng = np.random.default_rng([self.seed, n])
        last = len(self.stream.ids) - self.block_size
        at = rng.integers(self.stream.first, last + 1, self.batch_size)
        lengths = np.full(self.batch_size, self.block_size)
        return RowBatch(self.stream, at, lengths, self.lead)


class ParallelBatches(Batches):
    """A text cut into `batch_size` parallel streams, for models that carry their state on.

    Row b of a batch goes on where row b of the last one ended, until the end of its stream; then
    all streams begin again, each epoch from another place, so that rows are not always cut alike.

    Raises:
        SettingsError: if the text has fewer than two tokens, so that nothing can follow.
    """

    def __init__(self, stream: Stream, block_size: int, batch_size: int, seed: int) -> None:
        if len(stream) < 2:
            raise SettingsError(
                f"Parallel streams need a text of at least 2 tokens; this one has {len(stream)}.",
                hint="Use more text.",
            )
        # Each stream gives up to one block to chance, so it needs room for two.
        block_size = max(1, min(block_size, len(stream) // 2))
        super().__init__(stream, block_size, min(batch_size, len(stream) // (2 * block_size)), seed)
        self.stretch = len(stream) // self.batch_size
        self.per_epoch = (self.stretch - self.block_size) // self.block_size

    def batch(self, n: int) -> Batch:
        """Inputs and targets of shape (B, block_size)."""
        epoch, index = divmod(n, self.per_epoch)
        offset = np.random.default_rng([self.seed, epoch]).integers(self.block_size + 1)
        begin = self.stream.first + np.arange(self.batch_size) * self.stretch
        at = begin + offset + index * self.block_size
        rows = self.stream.rows(at, np.full(self.batch_size, self.block_size))
        return Batch(*rows, follows=index > 0)


def make_batches(
    stream: Stream,
    reads: str,
    *,
    block_size: int,
    batch_size: int,
    seed: int,
    lead: int = 0,
    mixed: bool = False,
    parallel: bool = False,
) -> Batches:
    """The batches that fit a model's way of reading and the kind of stream.

    Args:
        stream: what to train on.
        reads: `window` or `sequence`.
        block_size: length of a context, or of the longest row.
        batch_size: windows, rows or blocks in a batch.
        seed: of the order.
        lead: tokens read before the targets of a row within an example, as their context.
        mixed: do not group examples by length, for models with BatchNorm.
        parallel: cut a text into parallel streams, each batch the continuation of the last.

    Raises:
        SettingsError: if parallel streams are asked of separate examples, of windows, or of a text
            of one token.
    """
    if parallel:
        if reads == "window" or stream.boundary is not None:
            raise SettingsError(
                "Parallel streams need one long text and a model that carries its state along it.",
                hint="Leave `batches` out, or read the data as one long text: `mode=text`.",
            )
        return ParallelBatches(stream, block_size, batch_size, seed)
    if reads == "window":
        return WindowBatches(stream, block_size, batch_size, seed)
    if isinstance(stream, MappedStream) and stream.boundary is not None:
        from hornbook.text.large.row_batches import PooledBatches  # which needs this file

        return PooledBatches(stream, block_size, batch_size, seed, lead=lead, mixed=mixed)
    if stream.boundary is not None:
        return RowBatches(stream, block_size, batch_size, seed, lead=lead, mixed=mixed)
    return BlockBatches(stream, block_size, batch_size, seed, lead=lead)
