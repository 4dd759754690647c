"""What a tokenizer is made of, and what a model needs to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Texts", "Vocabulary"]


@dataclass(frozen=True)
class Vocabulary:
    """What a model needs to know of a tokenizer.

    Raises:
        ValueError: if there is a boundary, and contexts begin with something else.
    """

    size: int
    "Number V of ids."
    boundary: int | None
    "Id of the boundary token before, between and after examples; None if there is none."
    start: int
    "The id that fills a context before the first token: the boundary token, if there is one."

    def __post_init__(self) -> None:
        if self.boundary not in (None, self.start):
            raise ValueError(
                f"start must be the boundary token {self.boundary}; it is {self.start}"
            )

    @property
    def dtype(self) -> type[np.unsignedinteger[Any]]:
        """The smallest unsigned type that holds every id."""
        return np.uint8 if self.size <= 2**8 else np.uint16 if self.size <= 2**16 else np.uint32


@dataclass(frozen=True)
class Texts:
    """What a tokenizer is made for: the splits of a corpus."""

    train: Sequence[str]
    held_out: Sequence[str]
    "Those of dev and test."
    boundary: bool
    "Whether they are examples, with a boundary token before, between and after them."
    raw: bool = False
    "Whether they are the bytes of files that are no text; see `hornbook.sources.encoding.raw`."

    @property
    def every(self) -> Sequence[str]:
        """All of them."""
        return [*self.train, *self.held_out]

    @property
    def breaks(self) -> bool:
        """Whether a sample may have a line break in it: texts do, lines do not."""
        return not self.boundary or any("\n" in text for text in self.every)
