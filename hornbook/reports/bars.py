"""Several models by one measure, drawn as bars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Bar", "Bars"]


@dataclass(frozen=True)
class Bar:
    """A model, and what it reaches."""

    name: str
    values: Mapping[str, float]
    "By split; one that was not measured is left out."
    own: bool = False
    "Whether it is the model that the report is about."


@dataclass(frozen=True)
class Bars:
    """Models by one measure, on a split or several."""

    splits: tuple[str, ...]
    rows: tuple[Bar, ...]
    digits: int = 4
    "Digits after the decimal point."

    def length(self, value: float) -> float:
        """The length of a bar, as a share of the longest that is finite; 0 for what has none."""
        known = [one for row in self.rows for one in row.values.values() if math.isfinite(one)]
        longest = max(known, default=0.0)
        if math.isnan(value) or value <= 0:
            return 0.0
        return 1.0 if value >= longest else value / longest
