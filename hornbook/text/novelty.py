"""Whether what a model made is new, or stands in the data already.

New is what is not in the data, in any of its splits. Near copies, one character away from a line of
train, are a part of the new ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from hornbook.text.corpus import Splits
from hornbook.text.near_copies import near_copies

__all__ = ["Novelty", "Origin"]

Origin = Literal["train", "dev", "test", "new"]


class Novelty:
    """Tells which split contains a sample word for word, if any does.

    A line stands in a split if it is one of its lines; a text, if it is a stretch of it.
    """

    def __init__(self, splits: Splits) -> None:
        self.splits = splits
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

    def longest_copy(self, made: str) -> int:
        """Length of the longest stretch of it that stands in train word for word."""
        best = 0
        for begin in range(len(made)):
            while begin + best < len(made) and any(
                made[begin : begin + best + 1] in text for text in self.splits.train
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
