"""What is measured of a model on a split, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hornbook.rendering import many

__all__ = ["LOSS", "Evaluation", "Extent", "Measure"]


@dataclass(frozen=True)
class Measure:
    """A measure of how good a model is."""

    name: str
    "As in `Evaluation.measures`; `loss` means the mean training loss."
    unit: str
    "Unit of its values; empty if there is none."
    best: Literal["lowest", "highest"] = "lowest"
    "Whether lower or higher values are better."
    digits: int = 4
    "Digits after the decimal point when printed."

    @property
    def title(self) -> str:
        """What people call it: its unit where that is only its name, written well (RMSE)."""
        name = self.name.replace("_", " ")
        return self.unit if self.unit.lower().startswith(name.lower()) else name

    @property
    def worst(self) -> float:
        """A figure that every other one is better than."""
        return math.inf if self.best == "lowest" else -math.inf

    def is_better(self, figure: float, than: float) -> bool:
        """Whether a figure is better than another; NaN never is."""
        return figure < than if self.best == "lowest" else figure > than


LOSS = Measure("loss", "")


@dataclass(frozen=True)
class Extent:
    """How much of a split a figure was measured on, in predictions."""

    measured: int
    of: int
    "All that there are in the split."

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self.measured >= self.of

    def __str__(self) -> str:
        if self.is_whole:
            return f"all {many(self.of, 'prediction')}"
        return f"{self.measured:,} of {many(self.of, 'prediction')}"


@dataclass(frozen=True)
class Evaluation:
    """What was measured of a model on some splits, or on parts of them."""

    losses: Mapping[str, float] = field(default_factory=dict)
    "Mean training loss by split name."
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "Further values by split name, then by measure name."

    def figure(self, measure: Measure, split: str) -> float | None:
        """The figure of a measure on a split; None if nothing was measured on that split.

        Raises:
            ValueError: if others were measured there, but not this one.
        """
        if split not in self.losses and split not in self.measures:
            return None
        figures = dict(self.measures.get(split, {}))
        if split in self.losses:
            figures[LOSS.name] = self.losses[split]
        if measure.name not in figures:
            raise ValueError(f"{measure.name} was not measured on {split}")
        return figures[measure.name]
