"""The examined: pairs, how they are split, and what checks ask of them. Nothing here judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hornbook.errors import DataError
from hornbook.pairs.lone_labels import Labelling
from hornbook.pairs.options import PairOptions
from hornbook.pairs.reading import Read
from hornbook.pairs.splits import reader, split_pairs
from hornbook.tasks.splits import SPLITS, Parts

__all__ = ["Examined"]

SHORTEST, LONGEST = 6, 100  # characters of sources that are looked for with one edit
TRIED = 2_000  # of them in dev and test
ROOM = 30_000_000  # characters of train's sources, each as often as it is long


@dataclass(frozen=True)
class Examined:
    """Pairs as they were read, and what several checks need to know."""

    read: Read
    options: PairOptions
    where: str

    @cached_property
    def parts(self) -> Parts | DataError:
        """Of each pair the place of its split; or why they cannot be split."""
        try:
            return split_pairs(self.read.sources, self.options, self.where)[0]
        except DataError as error:
            return error

    def of(self, split: str) -> list[int]:
        """The numbers of the pairs of a split; none if they cannot be split."""
        if isinstance(self.parts, DataError):
            return []
        return np.flatnonzero(self.parts == SPLITS.index(split)).tolist()

    @property
    def held_out(self) -> list[int]:
        """The numbers of the pairs of dev and test."""
        return [*self.of("dev"), *self.of("test")]

    @cached_property
    def by_source(self) -> dict[str, list[int]]:
        """The numbers of the pairs of each source, by what those that read the same have alike."""
        found: dict[str, list[int]] = {}
        for number, source in enumerate(map(self.same, self.read.sources)):
            found.setdefault(source, []).append(number)
        return found

    @property
    def same(self) -> Callable[[str], str]:
        """What makes one of sources that read the same."""
        return reader(self.options.lowercase)

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """How often each pair is there, its source as those that read the same have it."""
        return Counter(zip(map(self.same, self.read.sources), self.read.targets, strict=True))

    @cached_property
    def targets(self) -> Counter[str]:
        """How often each target is there."""
        return Counter(self.read.targets)

    @cached_property
    def labelling(self) -> Labelling:
        """How labels are spread over texts."""
        return Labelling.of(self.read.sources, self.read.targets, self.same)

    @cached_property
    def contradicting(self) -> list[list[int]]:
        """The numbers of the pairs of each source that has several targets."""
        targets = self.read.targets
        return [
            numbers
            for numbers in self.by_source.values()
            if len(numbers) > 1 and len({targets[number] for number in numbers}) > 1
        ]

    @cached_property
    def near(self) -> tuple[list[tuple[int, str]], int] | None:
        """Pairs of dev and test whose source is one edit from one of train, with that; how many
        were looked at. None where train is too large to look through, or there are none to look at.

        Two texts are one edit apart if what is left of both without one character is the same, or
        one is the other without it.
        """
        sources = self.read.sources
        tried = [n for n in self.held_out if SHORTEST <= len(sources[n]) <= LONGEST][:TRIED]
        train = {s for n in self.of("train") if len(s := sources[n]) <= LONGEST + 1}
        if not tried or sum(len(one) ** 2 for one in train) > ROOM:
            return None
        left: dict[str, list[str]] = {one: [one] for one in train}
        for one in train:
            for other in shorter(one):
                left.setdefault(other, []).append(one)
        found = []
        for number in tried:
            source = sources[number]
            near = (
                one for other in (source, *shorter(source)) for one in left.get(other, ())
                if one_edit(source, one)
            )  # fmt: skip
            if (first := next(near, None)) is not None:
                found.append((number, first))
        return found, len(tried)


def shorter(text: str) -> list[str]:
    """A text without each of its characters."""
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def one_edit(one: str, other: str) -> bool:
    """Whether one edit makes a text another."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance(one, other, score_cutoff=1) == 1
