"""Whether one kind of model is better than another by more than luck.

Luck has two sources. Other examples might have been drawn for the split that is measured: how much
that matters is told by leaving out one group of examples at a time, from both at once, since what
is hard for both makes no difference (the jackknife of `hornbook.statistics`, over the mean of all
seeds). And other seeds might have been drawn for the trainings: how much that matters is told by
the spread over the seeds of each. The two variances are added, and the sum has the degrees of
freedom of Welch and Satterthwaite, with more caution where there are two seeds:

    difference / sqrt(examples² + s₁² / n₁ + s₂² / n₂)   as Student's t

So a verdict is of kinds of models, and not only of these runs. Where there is one seed of a model
that is trained, its spread is not known: the verdict is then of these runs alone, and says so.
`python -m benchmarks.verdict_errors` tells how often it errs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hornbook.rendering import figure
from hornbook.statistics import Interval, holm, jackknife, p_value, t_quantile
from hornbook.tasks import Grouped

__all__ = ["SURE", "Difference", "KindRuns", "corrected", "difference", "errors_aside"]

LEVEL = 0.95
"Of the intervals."
SURE = 0.05
"A difference is more than luck where luck alone makes one as large in at most this share of cases."

FEWEST = 2
"""Degrees of freedom of a spread over seeds, of three seeds. Of two seeds the approximation is too
sure of itself, where it happens to find them alike: then two spreads together count as one, and
p-values are `DOUBT` times as large, by which it errs no more often than it says."""
DOUBT = 3
WIDE = 4.0
"Standard errors to either side: an interval of more tells of Student's t, not of the model."

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """How far one kind of model is above another, and how much of that luck can make."""

    value: float
    "Mean figure of the one, less that of the other."
    low: float
    high: float
    "Ends of its interval, of 95 %."
    p: float
    "How often luck alone makes a difference at least so large, on either side."
    corrected: float
    "The same as it counts among all differences that are told together (Holm 1979)."
    examples: float
    "Standard error over examples; NaN if they are of one group."
    seeds: float | None
    "Standard error over seeds; None where a model that is trained has only one."
    freedom: int
    "Degrees of freedom."
    few: bool = False
    "Whether there are two seeds of one of the models, and not more."

    @property
    def sure(self) -> bool:
        """Whether it is more than luck."""
        return self.corrected <= SURE

    @property
    def chance(self) -> str:
        """The corrected p-value, for people."""
        return "p < 0.001" if self.corrected < 0.001 else f"p = {self.corrected:.3f}"

    @property
    def verdict(self) -> str:
        """Whether it is more than luck, in a few words."""
        if math.isnan(self.p):
            return "cannot be told: all examples are one group"
        of = ", two seeds" if self.few and not self.sure else ""
        of = of if self.seeds is not None else ", of these runs"
        told = "more than luck" if self.sure else "may be luck"
        return f"{told} ({self.chance}{of})"

    def range(self, digits: int) -> str:
        """The difference with its interval."""
        low, high = (figure(end, digits, sign=True) for end in (self.low, self.high))
        return f"{figure(self.value, digits, sign=True)} ({low} to {high})"


@dataclass(frozen=True)
class KindRuns:
    """The runs of one kind of model on a split: one for each seed."""

    runs: tuple[Grouped, ...]
    "MeasuredModel on the same groups."
    seeded: bool = True
    "Whether another seed would give another model; what is counted comes out the same."

    @property
    def figure(self) -> float:
        """The mean of their figures."""
        return float(np.mean([run.figure for run in self.runs]))

    @property
    def spread(self) -> float | None:
        """Standard error of that mean over seeds; None if there is one of several possible."""
        n = len(self.runs)
        if not self.seeded:
            return 0.0
        if n < 2:
            return None
        return float(np.std([run.figure for run in self.runs], ddof=1)) / math.sqrt(n)

    @property
    def left_out(self) -> Floats:
        """The mean figure without each group in turn, shape (G,)."""
        found: Floats = np.mean([run.left_out for run in self.runs], axis=0)
        return found

    @property
    def interval(self) -> Interval | None:
        """Where the mean would lie with other examples, and other seeds if several are known."""
        if len(self.runs) == 1:
            return self.runs[0].interval
        luck = luck_of(self.left_out, [self])
        if luck is None:
            return None
        reach = luck.reach
        low, high = self.figure - reach, self.figure + reach
        return Interval(max(0.0, low) if self.positive else low, min(high, self.runs[0].most))

    @property
    def too_few(self) -> bool:
        """Whether there are two seeds, so far apart that an interval would be of nothing else."""
        luck = luck_of(self.left_out, [self]) if len(self.runs) > 1 else None
        return luck is not None and luck.doubt > 1 and luck.aside > WIDE

    @property
    def positive(self) -> bool:
        """Whether it cannot be below 0."""
        return all(bool((run.sums >= 0).all()) for run in self.runs)


@dataclass(frozen=True)
class Luck:
    """How much a figure, or a difference of two, varies."""

    error: float
    "Standard error."
    examples: float
    "The part of it that is over examples."
    seeds: float | None
    "The part that is over seeds; None if it is not known."
    freedom: int
    doubt: int = 1
    "By how much a p-value is multiplied."

    @property
    def aside(self) -> float:
        """How many standard errors an interval has to either side."""
        return t_quantile(1 - (1 - LEVEL) / self.doubt, self.freedom)

    @property
    def reach(self) -> float:
        """Half of the length of an interval."""
        return self.aside * self.error


def errors_aside(seeds: int) -> float:
    """How many standard errors an interval has to either side, where all luck is that of seeds.

    Args:
        seeds: of one model, at least two.
    """
    doubt = DOUBT if seeds - 1 < FEWEST else 1
    return Luck(1.0, 0.0, 1.0, seeds - 1, doubt).aside


def luck_of(left_out: Floats, samples: Sequence[KindRuns]) -> Luck | None:
    """How much luck there is in a figure; None where all examples are one group.

    Args:
        left_out: the figure without each group, shape (G,).
        samples: that it is made of, in which seeds vary apart.
    """
    if len(left_out) < 2:
        return None
    examples = jackknife(left_out)
    spreads = [(sample.spread, len(sample.runs)) for sample in samples if sample.seeded]
    parts, of_seeds = [(examples**2, len(left_out) - 1)], []
    for spread, runs in spreads:
        if spread is None:
            return Luck(examples, examples, None, len(left_out) - 1)
        of_seeds.append((spread**2, runs - 1))
    seeds = math.sqrt(sum(variance for variance, _ in of_seeds))
    few = any(freedom < FEWEST for _, freedom in of_seeds)
    if few:
        of_seeds = [(seeds**2, min(freedom for _, freedom in of_seeds))]
    freedom = satterthwaite([*parts, *of_seeds])
    return Luck(math.hypot(examples, seeds), examples, seeds, freedom, DOUBT if few else 1)


def satterthwaite(parts: Sequence[tuple[float, int]]) -> int:
    """Degrees of freedom of a sum of variances, rounded down (Satterthwaite 1946).

    Args:
        parts: each variance with its own degrees of freedom.
    """
    whole = sum(variance for variance, _ in parts)
    below = sum(variance**2 / freedom for variance, freedom in parts)
    return max(1, int(whole**2 / below)) if below else min(freedom for _, freedom in parts)


def difference(one: KindRuns, other: KindRuns) -> Difference:
    """How far the mean figure of one kind of model is above that of another.

    Args:
        one: runs of the one.
        other: of the other, on the same groups.

    Raises:
        ValueError: if they were measured on other groups.
    """
    if one.left_out.shape != other.left_out.shape:
        raise ValueError(f"{len(one.left_out)} groups, and {len(other.left_out)} to compare with")
    value = one.figure - other.figure
    luck = luck_of(one.left_out - other.left_out, [one, other])
    if luck is None:
        nan = math.nan
        return Difference(value, nan, nan, nan, nan, nan, None, 0)
    reach = luck.reach
    p = min(1.0, luck.doubt * p_value(value, luck.error, luck.freedom))
    return Difference(
        value, value - reach, value + reach, p, p, luck.examples, luck.seeds, luck.freedom,
        few=luck.doubt > 1,
    )  # fmt: skip


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Differences that are told together, each with its p-value as it counts among them."""
    known = [one.p for one in differences if not math.isnan(one.p)]
    found = iter(holm(known))
    return [
        one if math.isnan(one.p) else replace(one, corrected=next(found)) for one in differences
    ]
