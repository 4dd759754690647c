"""How often intervals over few groups hold the true figure, by simulation.

    python -m benchmarks.interval_coverage [--repeats 2000]

Groups are drawn from made-up populations of which the true figure is known; an interval of 95 %
should hold it in 95 % of the repetitions. Beside `hornbook.statistics` stand the percentile
bootstrap, and that stretched by t(G - 1) / 1.96 · sqrt(G / (G - 1)).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.statistics import Interval, difference_interval, ratio_interval, same, t_quantile
from hornbook.statistics import Transform as Of

Array = npt.NDArray[np.float64]
GROUPS, DRAWS = (2, 3, 5, 10, 30, 100), 1_000
WAYS = ("percentiles", "stretched", "hornbook")


@dataclass(frozen=True)
class Case:
    """Groups of a made-up population; arrays of shape (repeats, G)."""

    name: str
    true: float
    sums: Array
    weights: Array
    others: Array | None = None
    of: Of = same

    def figures(self, counts: Array) -> Array:
        """The figure of groups counted so often; counts (draws, G), found (repeats, draws)."""
        weights = self.weights @ counts.T
        found = self.of(self.sums @ counts.T / weights)
        return found if self.others is None else found - self.of(self.others @ counts.T / weights)


def cases(groups: int, repeats: int, random: np.random.Generator) -> Iterator[Case]:
    """Errors of groups of unequal sizes and spreads, differences of two models, shares, means."""
    shape = (repeats, groups)
    rows = np.maximum(1, np.exp(random.normal(3, 0.7, shape)).round())
    spread = np.exp(random.normal(0, 0.5, shape))
    squares = spread * random.chisquare(rows)
    root = float(np.exp(0.5**2 / 4))  # of the mean of the spreads
    other = spread * np.exp(random.normal(-0.045, 0.3, shape)) * random.chisquare(rows)
    one = np.ones(shape)
    yield Case("RMSE, groups of unequal size and spread", root, squares, rows, of=np.sqrt)
    yield Case("difference of two RMSE", 0.0, squares, rows, other, np.sqrt)
    yield Case("mean of shares (beta 0.5, 1.5)", 0.25, random.beta(0.5, 1.5, shape), one)
    yield Case("mean of normal figures", 3.0, random.normal(3, 1, shape), one)
    yield Case("mean of lognormal losses", float(np.exp(0.5)), random.lognormal(0, 1, shape), one)


def own(case: Case) -> list[Interval | None]:
    """The intervals of the package."""
    if case.others is None:
        pairs = zip(case.sums, case.weights, strict=True)
        return [ratio_interval(s, w, of=case.of) for s, w in pairs]
    both = zip(case.sums, case.others, case.weights, strict=True)
    return [difference_interval(s, o, w, of=case.of) for s, o, w in both]


def covered(case: Case, groups: int) -> list[float]:
    """The share of intervals that hold the true figure, in each of WAYS."""
    drawn = np.random.default_rng(0).integers(0, groups, (DRAWS, groups))
    counts = np.stack([np.bincount(row, minlength=groups) for row in drawn]).astype(np.float64)
    low, high = np.quantile(case.figures(counts), (0.025, 0.975), axis=1)
    middle = case.figures(np.ones((1, groups)))[:, 0]
    stretch = t_quantile(0.95, groups - 1) / 1.96 * (groups / (groups - 1)) ** 0.5
    wide = middle - stretch * (middle - low), middle + stretch * (high - middle)
    return [
        float(((low <= case.true) & (case.true <= high)).mean()),
        float(((wide[0] <= case.true) & (case.true <= wide[1])).mean()),
        float(np.mean([one is not None and case.true in one for one in own(case)])),
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=2_000)
    repeats = parser.parse_args().repeats
    print(f"{'':42}" + "".join(f"{f'G = {g}':>9}" for g in GROUPS))
    found = {g: [(c.name, covered(c, g)) for c in cases(g, repeats, np.random.default_rng(g))]
             for g in GROUPS}  # fmt: skip
    for place, (name, _) in enumerate(found[GROUPS[0]]):
        print(name)
        for at, way in enumerate(WAYS):
            print(f"  {way:40}" + "".join(f"{found[g][place][1][at]:9.1%}" for g in GROUPS))


if __name__ == "__main__":
    main()
