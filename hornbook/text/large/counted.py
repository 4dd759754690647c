"""How many tokens there are of each split, after a piece and after all of them: what files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.text.large.encoded import EncodedPart
from hornbook.text.large.ends import WRAP

__all__ = ["Counts", "Entry", "Tokens"]


@dataclass(frozen=True)
class Counts:
    """How much a split is."""

    ids: int = 0
    examples: int = 0
    characters: int = 0
    bytes: int = 0
    unknown: int = 0
    longest: int = 0
    "Tokens of the longest example."
    wraps: tuple[int, ...] = ()
    "Numbers of the first ends at or beyond 2³², 2·2³² and so on."
    first: int = 0
    "Ids at the beginning that are only the context of what follows."

    def with_part(self, part: EncodedPart, ends: npt.NDArray[np.int64]) -> Counts:
        """With what a piece adds, whose boundaries are at `ends`."""
        after = np.searchsorted(ends, [(n + 1) * WRAP for n in range(len(self.wraps), 8)])
        new = [self.examples + int(at) for at in after if at < len(ends)]
        return Counts(
            self.ids + len(part.ids),
            self.examples + len(ends),
            self.characters + part.characters,
            self.bytes + part.bytes,
            self.unknown + part.unknown,
            max(self.longest, part.longest),
            (*self.wraps, *new),
            self.first + part.context,
        )


@dataclass(frozen=True)
class Entry:
    """A piece in the journal, with what there is after it."""

    digest: str
    counts: Mapping[str, Counts]


@dataclass(frozen=True)
class Tokens:
    """All pieces."""

    dtype: str
    counts: Mapping[str, Counts]
    pieces: int
