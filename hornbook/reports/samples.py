"""What a model made, each sample with a word on where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Kind", "MarkedSample", "Samples"]

SHORT = 18  # characters: longer samples, and those of several lines, need the width of a phone

Kind = Literal["new", "near", "copy", ""]
"`near`: new, but almost a copy of something in the data. Empty: not known."


@dataclass(frozen=True)
class MarkedSample:
    """A sample."""

    text: str
    kind: Kind = ""
    mark: str = ""
    "What is said of it in a word or a few: `in train`; empty if nothing is."


@dataclass(frozen=True)
class Samples:
    """Some samples of a model."""

    about: str
    "How they were drawn and how many are new, in a sentence or two; it is what says so of all."
    made: tuple[MarkedSample, ...]
    long: bool = False
    "Whether each is a passage, not a line."
    title: str = "What it makes"
    "Of the section that they stand in."
    one: str = "sample"
    "What one of them is called."

    @property
    def wide(self) -> bool:
        """Whether some are too long, or have too many lines, for narrow columns."""
        return any("\n" in one.text or len(one.text) > SHORT for one in self.made)

    @property
    def alike(self) -> bool:
        """Whether all have the same mark, so that saying it of each tells nothing."""
        return len(self.made) > 1 and len({(one.kind, one.mark) for one in self.made}) == 1

    @property
    def copies(self) -> int:
        """How many stand in the data word for word."""
        return sum(one.kind == "copy" for one in self.made)
