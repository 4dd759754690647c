"""How far chance goes: intervals by the percentile bootstrap over groups.

Figures of one user's rows hang together, so it is users that are drawn anew, not rows: a draw takes
as many groups as there are, with replacement, and a figure is the ratio of sums over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Interval", "difference_interval", "ratio_interval"]

Array = npt.NDArray[np.float64]
Transform = Callable[[Array], Array]
AT_ONCE = 2**22  # groups drawn at a time, over some draws


@dataclass(frozen=True)
class Interval:
    """Where a figure would lie in most repetitions with other groups of the same kind."""

    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:.4f} to {self.high:.4f}"

    def ends(self, name: str) -> dict[str, float]:
        """Its ends by the name of the figure, with `_low` and `_high`."""
        return {f"{name}_low": self.low, f"{name}_high": self.high}


def same(values: Array) -> Array:
    """No transformation."""
    return values


def drawn(groups: int, draws: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Numbers of groups, shape (some draws, groups), until there are `draws`."""
    random = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // max(1, groups))
    for start in range(0, draws, at_once):
        yield random.integers(0, groups, (min(at_once, draws - start), groups))


def ratio_interval(
    sums: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    of: Transform = same,
    draws: int = 1_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of Σ sums / Σ weights over groups.

    Args:
        sums: of each group, shape (G,): its squared errors, or its one figure.
        weights: of each group, shape (G,): its number of rows; by default 1.
        of: what is reported of the ratio: `numpy.sqrt` makes a mean square the root of it.
        draws: how many times groups are drawn.
        level: the share of draws in the interval.
        seed: of the draws.

    Raises:
        ValueError: if there is no group.
    """
    s, w = columns(sums, weights)
    found = [of(s[rows].sum(1) / w[rows].sum(1)) for rows in drawn(len(s), draws, seed)]
    return percentiles(np.concatenate(found), level)


def difference_interval(
    sums: npt.ArrayLike,
    others: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    of: Transform = same,
    draws: int = 1_000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The interval of the figure of `sums` less that of `others`, of the same groups in each draw.

    Args and Raises as for `ratio_interval`.
    """
    s, w = columns(sums, weights)
    o, _ = columns(others, weights)
    if s.shape != o.shape:
        raise ValueError(f"there are {len(s)} groups, and {len(o)} to compare them with")
    found = []
    for rows in drawn(len(s), draws, seed):
        weight = w[rows].sum(1)
        found.append(of(s[rows].sum(1) / weight) - of(o[rows].sum(1) / weight))
    return percentiles(np.concatenate(found), level)


def columns(sums: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Array, Array]:
    """Both as arrays of one length, without groups of no weight."""
    s: npt.NDArray[Any] = np.asarray(sums, np.float64)
    w = np.ones(len(s)) if weights is None else np.asarray(weights, np.float64)
    if s.shape != w.shape or s.ndim != 1:
        raise ValueError(f"sums have shape {s.shape}, weights {w.shape}: both must be (groups,)")
    if not (w > 0).any():
        raise ValueError("there is no group to draw")
    return s[w > 0], w[w > 0]


def percentiles(found: Array, level: float) -> Interval:
    """The middle of what was found."""
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level)
