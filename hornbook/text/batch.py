"""What a model of text is trained on at a time."""

from __future__ import annotations

from functools import cached_property

from hornbook.text.stream import IGNORED, Ids, Stream

__all__ = ["Batch", "RowBatch"]


class Batch:
    """What a model is trained on at a time.

    Args:
        inputs: shape (B, T).
        targets: shape (B,) for a window model, (B, T) for a sequence model; IGNORED where there is
            none.
        follows: whether each row continues the same row of the previous batch.
    """

    def __init__(self, inputs: Ids, targets: Ids, follows: bool = False) -> None:
        self._arrays, self.follows = (inputs, targets), follows

    @property
    def arrays(self) -> tuple[Ids, Ids]:
        """Inputs and targets."""
        return self._arrays

    @property
    def inputs(self) -> Ids:
        """Shape (B, T)."""
        return self.arrays[0]

    @property
    def targets(self) -> Ids:
        """Shape (B,) or (B, T)."""
        return self.arrays[1]

    def part(self, i: int, n: int) -> tuple[Batch, float]:
        """Part i of n: some of the rows, and their share of the batch's predictions."""
        rows = some_rows(len(self.inputs), i, n)
        part = Batch(self.inputs[rows], self.targets[rows], self.follows)
        whole = int((self.targets != IGNORED).sum())
        return part, int((part.targets != IGNORED).sum()) / max(1, whole)


class RowBatch(Batch):
    """Rows of a stream, read when they are asked for: of a part, no more than the part.

    So each of several processes reads its own rows only, which matters where the stream is a file.

    Args:
        stream: that they are of.
        at, lengths, lead: which rows; see `Stream.rows`.
        width: T is this at least: a part is as wide as its batch.
    """

    def __init__(
        self, stream: Stream, at: Ids, lengths: Ids, lead: int = 0, width: int = 0
    ) -> None:
        self.stream, self.at, self.lengths, self.lead = stream, at, lengths, lead
        self.least, self.follows = width, False

    @cached_property
    def width(self) -> int:
        """T, without the rows being read."""
        begin = self.stream.begins_of_rows(self.at, self.lead)
        return int((self.lengths + self.at - begin).max(initial=self.least))

    @cached_property
    def arrays(self) -> tuple[Ids, Ids]:
        """Inputs and targets, both of shape (B, T) for the longest row's T."""
        return self.stream.rows(self.at, self.lengths, self.lead, self.least)

    def part(self, i: int, n: int) -> tuple[Batch, float]:
        """Part i of n: some of the rows, and their share of the batch's predictions."""
        rows = some_rows(len(self.at), i, n)
        part = RowBatch(self.stream, self.at[rows], self.lengths[rows], self.lead, self.width)
        return part, int(part.lengths.sum()) / int(self.lengths.sum())


def some_rows(size: int, i: int, n: int) -> slice:
    """The rows of part i of n."""
    return slice(size * i // n, size * (i + 1) // n)
