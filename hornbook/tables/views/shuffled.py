"""How much each column matters: how much worse predictions are when it is shuffled.

Of a wide table the columns that may matter are found first, by shuffling many at once: of groups of
columns those that do most harm are halved, and halved again, until single columns are left.
Twice as many columns so take one round more, not twice the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["Importance", "likely", "parted"]

Floats = npt.NDArray[np.float64]
Columns = Sequence[str]


@dataclass(frozen=True)
class Importance:
    """How much worse the deciding figure is when the values of a column are shuffled."""

    column: str
    worse: Floats
    "For each shuffle, shape (shuffles,)."

    @property
    def mean(self) -> float:
        """Over the shuffles."""
        return float(self.worse.mean())

    @property
    def std(self) -> float:
        """How much it varies from shuffle to shuffle."""
        return float(self.worse.std(ddof=1)) if len(self.worse) > 1 else 0.0


def likely(columns: Columns, most: int, harm: Callable[[Columns], float]) -> list[str]:
    """The columns that may matter most, in the order that they were given in.

    Args:
        columns: all.
        most: how many are wanted, at least; 0: all.
        harm: how much worse predictions are when some columns are shuffled together.

    Returns:
        All, if there are no more than `most`; else `most` of them. `harm` is then asked at most
        2 · `most` · ⌈log₂(columns / most)⌉ times.
    """
    if not most or len(columns) <= most:
        return list(columns)
    groups = parted(columns, most)
    while any(len(group) > 1 for group in groups):
        halves = [half for group in groups for half in parted(group, 2)]
        worst = sorted(halves, key=harm, reverse=True)[:most]
        groups = [half for half in halves if half in worst]
    return [group[0] for group in groups]


def parted(columns: Columns, parts: int) -> list[Columns]:
    """Columns in so many groups of neighbours, about equally large; none is empty."""
    ends = [round(len(columns) * part / parts) for part in range(parts + 1)]
    return [columns[a:b] for a, b in pairwise(ends) if a < b]
