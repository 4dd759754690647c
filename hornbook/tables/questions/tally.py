"""How good predictions are where the file has what was to be predicted: sums, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.rendering import figure, listed, many
from hornbook.tables.target import Target
from hornbook.tasks.scores import BINS, LEAST, area

__all__ = ["Tally"]

Floats = npt.NDArray[np.float64]
SHOWN = {
    "rmse": "RMSE", "rmspe": "RMSPE", "mae": "MAE", "mape": "MAPE", "r2": "R²", "loss": "loss",
    "accuracy": "accuracy", "auc": "AUC", "calibration_error": "calibration error",
}  # fmt: skip


@dataclass
class Tally:
    """What is known of the errors so far; of a file of any size it takes little room.

    Attributes:
        rows: how many were measured.
        unread: rows with a target that cannot be read, or is not above 0 where shares of it count.
        unknown: rows with a class that the run does not have.
        odd: where the first target stands that cannot be read, and why; without a full stop.
    """

    target: Target
    rows: int = 0
    unread: int = 0
    unknown: int = 0
    odd: str = ""
    squares: float = 0.0
    absolutes: float = 0.0
    relative: float = 0.0
    shares: float = 0.0
    mean: float = 0.0
    spread: float = 0.0
    "Sum of the squared distances of the targets to their mean."
    positive: bool = True
    losses: float = 0.0
    right: int = 0
    bins: Floats = field(default_factory=lambda: np.zeros(BINS))
    scores: list[npt.NDArray[np.float32]] = field(default_factory=list)
    "Of two classes the probability of the second one, for the AUC."
    second: list[npt.NDArray[np.bool_]] = field(default_factory=list)

    def add(self, predicted: Floats, wanted: npt.NDArray[Any], told: npt.NDArray[np.bool_]) -> None:
        """Some more rows.

        Args:
            predicted: in the units of the table, shape (n,); or probabilities, shape (n, classes).
            wanted: numbers, or classes by number; shape (n,).
            told: whether a row has a target, shape (n,).
        """
        if self.target.kind == "class":
            known = told & (wanted >= 0)
            self.unknown += int((told & ~known).sum())
            self.add_classes(predicted[known], wanted[known])
            return
        known = told & np.isfinite(wanted)
        if self.target.kind == "logarithm":
            known &= ~(wanted <= 0)
        self.unread += int((told & ~known).sum())
        if known.any():
            self.add_numbers(predicted[known], wanted[known])

    def add_numbers(self, predicted: Floats, wanted: Floats) -> None:
        """Rows of numbers."""
        errors, n = predicted - wanted, len(wanted)
        self.squares += float(np.square(errors).sum())
        self.absolutes += float(np.abs(errors).sum())
        self.positive &= bool((wanted > 0).all())
        if self.positive:
            self.relative += float(np.square(errors / wanted).sum())
            self.shares += float(np.abs(errors / wanted).sum())
        # Two groups' spreads are one of both: Chan, Golub and LeVeque 1979.
        mean, apart = float(wanted.mean()), float(wanted.mean()) - self.mean
        self.spread += float(np.square(wanted - mean).sum())
        self.spread += apart**2 * self.rows * n / (self.rows + n)
        self.mean += apart * n / (self.rows + n)
        self.rows += n

    def add_classes(self, predicted: Floats, wanted: npt.NDArray[np.int64]) -> None:
        """Rows of classes."""
        self.rows += len(wanted)
        picked = predicted[np.arange(len(wanted)), wanted]
        self.losses += float(-np.log(np.maximum(picked, LEAST)).sum())
        right, sure = predicted.argmax(1) == wanted, predicted.max(1)
        self.right += int(right.sum())
        places = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
        self.bins += np.bincount(places, sure - right, minlength=BINS)
        if predicted.shape[1] == 2:
            self.scores.append(predicted[:, 1].astype(np.float32))
            self.second.append(wanted == 1)

    def figures(self) -> dict[str, float]:
        """The figures by name, the deciding one first; empty if no row had a target."""
        n = self.rows
        if not n:
            return {}
        if self.target.kind == "class":
            found = {"loss": self.losses / n, "accuracy": self.right / n}
            second = np.concatenate(self.second) if self.second else np.zeros(0, bool)
            if 0 < second.sum() < len(second):
                scores = np.concatenate(self.scores).astype(np.float64)
                found["auc"] = area(scores, second)
            return {**found, "calibration_error": float(np.abs(self.bins).sum() / n)}
        found = {"rmse": (self.squares / n) ** 0.5, "mae": self.absolutes / n}
        if self.spread > 0:
            found["r2"] = 1 - self.squares / self.spread
        if self.positive:
            found |= {"rmspe": (self.relative / n) ** 0.5, "mape": self.shares / n}
        if self.target.kind == "logarithm":
            found = {name: found[name] for name in ("rmspe", "mape", "rmse", "mae", "r2")
                     if name in found}  # fmt: skip
        return found

    def remarks(self) -> list[str]:
        """The figures as a sentence, and what was not measured."""
        told: list[str] = []
        if self.rows:
            parts = [f"{SHOWN[name]} {figure(value)}" for name, value in self.figures().items()]
            name = f"{self.target.name!r}, which the file has"
            told.append(f"{', '.join(parts)} on {many(self.rows, 'row')} ({name}).")
        return [*told, *self.unmeasured()]

    def unmeasured(self) -> list[str]:
        """What was not measured."""
        told = []
        if self.unread:
            above = " above 0" if self.target.kind == "logarithm" else ""
            told.append(
                f"{many(self.unread, 'row')} with a target that is not a finite number{above}: not "
                f"in the errors.{self.odd and f' The first one: {self.odd}.'}"
            )
        if self.unknown:
            told.append(
                f"{many(self.unknown, 'row')} with a class that the run does not have: not in the "
                f"figures. It has {listed(self.target.labels, 6)}."
            )
        return told
