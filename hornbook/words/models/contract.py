"""What every model of words offers: two tables, and all else follows from them.

A word has a vector, by which it is compared with others, and a context vector, for when it is a
neighbour. The product of the one and the other says how much likelier two words stand near each
other than by chance: of skip-gram it is the logit, which at its best is the pointwise mutual
information less a constant; the other family factors that information itself (Levy and Goldberg
2014).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from hornbook.settings import Settings

__all__ = ["Shape", "WordVectors"]

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Shape:
    """What a model must know to be built."""

    words: int
    "Different ones."
    tokens: int
    "Words of train, each as often as it stands there."
    busiest: float = 0.0
    "The largest share of a word when frequent ones are thinned out; 0 where that is not known."


class WordVectors(ABC):
    """A model of words.

    Attributes:
        Settings: its settings.
    """

    Settings: ClassVar[type[Settings]]

    @property
    @abstractmethod
    def vectors(self) -> Floats:
        """A vector for each word, shape (words, D)."""

    @property
    @abstractmethod
    def contexts(self) -> Floats:
        """A context vector for each word, shape (words, D)."""

    @property
    def unit_vectors(self) -> Floats:
        """The vectors at length 1, shape (words, D); all 0 where a vector is."""
        lengths = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        found = np.zeros_like(self.vectors)
        np.divide(self.vectors, lengths, out=found, where=lengths > 0)
        return found

    def closeness(self, words: Numbers, others: Numbers) -> Floats:
        """How much likelier than by chance pairs stand near each other, shape (N,).

        Args:
            words: shape (N,).
            others: shape (N,).
        """
        found: Floats = np.einsum("nd,nd->n", self.vectors[words], self.contexts[others])
        return found

    def likeness(self, plus: Sequence[int], minus: Sequence[int] = ()) -> npt.NDArray[np.float64]:
        """The cosine of each word's vector with a sum of words, shape (words,).

        Args:
            plus: words whose vectors, at length 1, are added.
            minus: words whose vectors are taken away.
        """
        units = self.unit_vectors.astype(np.float64)
        wanted = units[list(plus)].sum(0) - units[list(minus)].sum(0)
        found: npt.NDArray[np.float64] = units @ (wanted / (np.linalg.norm(wanted) or 1.0))
        return found
