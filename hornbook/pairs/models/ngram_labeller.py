"""What the plain models of labels share: a weight for each n-gram and label, and their sum."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.pairs.models.contract import Arrays, Labeller, Shape
from hornbook.pairs.models.ngram_features import Counts, NgramFeatures, sound
from hornbook.pairs.rows import Ids
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData

__all__ = ["NgramLabeller", "NgramSettings", "held_out_fifth"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NgramSettings(Settings):
    """Which n-grams are counted."""

    longest: Annotated[int, Bounds(1, 100), Range(1, 8)] = 5
    "Tokens of the longest n-gram; shorter ones count too."
    least: Annotated[int, Bounds(1, 10**9), Range(1, 5)] = 1
    "Occurrences in train from which on an n-gram is kept."


class NgramLabeller(Labeller):
    """scores = x W + b, with x the counts of n-grams in a text.

    Args:
        settings: of the family.
        shape: of the data.

    Shapes: weights W (features, labels), bias b (labels,).
    """

    settings: Any

    def __init__(self, settings: NgramSettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.features = NgramFeatures(shape.source.size, settings.longest)
        self.weights: Floats = np.zeros((0, shape.labels))
        self.bias: Floats = np.zeros(shape.labels)

    @property
    def n_parameters(self) -> int:
        """Weights and biases."""
        return self.weights.size + self.bias.size

    def fit(self, data: PairData) -> None:
        """Count train, and find the weights.

        Raises:
            SettingsError: if no n-gram is there as often as is asked for.
        """
        sources, target = data.sources("train"), data.numbers("train")
        counts = self.features.fit(sources, self.settings.least)
        if not self.features.size:
            raise SettingsError(
                f"No n-gram occurs {self.settings.least:,} times in train.",
                hint="Lower `least`.",
                setting="least",
            )
        held = held_out_fifth(data.owners(data.side("train").sources))
        self.weights, self.bias = self.solved(counts, target, held)

    @abstractmethod
    def solved(
        self, counts: Counts, target: Ids, held: npt.NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """Weights and bias.

        Args:
            counts: of train.
            target: numbers of its labels, shape (N,).
            held: a fifth of train on which what is left open can be chosen, shape (N,); all False
                where train is too small.
        """

    def scores(self, sources: Sequence[Ids]) -> Floats:
        """The sums of weights."""
        found: Floats = self.features.count(sources).times(self.weights) + self.bias
        return found

    def arrays(self) -> Arrays:
        """N-grams, weights, bias and temperature."""
        return {
            **self.features.arrays(),
            "weights": self.weights,
            "bias": self.bias,
            "temperature": np.array([self.temperature]),
        }

    def load_arrays(self, arrays: Arrays) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        self.features.load_arrays(arrays)
        labels = self.shape.labels
        self.weights = sound(arrays, "weights", (self.features.size, labels))
        self.bias = sound(arrays, "bias", (labels,))
        self.temperature = float(sound(arrays, "temperature", (1,))[0])


def held_out_fifth(owners: Ids) -> npt.NDArray[np.bool_]:
    """A random fifth of some texts, all that read the same on one side; none of fewer than ten.

    Args:
        owners: numbers of the texts, from 0, shape (N,).
    """
    different = int(owners.max(initial=-1)) + 1
    if different < 10:
        return np.zeros(len(owners), np.bool_)
    found: npt.NDArray[np.bool_] = np.random.default_rng(0).permutation(different)[owners] % 5 == 0
    return found
