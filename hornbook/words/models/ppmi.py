"""Vectors by counting: positive pointwise mutual information, factored (Levy and Goldberg 2014).

How often a word c stands near a word w, against what chance would give:

    M_wc = max(0, ln(n_wc / Σ n · 1 / (p_w q_c)) - ln shift)

with p_w the share of w, and q_c that of c smoothed by a power (Levy, Goldberg and Dagan 2015). A
neighbour at distance d of a window of L counts (L - d + 1) / L, as word2vec's random windows have
it on average. The best factors of M of rank D are its singular vectors U Σ Vᵀ; words are U Σ^power.
They are found by subspace iteration from a random start (Halko, Martinsson and Tropp 2011), with M
kept as the pairs that occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
import numpy.typing as npt

from hornbook.errors import RunError
from hornbook.ranges import Range
from hornbook.settings import Bounds, Settings
from hornbook.words.models.contract import Floats, Shape, WordVectors

if TYPE_CHECKING:
    from hornbook.words.data import Passages, WordsData

__all__ = ["PPMI", "PPMISettings", "Pairs", "count_pairs"]

ROWS = 512  # of M that are made dense at a time
MORE, ROUNDS = 20, 3  # dimensions beyond those wanted, and rounds, of subspace iteration


@dataclass(frozen=True)
class PPMISettings(Settings):
    """Counts of neighbours, factored."""

    vector_size: Annotated[int, Bounds(1, 10_000), Range(50, 300, log=True)] = 100
    "Numbers in the vector of a word."
    window: Annotated[int, Bounds(1, 1_000), Range(2, 10)] = 5
    "How many words before and behind a word are its neighbours; the nearest count most."
    smoothing: Annotated[float, Bounds(0, 1)] = 0.75
    "Power of the frequencies of neighbours: below 1 rare ones count for less."
    shift: Annotated[float, Bounds(1, 1_000)] = 1.0
    "How many times likelier than at random a pair must be to count."
    power: Annotated[float, Bounds(0, 1), Range(0, 1)] = 0.5
    "Power of the singular values in the vectors of words (0: all directions count alike)."


@dataclass(frozen=True)
class Pairs:
    """A sparse square matrix: its entries, sorted by row and column."""

    n: int
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def blocks(self) -> Iterator[tuple[slice, Floats]]:
        """Some rows after the other, dense, shape (rows, n)."""
        for start in range(0, self.n, ROWS):
            end = min(start + ROWS, self.n)
            low, high = np.searchsorted(self.rows, (start, end))
            block = np.zeros((end - start, self.n), np.float32)
            block[self.rows[low:high] - start, self.columns[low:high]] = self.values[low:high]
            yield slice(start, end), block

    def times(self, right: Floats) -> Floats:
        """M X, shape (n, K)."""
        return np.concatenate([block @ right for _, block in self.blocks()])

    def transposed_times(self, right: Floats) -> Floats:
        """Mᵀ X, shape (n, K)."""
        found = np.zeros_like(right)
        for part, block in self.blocks():
            found += block.T @ right[part]
        return found


def count_pairs(text: Passages, words: int, window: int) -> Pairs:
    """How often each word has each other one near it, near ones counted for more."""
    found: npt.NDArray[np.float64] = np.zeros(0)
    keys = np.zeros(0, np.int64)
    for apart in range(1, window + 1):
        before, after = text.ids[:-apart].astype(np.int64), text.ids[apart:].astype(np.int64)
        same = text.places[:-apart] == text.places[apart:]
        before, after = before[same], after[same]
        both = np.concatenate([before * words + after, after * words + before])
        weights = np.full(len(both), (window - apart + 1) / window)
        merged, at = np.unique(np.concatenate([keys, both]), return_inverse=True)
        every = np.concatenate([found, weights])
        found = np.bincount(at, every, minlength=len(merged)).astype(np.float64)
        keys = merged
    rows, columns = np.divmod(keys, words)
    return Pairs(words, rows, columns, found)


class PPMI(WordVectors):
    """Positive pointwise mutual information, factored."""

    Settings = PPMISettings

    def __init__(self, settings: PPMISettings, shape: Shape) -> None:
        self.settings, self.shape = settings, shape
        self.held = tuple(
            np.zeros((shape.words, settings.vector_size), np.float32) for _ in range(2)
        )

    @property
    def n_parameters(self) -> int:
        """Numbers in both tables."""
        return sum(table.size for table in self.held)

    @property
    def vectors(self) -> Floats:
        """U Σ^power, shape (words, D)."""
        return self.held[0]

    @property
    def contexts(self) -> Floats:
        """V Σ^(1 - power), shape (words, D)."""
        return self.held[1]

    def fit(self, data: WordsData) -> Self:
        """Count, and factor."""
        s = self.settings
        pairs = information(count_pairs(data.train, len(data.words), s.window), s)
        size = min(s.vector_size, pairs.n)
        random = np.random.default_rng(0)
        basis = random.standard_normal((pairs.n, min(size + MORE, pairs.n))).astype(np.float32)
        for _ in range(ROUNDS):
            basis = np.linalg.qr(pairs.transposed_times(np.linalg.qr(pairs.times(basis))[0]))[0]
        left, values, right = np.linalg.svd(pairs.times(basis), full_matrices=False)
        right = right @ basis.T
        for table, vectors, power in zip(
            self.held, (left, right.T), (s.power, 1 - s.power), strict=True
        ):
            table[:, :size] = vectors[:, :size] * values[:size] ** power
        return self

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Both tables."""
        return {"vectors": self.held[0], "contexts": self.held[1]}

    def load_arrays(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take what `arrays` gave.

        Raises:
            RunError: if the names or shapes are not this model's.
        """
        wanted = {name: table.shape for name, table in self.arrays().items()}
        sound = {name: table.shape for name, table in arrays.items()} == wanted
        if not sound or not all(np.isfinite(table).all() for table in arrays.values()):
            raise RunError(
                "The model's arrays are damaged, or belong to another run.",
                hint="Train the model again.",
            )
        self.held = (arrays["vectors"], arrays["contexts"])


def information(counts: Pairs, settings: PPMISettings) -> Pairs:
    """M from counts: the entries above 0."""
    total = np.bincount(counts.rows, counts.values, minlength=counts.n)
    smoothed = total**settings.smoothing
    share = smoothed / smoothed.sum()
    chance = total[counts.rows] * share[counts.columns] * settings.shift
    found = np.log(counts.values / chance)
    some = found > 0
    return Pairs(counts.n, counts.rows[some], counts.columns[some], found[some])
