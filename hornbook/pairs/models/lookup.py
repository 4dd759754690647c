"""A table: what train says to the same source, else token by token what stands in the same place.

Sources of dev and test never stand in train, so it is the second half that is measured there: it
tells how far a substitution of tokens goes. Where sources and targets are of different lengths it
knows no places, and says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import RunError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Arrays, Shape, Writer, Written
from hornbook.pairs.models.known_answers import KnownAnswers
from hornbook.pairs.rows import Ids
from hornbook.settings import Settings

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData

__all__ = ["Lookup", "LookupSettings"]

NONE = -1  # a token without a counterpart
ALIGNED = 0.5  # share of train's pairs whose sides are equally long, from which on places count


@dataclass(frozen=True)
class LookupSettings(Settings):
    """There is nothing to choose."""


class Lookup(Writer):
    """The commonest target of a source of train; of others the commonest counterpart of each token.

    Args:
        settings: none.
        shape: of the data.
    """

    Settings = LookupSettings

    def __init__(self, settings: LookupSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.known = KnownAnswers()
        self.counterparts = np.full(shape.source.size, NONE, np.int64)

    @property
    def n_parameters(self) -> int:
        """Tokens in the table."""
        found = sum(len(one) for one in (*self.known.sources, *self.known.targets))
        return found + int((self.counterparts != NONE).sum())

    def fit(self, data: PairData) -> None:
        """Fill both tables."""
        sources, targets = data.sources("train"), data.targets("train")
        self.known = KnownAnswers.of(sources, targets)
        assert self.shape.target is not None
        even = [(a[:-1], b[:-1]) for a, b in zip(sources, targets, strict=True) if len(a) == len(b)]
        if len(even) < ALIGNED * len(sources):
            return
        size = self.shape.target.size
        cells = np.concatenate([given * size + said for given, said in even])
        pairs, counts = np.unique(cells, return_counts=True)
        given, said = np.divmod(pairs, size)
        order = np.lexsort((-said, counts))  # the commonest last, and of these the first token
        self.counterparts[given[order]] = said[order]

    def answers(self, sources: Sequence[Ids], how: Decoding) -> list[list[Written]]:
        """One answer each; the empty one where nothing is known."""
        found = []
        for source in sources:
            ids = self.known.answer(source)
            if ids is None:
                ids = self.counterparts[source[:-1]]
            found.append([Written(ids[ids != NONE], float("nan"))])
        return found

    def arrays(self) -> Arrays:
        """Both tables."""
        return {**self.known.arrays(), "counterparts": self.counterparts}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if it is of other vocabularies.
        """
        assert self.shape.target is not None
        found = arrays.get("counterparts")
        if (
            found is None
            or found.shape != self.counterparts.shape
            or found.dtype != np.int64
            or not NONE <= found.min() <= found.max() < self.shape.target.size
        ):
            raise RunError("The weights do not match this run's settings: counterparts.")
        self.known = KnownAnswers.from_arrays(arrays, self.shape)
        self.counterparts = found
