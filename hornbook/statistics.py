"""How far chance goes: intervals over groups, by Student's t and the jackknife.

Figures of one user's rows hang together, so it is users that chance has drawn, not rows: a figure
is the ratio of sums over groups, and how much it varies is told by leaving out one group at a time.

With G groups the interval is the figure ± t(G - 1) standard errors. What cannot be below 0 (a
loss, an error) is skewed where groups are few, so that of a single figure is reckoned on its
logarithm. In place of 95 % this covers 89 to 96 % over 2 to 30 groups, where the percentile
bootstrap covers 42 to 93 (`python -m benchmarks.interval_coverage`). One group says nothing of
others: there is no interval then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Interval", "difference_interval", "ends_of", "holm", "jackknife", "left_out_interval",
           "p_value", "ratio_interval", "standard_error", "t_quantile",
           "wilson",
           "without_each"]  # fmt: skip

Array = npt.NDArray[np.float64]
Transform = Callable[[Array], Array]
Z = 1.96  # of a 95 % interval of the normal distribution
EXACTLY = 200  # degrees of freedom up to which the distribution of t is summed term by term
SUMMED = 10_000  # the same where it is summed once, and not for each step of a search


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


def ends_of(interval: Interval | None, name: str) -> dict[str, float]:
    """As `Interval.ends`; empty where there is no interval."""
    return {} if interval is None else interval.ends(name)


def same(values: Array) -> Array:
    """No transformation."""
    return values


def ratio_interval(
    sums: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    of: Transform = same,
    most: float = math.inf,
    level: float = 0.95,
) -> Interval | None:
    """The interval of Σ sums / Σ weights over groups; None if there is only one group.

    Args:
        sums: of each group, shape (G,): its squared errors, or its one figure.
        weights: of each group, shape (G,): its number of rows; by default 1.
        of: what is reported of the ratio: `numpy.sqrt` makes a mean square the root of it.
        most: that the figure can be: 1 of a share.
        level: how sure the interval is.

    Raises:
        ValueError: if there is no group.
    """
    s, w = columns(sums, weights)
    if len(s) < 2:
        return None
    figure, others = float(of(s.sum() / w.sum())), of(without_each(s, w))
    positive = bool((s >= 0).all())
    if positive and figure > 0 and (others > 0).all():
        reach = reach_of(np.log(others), level)
        # beyond e^±700 there are no floats, and so wide an interval says nothing anyway
        low, high = figure * math.exp(-min(reach, 700.0)), figure * math.exp(min(reach, 700.0))
    else:
        reach = reach_of(others, level)
        low, high = figure - reach, figure + reach
        low = max(0.0, low) if positive else low
    return Interval(low, min(high, max(figure, most)), level)


def difference_interval(
    sums: npt.ArrayLike,
    others: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    of: Transform = same,
    level: float = 0.95,
) -> Interval | None:
    """The interval of the figure of `sums` less that of `others`, of the same groups.

    Args, Returns and Raises as for `ratio_interval`.
    """
    s, w = columns(sums, weights)
    o, _ = columns(others, weights)
    if s.shape != o.shape:
        raise ValueError(f"there are {len(s)} groups, and {len(o)} to compare them with")
    if len(s) < 2:
        return None
    figure = float(of(s.sum() / w.sum()) - of(o.sum() / w.sum()))
    reach = reach_of(of(without_each(s, w)) - of(without_each(o, w)), level)
    return Interval(figure - reach, figure + reach, level)


def left_out_interval(
    figure: float, left_out: npt.ArrayLike, *, most: float = math.inf, level: float = 0.95
) -> Interval | None:
    """The interval of any figure of groups, by the jackknife; None if there is only one group.

    Args:
        figure: of all groups.
        left_out: the figure without each group, shape (G,).
        most: that the figure can be; it is never below 0.
        level: how sure the interval is.
    """
    others = np.asarray(left_out, np.float64)
    if len(others) < 2:
        return None
    reach = reach_of(others, level)
    return Interval(max(0.0, figure - reach), min(max(figure, most), figure + reach), level)


def wilson(n: float, p: float) -> tuple[float, float]:
    """Where a share of independent rows lies with 95 % confidence (Wilson 1927).

    Args:
        n: rows; a fraction, where rows hang together and are worth fewer.
        p: the share.
    """
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * (p * (1 - p) / n + Z**2 / (4 * n**2)) ** 0.5
    return min(p, middle - reach), max(p, middle + reach)


def columns(sums: npt.ArrayLike, weights: npt.ArrayLike | None) -> tuple[Array, Array]:
    """Both as arrays of one length, without groups of no weight."""
    s: npt.NDArray[Any] = np.asarray(sums, np.float64)
    w = np.ones(len(s)) if weights is None else np.asarray(weights, np.float64)
    if s.shape != w.shape or s.ndim != 1:
        raise ValueError(f"sums have shape {s.shape}, weights {w.shape}: both must be (groups,)")
    if not (w > 0).any():
        raise ValueError("there is no group")
    return s[w > 0], w[w > 0]


def without_each(sums: Array, weights: Array) -> Array:
    """The ratio of sums over all groups but one, for each of them; shape (G,)."""
    left = sums.sum() - sums
    if (sums >= 0).all():
        left = np.maximum(left, 0.0)  # which rounding may have made a little less
    found: Array = left / (weights.sum() - weights)
    return found


def reach_of(left_out: Array, level: float) -> float:
    """t times the jackknife's standard error of a figure (Tukey 1958).

    Args:
        left_out: the figure without each group, shape (G,).
        level: how sure the interval is.
    """
    return t_quantile(level, len(left_out) - 1) * jackknife(left_out)


def jackknife(left_out: Array) -> float:
    """The standard error of a figure, from what it is without each group."""
    n = len(left_out)
    return math.sqrt((n - 1) / n * float(np.square(left_out - left_out.mean()).sum()))


def standard_error(sums: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """The standard error of Σ sums / Σ weights over groups; NaN of one group.

    Args and Raises as for `ratio_interval`.
    """
    s, w = columns(sums, weights)
    return jackknife(without_each(s, w)) if len(s) > 1 else math.nan


@cache
def t_quantile(level: float, freedom: int) -> float:
    """How far from 0, on both sides, a share of Student's t distribution lies.

    Args:
        level: the share, above 0 and below 1.
        freedom: degrees of freedom, 1 or more.
    """
    if freedom > EXACTLY:  # Abramowitz and Stegun, 26.7.5
        z = NormalDist().inv_cdf((1 + level) / 2)
        terms = (
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        )
        return z + math.fsum(term / freedom**k for k, term in enumerate(terms, 1))
    low, high = 0.0, math.pi / 2
    for _ in range(60):  # of the angle: halved until no float lies between
        middle = (low + high) / 2
        low, high = (middle, high) if share_within(middle, freedom) < level else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def share_within(angle: float, freedom: int) -> float:
    """The share of t between ± √freedom · tan(angle) (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    total, term = 0.0, math.cos(angle) if odd else 1.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= square * k / (k + 1)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def p_value(figure: float, error: float, freedom: int) -> float:
    """How often chance alone makes a figure at least so far from 0, on either side, by Student's t.

    Args:
        figure: that is 0 if there is nothing but chance.
        error: its standard error; 0 where nothing varies.
        freedom: degrees of freedom of that, 1 or more.
    """
    if not error:
        return 1.0 if figure == 0 else 0.0
    t = abs(figure) / error
    if freedom > SUMMED:  # Abramowitz and Stegun, 26.7.8
        z = t * (1 - 1 / (4 * freedom)) / math.sqrt(1 + t * t / (2 * freedom))
        return math.erfc(z / math.sqrt(2))
    # Rounding leaves less than nothing of what is hardly ever reached.
    return max(0.0, 1 - share_within(math.atan(t / math.sqrt(freedom)), freedom))


def holm(chances: Sequence[float]) -> list[float]:
    """Several p-values, each as it counts among them all (Holm 1979), in their order.

    Whoever takes those below 5 % for more than chance is wrong about any of them in at most 5 % of
    the cases, however they hang together.

    Args:
        chances: p-values, from 0 to 1.
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    found, least = [0.0] * len(chances), 0.0
    for place, at in enumerate(order):
        least = max(least, min(1.0, (len(chances) - place) * chances[at]))
        found[at] = least
    return found
