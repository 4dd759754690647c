"""What models of pairs can do, whatever they are made of.

A `Writer` answers a source with texts, a `Labeller` with the probability of each label. A net that
writes is a `SequenceModel`: it tells what each token of a target costs, and goes on token by token,
so that one search (hornbook.pairs.search) serves all nets. Ids cross the contract as NumPy arrays.

    sources = padded([...])                     each ends with its boundary
    state = model.read(sources)                 the encoder, once; B places
    logits, state = model.step(ids, state)      the token just said in each, the boundary first
    state = model.select(state, places)         some places only; a place may come twice
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hornbook.pairs.probabilities import log_softmax
from hornbook.pairs.rows import Ids, Padded
from hornbook.settings import Settings
from hornbook.tokenizers.contract import Vocabulary

if TYPE_CHECKING:
    from hornbook.pairs.decoding import Decoding

__all__ = ["Arrays", "Labeller", "PairModel", "SequenceModel", "Shape", "Writer", "Written"]

Floats = npt.NDArray[np.floating[Any]]
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Shape:
    """What a model must know to be built."""

    source: Vocabulary
    target: Vocabulary | None
    "None where targets are labels."
    labels: int = 0
    "How many there are; 0 where targets are texts."
    shared: bool = False
    "Whether sources and targets are written in the same tokens, with the same ids."
    longest_source: int = 64
    "Most tokens of a source in train, its boundary counted."
    longest_target: int = 64
    "Most tokens of a target in train, its boundary counted; 1 where it is a label."
    pairs: int = 10_000
    "How many there are in train."


@dataclass(frozen=True)
class Written:
    """One answer to a source."""

    ids: Ids
    "Its tokens, without a boundary."
    score: float
    "The natural logarithm of its probability; NaN where the model has none."
    ended: bool = True
    "Whether it came to its end; else it was cut off."


class PairModel(ABC):
    """A model of pairs.

    Attributes:
        Settings: the dataclass of the family's settings.
        settings: this model's settings.
        shape: of the data that it is for.
    """

    Settings: ClassVar[type[Settings]]

    settings: Any
    shape: Shape

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """How many numbers were learned."""

    @property
    def longest(self) -> int | None:
        """Most tokens of a source, or of a target, that it can read; None: any number."""
        return None

    @abstractmethod
    def arrays(self) -> Arrays:
        """Everything learned, by name, for a file."""

    @abstractmethod
    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """


class Writer(PairModel):
    """A model that answers a source with texts."""

    @abstractmethod
    def answers(self, sources: Sequence[Ids], how: Decoding) -> list[list[Written]]:
        """For each source its answers, the best first: at least one, at most `how.n`.

        Args:
            sources: each ends with its boundary.
            how: to search.
        """


class SequenceModel(Writer):
    """A writer that has a probability for every target."""

    @abstractmethod
    def token_losses(self, sources: Padded, inputs: Ids, targets: Ids) -> npt.NDArray[np.float64]:
        """What each token of the targets costs, in nats; shapes as of `PairBatch`.

        Returns:
            Shape (B, T); 0 at IGNORED.
        """

    @abstractmethod
    def read(self, sources: Padded) -> Any:
        """Read sources as a whole, and give the state before anything is said; B places."""

    @abstractmethod
    def step(self, ids: Ids, state: Any) -> tuple[Floats, Any]:
        """Read the token just said in each of B places, the boundary first, and tell what follows.

        Args:
            ids: shape (B,).
            state: what `read` or the last step returned. It may be changed in place.

        Returns:
            Logits of shape (B, V) and the new state.
        """

    @abstractmethod
    def select(self, state: Any, places: Ids) -> Any:
        """The state of some places only, in the order given; a place may come twice."""

    @abstractmethod
    def alignment(self, sources: Padded, inputs: Ids) -> npt.NDArray[np.float64]:
        """Where each position of the decoder looks in the source.

        Returns:
            Shape (B, n, T, S): of n heads or layers that look (of a transformer layer by layer,
            head by head); each row sums to 1, and is 0 at padding.
        """

    def answers(self, sources: Sequence[Ids], how: Decoding, first: int = 0) -> list[list[Written]]:
        """By search, as `how` says.

        Args:
            sources: each ends with its boundary.
            how: to search.
            first: number of the first source among all, where these are a part of them.
        """
        from hornbook.pairs.search import found_by

        return found_by(self, sources, how, first)


class Labeller(PairModel):
    """A model that gives each label a probability.

    Attributes:
        temperature: that scores are divided by, so that probabilities come true as often as they
            say: 1 while a model is made; see hornbook.pairs.calibration.
    """

    temperature: float = 1.0

    @abstractmethod
    def scores(self, sources: Sequence[Ids]) -> npt.NDArray[np.float64]:
        """ln p of each label at temperature 1, but for a number that is the same for all labels.

        Args:
            sources: each ends with its boundary.

        Returns:
            Shape (B, labels).
        """

    def log_probabilities(self, sources: Sequence[Ids]) -> npt.NDArray[np.float64]:
        """ln p of each label, shape (B, labels).

        Args:
            sources: each ends with its boundary.
        """
        return log_softmax(self.scores(sources) / self.temperature)
