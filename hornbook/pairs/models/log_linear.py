"""The log-linear model: n-grams weighted so that train is likeliest, held small by a pull to 0.

It minimises Σ -ln p(label | text) + ridge / 2 · Σ W², as scikit-learn's LogisticRegression does
with C = 1 / ridge; the bias is free. That is convex: L-BFGS goes to the one lowest point.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch

from hornbook.compute.sparse import sparse_matrix
from hornbook.nn import CrossEntropy
from hornbook.pairs.calibration import losses
from hornbook.pairs.models.lbfgs import lowest
from hornbook.pairs.models.ngram_features import Counts
from hornbook.pairs.models.ngram_labeller import Floats, NgramLabeller, NgramSettings
from hornbook.pairs.rows import Ids
from hornbook.settings import Bounds

__all__ = ["LogLinear", "LogLinearSettings"]

TRIED = (30.0, 10.0, 3.0, 1.0, 0.3, 0.1)
"Pulls, each fitted from where the one before it ended."
USUAL = 1.0  # where train is too small to hold out a part of it
ITERATIONS = 300
FLAT, NEARLY_FLAT = 1e-6, 1e-4  # largest slope of the mean loss, at which it ends; in choosing


@dataclass(frozen=True)
class LogLinearSettings(NgramSettings):
    """Logistic regression on counts of n-grams."""

    ridge: Annotated[float, Bounds(0, 1e9)] = 0.0
    """Pull on the weights: half of it times their squares stands beside the sum of the losses over
    train (0: the best of some on a fifth of train, held out)."""


class LogLinear(NgramLabeller):
    """Weights by L-BFGS."""

    Settings = LogLinearSettings

    def solved(
        self, counts: Counts, target: Ids, held: npt.NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """By descent to the lowest point."""
        start = (np.zeros((counts.features, self.shape.labels)), np.zeros(self.shape.labels))
        ridge = self.settings.ridge or USUAL
        if not self.settings.ridge and held.any():
            ridge = self.chosen(counts, target, held, start)
        return descended(counts, target, ridge, start)

    def chosen(
        self,
        counts: Counts,
        target: Ids,
        held: npt.NDArray[np.bool_],
        found: tuple[Floats, Floats],
    ) -> float:
        """The pull with the lowest loss on the part of train that is held out."""
        rest, apart = np.flatnonzero(~held), np.flatnonzero(held)
        fitted, other = counts.take(rest), counts.take(apart)
        reached: list[float] = []
        for ridge in TRIED:
            found = descended(fitted, target[rest], ridge, found, NEARLY_FLAT)
            scores = other.times(found[0]) + found[1]
            reached.append(float(losses(scores, target[apart], 1.0).mean()))
            if len(reached) > 1 and reached[-1] > reached[-2]:
                break  # with less and less of a pull it overfits more and more
        return TRIED[int(np.argmin(reached))]


def descended(
    counts: Counts,
    target: Ids,
    ridge: float,
    start: tuple[Floats, Floats],
    flat: float = FLAT,
) -> tuple[Floats, Floats]:
    """Weights (features, labels) and bias (labels,) with the lowest loss.

    Args:
        counts: of texts.
        target: numbers of their labels, shape (N,).
        ridge: the pull on the weights.
        start: weights and bias to begin with.
        flat: largest slope of the mean loss at which it is low enough.
    """
    matrix, turned = both_ways(counts)
    wanted, n, cells = torch.from_numpy(target), len(target), start[0].size

    def loss_and_slope(at: torch.Tensor) -> tuple[float, torch.Tensor]:
        weights, bias = at[:cells].view(start[0].shape), at[cells:]
        loss, back = CrossEntropy().vjp(matrix @ weights + bias, wanted)
        d = back()  # (N, labels)
        slope = torch.cat([(turned @ d).add_(weights, alpha=ridge / n).view(-1), d.sum(0)])
        return float(loss + ridge / (2 * n) * weights.square().sum()), slope

    flat_start = torch.from_numpy(np.concatenate([part.reshape(-1) for part in start]))
    found = lowest(loss_and_slope, flat_start, ITERATIONS, flat).numpy()
    return found[:cells].reshape(start[0].shape), found[cells:]


def both_ways(counts: Counts) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrix as torch multiplies it, and turned; each by its rows."""
    order = np.argsort(counts.ids, kind="stable")
    sizes = np.bincount(counts.ids, minlength=counts.features)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    texts, features = len(counts), counts.features
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        return (
            sparse(counts.starts, counts.ids, counts.values, (texts, features)),
            sparse(starts, counts.rows[order], counts.values[order], (features, texts)),
        )


def sparse(starts: Ids, ids: Ids, values: Floats, size: tuple[int, int]) -> torch.Tensor:
    """A matrix by its rows (CSR)."""
    row_starts, columns, entries = (torch.from_numpy(part) for part in (starts, ids, values))
    return sparse_matrix(row_starts, columns, entries, size)
