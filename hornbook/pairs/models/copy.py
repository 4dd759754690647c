"""The plainest answer: what was given, once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hornbook.errors import RunError, UnknownTokenError
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import Arrays, Shape, Writer, Written
from hornbook.pairs.rows import Ids
from hornbook.settings import Settings

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData

__all__ = ["Copy", "CopySettings"]

NONE = -1  # a token whose text has no place among the targets'


@dataclass(frozen=True)
class CopySettings(Settings):
    """There is nothing to choose."""


class Copy(Writer):
    """Says what it was given, token by token as far as targets have such tokens.

    Args:
        settings: none.
        shape: of the data.
    """

    Settings = CopySettings

    def __init__(self, settings: CopySettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.written = np.full((shape.source.size, 1), NONE, np.int64)

    @property
    def n_parameters(self) -> int:
        """Nothing is learned."""
        return 0

    def fit(self, data: PairData) -> None:
        """Find each token of the sources among those of the targets."""
        ids = [
            [] if token == data.source_tokens.boundary else self.same(data, token)
            for token in range(self.shape.source.size)
        ]
        width = max(1, *map(len, ids))
        self.written = np.full((len(ids), width), NONE, np.int64)
        for token, found in enumerate(ids):
            self.written[token, : len(found)] = found

    def same(self, data: PairData, token: int) -> list[int]:
        """The tokens of targets that stand for the same text as one of the sources."""
        if data.shared:
            return [token]
        try:
            return [int(one) for one in data.writing.encode(data.source_tokens.decode([token]))]
        except UnknownTokenError:
            return []

    def answers(self, sources: Sequence[Ids], how: Decoding) -> list[list[Written]]:
        """The sources themselves."""
        found = []
        for source in sources:
            ids = self.written[source[:-1]].reshape(-1)
            found.append([Written(ids[ids != NONE], float("nan"))])
        return found

    def arrays(self) -> Arrays:
        """Which tokens are the same."""
        return {"written": self.written}

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if it is of other vocabularies.
        """
        assert self.shape.target is not None
        written = arrays.get("written")
        if (
            written is None
            or written.dtype != np.int64
            or written.ndim != 2
            or len(written) != self.shape.source.size
            or not written.size
            or not NONE <= written.min() <= written.max() < self.shape.target.size
        ):
            raise RunError(
                "The weights do not match this run's settings: written.",
                hint="The file belongs to another run or is damaged.",
            )
        self.written = written
