"""How often each token followed each other one: only the pairs that occur are held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hornbook.text.models.contract import Ids

__all__ = ["PairCounts"]


@dataclass(frozen=True)
class PairCounts:
    """Counts of pairs N[before, after], each pair once."""

    vocab_size: int
    before: Ids
    "First token of each pair, shape (P,)."
    after: Ids
    "Second token of each pair, shape (P,)."
    counts: Ids
    "How often the pair occurs, shape (P,)."

    @property
    def total(self) -> int:
        """The number of pairs, each as often as it occurs."""
        return int(self.counts.sum())

    def most_frequent(self, most: int) -> Ids:
        """The ids of the tokens that stand in the most pairs, at most so many, ascending."""
        frequency = sum(
            np.bincount(ids, self.counts, self.vocab_size) for ids in (self.before, self.after)
        )
        return np.sort(np.argsort(-frequency, kind="stable")[:most])

    def matrix(self, tokens: Ids | None = None) -> Ids:
        """The counts as a matrix [before, after].

        Args:
            tokens: ids of the rows and columns, ascending, shape (S,). None: all, which takes
                8 V² bytes.

        Returns:
            Shape (S, S).
        """
        tokens = np.arange(self.vocab_size) if tokens is None else tokens
        place = np.full(self.vocab_size, -1)
        place[tokens] = np.arange(len(tokens))
        rows, columns = place[self.before], place[self.after]
        held = (rows >= 0) & (columns >= 0)
        matrix = np.zeros((len(tokens), len(tokens)), dtype=np.int64)
        matrix[rows[held], columns[held]] = self.counts[held]
        return matrix
