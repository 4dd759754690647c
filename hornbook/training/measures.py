"""What is measured of a model, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["LOSS", "Evaluation", "Measure"]


@dataclass(frozen=True)
class Measure:
    """A figure by name."""

    name: str
    unit: str = ""
    best: Literal["lowest", "highest"] = "lowest"
    digits: int = 4

    def better(self, value: float, than: float) -> bool:
        """Whether."""
        return value < than if self.best == "lowest" else value > than


LOSS = Measure("loss")


@dataclass(frozen=True)
class Evaluation:
    """Losses by split, and further measures."""

    losses: Mapping[str, float]
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
