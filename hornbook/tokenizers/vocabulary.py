"""What a tokenizer is made of, and what a model needs to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["COMBINATIONS", "Texts", "Vocabulary"]

COMBINATIONS = 2**62  # tokens, each with each combination of values


@dataclass(frozen=True)
class Vocabulary:
    """What a model needs to know of a tokenizer, and of what may be given with a text.

    Where conditions are given, a model reads with each token what is given with it, both in one
    number: token + `size` · (v₁ + n₁ v₂ + n₁ n₂ v₃ + …), for the values v of the conditions and
    their numbers n. So all that cuts, packs or remembers ids keeps what is given beside them. Where
    nothing is given all v are 0, and the number is the token's id. Only tokens are predicted.

    Raises:
        ValueError: if there is a boundary, and contexts begin with something else; or if there are
            more combinations of values than 64 bits can number.
    """

    size: int
    "Number V of ids."
    boundary: int | None
    "Id of the boundary token before, between and after examples; None if there is none."
    start: int
    "The id that fills a context before the first token: the boundary token, if there is one."
    given: tuple[int, ...] = ()
    "How many values each condition has, 0 for not given among them; empty without conditions."

    def __post_init__(self) -> None:
        if self.boundary not in (None, self.start):
            raise ValueError(
                f"start must be the boundary token {self.boundary}; it is {self.start}"
            )
        if self.size * prod(self.given) >= COMBINATIONS:
            raise ValueError(f"there are {prod(self.given):,} combinations of values")

    def added(self, given: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What is added to the ids of tokens that are read where some values are given.

        Args:
            given: numbers of values, 0 where none is given, shape (N, K).

        Returns:
            Shape (N,).

        Raises:
            ValueError: if these are not numbers of values of this vocabulary's K conditions.
        """
        if given.ndim != 2 or given.shape[1] != len(self.given):
            raise ValueError(
                f"values of {len(self.given)} conditions are numbers of shape (N, "
                f"{len(self.given)}); these have shape {given.shape}"
            )
        if ((given < 0) | (given >= np.array(self.given, dtype=np.int64))).any():
            raise ValueError(f"values must be numbers below {self.given}")
        place = self.size * np.cumprod((1, *self.given))[:-1]  # what one more adds, shape (K,)
        found: npt.NDArray[np.int64] = given.astype(np.int64) @ place
        return found

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
    "Whether they are the bytes of files that are not text; see `hornbook.sources.encoding.raw`."

    @property
    def every(self) -> Sequence[str]:
        """All of them."""
        return [*self.train, *self.held_out]

    @property
    def breaks(self) -> bool:
        """Whether a sample may have a line break in it: texts do, lines do not."""
        return not self.boundary or any("\n" in text for text in self.every)
