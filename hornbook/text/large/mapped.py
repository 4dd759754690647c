"""A stream whose ids are in a file: nothing of it is held that grows with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hornbook.text.large.ends import Ends
from hornbook.text.stream import ABSENT, Ids, Stream, cut_rows, up_to

__all__ = ["MappedStream"]

AT_ONCE = 2**16  # examples, or rows of a text, that are looked at together


@dataclass(frozen=True)
class MappedStream(Stream):
    """The ids of a split in a file.

    What a `Stream` says of all positions at once is said here of some: of examples by their
    numbers, or, of a text, of rows.
    """

    ends: Ends | None = None
    "Where the boundaries are; None of a text."

    @cached_property
    def bounds(self) -> Ids:
        """There are too many to be held.

        Raises:
            TypeError: always.
        """
        raise TypeError("the boundaries of a mapped stream are asked for by their numbers")

    @property
    def examples(self) -> int:
        """Number of examples; of a text one."""
        return len(self.ends) - 1 if self.ends is not None else 1

    def begins(self, positions: Ids) -> Ids:
        """As of any stream: by bisection in the file."""
        if self.ends is None:
            return np.zeros(len(positions), dtype=np.int64)
        low = np.zeros(len(positions), dtype=np.int64)
        high = np.full(len(positions), len(self.ends), dtype=np.int64)
        while np.any(high - low > 1):  # the boundary `low` is before the position, `high` is not
            middle = (low + high) // 2
            before = self.ends[middle] < positions
            low, high = np.where(before, middle, low), np.where(before, high, middle)
        return self.ends[low]

    def windows(self, positions: Ids, block_size: int, *, filled: bool = True) -> tuple[Ids, Ids]:
        """As of any stream: where an example begins is seen in its context."""
        places = positions[:, None] + np.arange(-block_size, 0)  # (N, T)
        inside = places >= 0
        ids = self.ids[np.maximum(places, 0)].astype(np.int64)
        if self.boundary is not None:
            inside &= up_to(self.boundary, ids)
        contexts = np.where(inside, ids, self.start if filled else ABSENT)
        return contexts, self.ids[positions].astype(np.int64)

    def units(self, block_size: int, lead: int) -> int:
        """How many examples there are, or of a text rows of such a length."""
        if self.boundary is not None:
            return self.examples
        first, later = self.row_lengths(block_size, lead)
        return 1 + max(0, -((first - len(self)) // later))

    def row_lengths(self, block_size: int, lead: int) -> tuple[int, int]:
        """Targets of the first row, and of each that follows.

        Raises:
            ValueError: if the lead would leave no room for a target.
        """
        if not 0 <= lead < block_size:
            raise ValueError(f"lead must be from 0 to {block_size - 1}; it is {lead}")
        first = block_size - (min(lead, self.first) if self.boundary is None else 0)
        return first, block_size - lead

    def rows_of(self, units: Ids, block_size: int, lead: int) -> tuple[Ids, Ids]:
        """The rows of some examples, or some rows of a text, as `pieces` cuts all of them.

        Args:
            units: numbers of examples, or of rows, shape (N,).
            block_size: the longest row, its lead included.
            lead: tokens read again, fewer than `block_size`.

        Returns:
            The position of each row's first target and how many it has, both of shape (R,).
        """
        first, later = self.row_lengths(block_size, lead)
        if self.ends is not None:
            begin = self.ends[units]
            return cut_rows(begin + 1, self.ends[units + 1] - begin, first, later)
        offset = np.where(units == 0, 0, first + (units - 1) * later)
        lengths = np.where(units == 0, first, later)
        return self.first + offset, np.minimum(len(self) - offset, lengths)

    def count_rows(self, block_size: int, lead: int) -> int:
        """How many rows `pieces` would cut all of it into."""
        units = self.units(block_size, lead)
        if self.boundary is None:
            return units
        return sum(
            len(self.rows_of(np.arange(at, min(at + AT_ONCE, units)), block_size, lead)[0])
            for at in range(0, units, AT_ONCE)
        )

    def all_rows(
        self, block_size: int, predictions: int, *, lead: int = 0, limit: int = 0
    ) -> Iterator[tuple[Ids, Ids]]:
        """As of any stream, but sorted by length among neighbours, and left out by examples."""
        units = kept = self.units(block_size, lead)
        if 0 < limit < len(self):
            kept = max(1, units * limit // len(self))
        for at in range(0, kept, AT_ONCE):
            numbers = np.arange(at, min(at + AT_ONCE, kept))
            if kept < units:
                numbers = numbers * units // kept
            yield from self.sorted_rows(*self.rows_of(numbers, block_size, lead), predictions, lead)

    def some_lengths(self, most: int) -> Ids:
        """Tokens of some examples, evenly spread, shape (at most `most`,)."""
        assert self.ends is not None  # who calls has lines
        kept = min(most, self.examples)
        numbers = np.arange(kept) * self.examples // kept
        return self.ends[numbers + 1] - self.ends[numbers] - 1
