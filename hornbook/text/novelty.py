"""Whether what a model made is new, or stands in the data already.

New is what is not in the data, in any of its splits. Near copies, one character away from a line of
train, are a part of the new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

from hornbook.text.byte_figures import by_byte
from hornbook.text.corpus import Splits
from hornbook.text.near_copies import near_copies

__all__ = ["Novelty", "Origin"]

Origin = Literal["train", "dev", "test", "new"]


class Novelty:
    """Tells which split contains a sample word for word, if any does.

    A line stands in a split if it is one of its lines; a text, if it is a stretch of it.

    Args:
        splits: of the data.
        raw: whether they are of files that are not text, of which bytes are compared and counted.
    """

    def __init__(self, splits: Splits, *, raw: bool = False) -> None:
        self.splits, self.raw = splits, raw
        self.sets = {name: frozenset(splits[name]) for name in ("train", "dev", "test")}

    def origin(self, made: str) -> Origin:
        """The first of train, dev and test that holds it, else `new`."""
        names: tuple[Origin, ...] = ("train", "dev", "test")
        for name in names:
            if self.splits.mode == "lines":
                if made in self.sets[name]:
                    return name
            elif any(made in text for text in self.splits[name]):
                return name
        return "new"

    @property
    def unit(self) -> str:
        """What lengths are counted in."""
        return "byte" if self.raw else "character"

    @cached_property
    def train(self) -> tuple[str, ...]:
        """The train split with one character for each unit."""
        train = self.splits.train
        return tuple(map(by_byte, train)) if self.raw else tuple(train)

    def longest_copy(self, made: str) -> int:
        """Length of the longest stretch of it that stands in train word for word, in units."""
        made, best = by_byte(made) if self.raw else made, 0
        for begin in range(len(made)):
            while begin + best < len(made) and any(
                made[begin : begin + best + 1] in text for text in self.train
            ):
                best += 1
        return best

    @property
    def size(self) -> int:
        """Characters of train."""
        return sum(map(len, self.splits.train))

    def near(self, made: Sequence[str]) -> list[bool]:
        """Whether each is new, and one character away from a line of train: a near copy."""
        near = near_copies(made, self.sets["train"])
        return [close and self.origin(one) == "new" for one, close in zip(made, near, strict=True)]

    @staticmethod
    def shares(counts: Mapping[Origin, int]) -> dict[Origin, float]:
        """The share of each origin, by how many have it; every origin is named."""
        names: tuple[Origin, ...] = ("train", "dev", "test", "new")
        total = max(sum(counts.values()), 1)
        return {name: counts.get(name, 0) / total for name in names}
