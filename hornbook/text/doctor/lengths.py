"""How long examples are: counts of each length, the first few of the shortest and the longest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.rendering import clip
from hornbook.text.doctor.given import Batch
from hornbook.text.line_figures import at_place, numbered

__all__ = ["LengthCounts", "Lengths"]

EXAMPLES = 3  # of the shortest and of the longest
SHOWN = 60  # characters of each


@dataclass(frozen=True)
class Lengths:
    """The lengths of the examples, or of the non-empty lines of a text, in characters."""

    min: int
    median: float
    mean: float
    p95: float
    "The 95th percentile."
    max: int
    shortest: tuple[str, ...]
    "The first few distinct ones, shortened."
    longest: tuple[str, ...]


class LengthCounts:
    """Gathered batch by batch."""

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self.shortest: dict[str, int] = {}
        self.longest: dict[str, int] = {}
        self.first_longest, self.longest_yet = "", 0
        self.last = 0

    def add(self, batch: Batch) -> None:
        """Take note of the lengths of some examples, at least one."""
        lengths = batch.ends - batch.begins
        if batch.more:
            self.go_on(int(lengths[0]))
            batch = batch._replace(begins=batch.begins[1:], ends=batch.ends[1:])
            lengths = lengths[1:]
            if not len(lengths):
                return
        self.counts.update(numbered(lengths))
        self.last = int(lengths[-1])
        longest = int(lengths.max())
        if longest > self.longest_yet:
            at = int(lengths.argmax())
            self.longest_yet = longest
            self.first_longest = batch.text[batch.begins[at] : batch.ends[at]]
        self.shortest = self.first(self.shortest, batch, lengths)
        self.longest = self.first(self.longest, batch, -lengths)

    def go_on(self, more: int) -> None:
        """Take note that the last example, too long for a piece, goes on."""
        self.counts -= Counter({self.last: 1})
        self.last += more
        self.counts[self.last] += 1
        self.longest_yet = max(self.longest_yet, self.last)

    def first(
        self, so_far: dict[str, int], batch: Batch, ranks: npt.NDArray[np.int64]
    ) -> dict[str, int]:
        """The first few distinct ones by rank, of those so far, which come first, and of more."""
        if len(so_far) == EXAMPLES:
            places = np.flatnonzero(ranks < max(so_far.values()))
            if not len(places):
                return so_far
        else:
            places = np.arange(len(ranks))
        here: dict[str, int] = {}
        for at in places[np.argsort(ranks[places], kind="stable")]:
            text = clip(batch.text[batch.begins[at] : batch.ends[at]], SHOWN)
            here.setdefault(text, int(ranks[at]))
            if len(here) == EXAMPLES:
                break
        found: dict[str, int] = {}
        for text, rank in sorted([*so_far.items(), *here.items()], key=lambda pair: pair[1]):
            found.setdefault(text, rank)
        return dict(list(found.items())[:EXAMPLES])

    @property
    def total(self) -> int:
        """How many examples."""
        return self.counts.total()

    @property
    def characters(self) -> int:
        """Their lengths together."""
        return sum(length * n for length, n in self.counts.items())

    def at(self, place: int) -> int:
        """The length at a place, from 0, in rising order."""
        return at_place(self.counts, place)

    @property
    def median(self) -> float:
        """The middle length, or the mean of the two in the middle."""
        return (self.at((self.total - 1) // 2) + self.at(self.total // 2)) / 2

    def above(self, length: float) -> int:
        """How many are longer."""
        return sum(n for one, n in self.counts.items() if one > length)

    def summary(self) -> Lengths:
        """All of it."""
        return Lengths(
            min=min(self.counts),
            median=self.median,
            mean=self.characters / self.total,
            p95=float(self.at(-(-19 * self.total // 20) - 1)),
            max=max(self.counts),
            shortest=tuple(self.shortest),
            longest=tuple(self.longest),
        )
