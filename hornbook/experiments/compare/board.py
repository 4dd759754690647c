"""The leaderboard: kinds of models, the best on dev first, and whether each beats the next."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from hornbook.experiments.compare.measuring import MeasuredModel
from hornbook.experiments.compare.significance import (
    Difference,
    KindRuns,
    corrected,
    difference,
)
from hornbook.rendering import many
from hornbook.statistics import Interval
from hornbook.training.measures import Measure

__all__ = [
    "AblationPart", "Board", "BoardEntry", "LeftOut", "OneRun", "ablation", "ahead", "ranked",
]  # fmt: skip


@dataclass(frozen=True)
class OneRun:
    """A run of a kind, or a baseline, which has no directory."""

    measured: MeasuredModel
    path: Path | None = None
    seed: int | None = None
    parameters: int | None = None
    seconds: float = 0.0
    "Of training, evaluations in its course included; or that it took to count or to fit."
    steps: int | None = None
    ending: str = ""
    "`finished`, `early`, `diverged`."
    together: bool = False
    "Whether others were trained in the same process meanwhile: its time was shared with them."

    def figure(self, split: str) -> float | None:
        """What it reaches on a split; None if that is not there."""
        held = self.measured.splits.get(split)
        return None if held is None else held.figure


@dataclass(frozen=True)
class BoardEntry:
    """A kind of model with all its runs: a line of the board."""

    kind: str
    family: str
    "Empty of a baseline that is of none."
    runs: tuple[OneRun, ...]
    seeded: bool
    "Whether another seed would give another model."
    next: Difference | None = field(default=None, compare=False)
    "Its figure less that of the next line, on the split that decides; None of the last line."
    first: Difference | None = field(default=None, compare=False)
    "Its figure less that of the first line; None of that itself."

    def sample(self, split: str) -> KindRuns:
        """Its runs on a split."""
        return KindRuns(tuple(run.measured.splits[split] for run in self.runs), self.seeded)

    def figure(self, split: str) -> float | None:
        """The mean over its runs; None if that split is not there."""
        if split not in self.runs[0].measured.splits:
            return None
        return self.sample(split).figure

    def interval(self, split: str) -> Interval | None:
        """Where it would lie with other examples, and other seeds where several are known."""
        return self.sample(split).interval

    def too_few(self, split: str) -> bool:
        """Whether it has two seeds, too far apart for an interval that tells anything."""
        return self.sample(split).too_few

    @cached_property
    def parameters(self) -> int | None:
        """As its runs have; None where that is not told."""
        known = {run.parameters for run in self.runs}
        return known.pop() if len(known) == 1 else None

    @property
    def seconds(self) -> float:
        """The mean time that its runs took."""
        return float(np.mean([run.seconds for run in self.runs]))

    @property
    def together(self) -> int:
        """How many of its runs were trained together with others."""
        return sum(run.together for run in self.runs)

    @property
    def steps(self) -> float | None:
        """The mean number of steps; None of what is not trained so."""
        known = [run.steps for run in self.runs if run.steps is not None]
        return float(np.mean(known)) if known else None

    @property
    def per_second(self) -> float | None:
        """The mean pace of its runs; None if it was not measured."""
        known = [run.measured.pace.per_second for run in self.runs if run.measured.pace]
        return float(np.mean(known)) if known else None

    @property
    def new(self) -> float | None:
        """The mean share of samples that are new; None where there are none."""
        known = [
            run.measured.pace.new
            for run in self.runs
            if run.measured.pace and run.measured.pace.new is not None
        ]
        return float(np.mean(known)) if known else None

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds of the figure on dev; None of fewer than two."""
        known = [run.figure("dev") for run in self.runs]
        values = [one for one in known if one is not None]
        return float(np.std(values, ddof=1)) if self.seeded and len(values) > 1 else None


@dataclass(frozen=True)
class AblationPart:
    """What one change does: a line of an ablation."""

    family: str
    change: str
    entry: BoardEntry
    against: str
    "What it is compared with, for people: `base`, `all changes`."
    apart: Difference
    "Its figure less that of what it is compared with."


@dataclass(frozen=True)
class LeftOut:
    """A kind of which runs could not be made, and why."""

    kind: str
    why: str
    missing: int
    "Runs that could not be made."
    of: int
    "Runs that were asked for."
    again: bool = False
    "Whether the same call tries them again: their training did not begin."

    @property
    def told(self) -> str:
        """All of it, for people."""
        if self.missing == self.of:
            return f"{self.kind} was left out. {self.why}"
        return (
            f"{self.missing} of {self.of} runs of {self.kind} could not be made: its figures are "
            f"of the others, which may flatter it. {self.why}"
        )


@dataclass(frozen=True)
class Board:
    """Kinds of models on one set of data."""

    data: str
    measure: Measure
    split: str
    "By whose figures differences are told: test, or dev where there is no test."
    entries: tuple[BoardEntry, ...]
    parts: tuple[AblationPart, ...] = ()
    "Of an ablation, if one was asked for."
    left_out: tuple[LeftOut, ...] = ()
    "What could not be made, and why."
    groups: str = ""
    "What chance has drawn, in the plural: `examples`, `users`."
    looks: tuple[str, ...] = ()
    "When test was looked at."
    about: tuple[str, ...] = ()
    "What was read, and how."

    @property
    def splits(self) -> list[str]:
        """Those that were measured."""
        return list(self.entries[0].runs[0].measured.splits) if self.entries else []

    @property
    def told_by(self) -> str:
        """What the verdicts are of, for people."""
        pairs = max(0, len(self.entries) - 1)
        if not pairs:
            return "There is no other line to tell it from."
        seeds = max((len(one.runs) for one in self.entries if one.seeded), default=1)
        told = (
            f"Verdicts are of {self.split}: a line's figure less the next one's, by how much that "
            f"varies over {self.groups} (jackknife, paired)"
        )
        if seeds > 1:
            told += " and over seeds (their variances added, Welch's degrees of freedom)"
        return f"{told}; p-values are corrected for {many(pairs, 'such pair')} (Holm)."


def ahead(one: Difference, measure: Measure, split: str) -> str:
    """Whether a line is ahead of another, in a few words; on the split that decides it may not be.

    Args:
        one: its figure less that of the other.
        measure: by which one is better.
        split: that decides.
    """
    if one.sure and measure.is_better(0.0, one.value):
        return f"no: behind on {split}, {one.verdict}"
    return f"yes, {one.verdict}" if one.sure else one.verdict


def ranked(entries: Sequence[BoardEntry], measure: Measure, split: str) -> tuple[BoardEntry, ...]:
    """Lines in their order, the best on dev first, each with its differences.

    The order is of dev, which has chosen already; the differences are of the split that decides.

    Args:
        entries: at least one.
        measure: by which one is better.
        split: that decides.
    """
    sign = 1 if measure.best == "lowest" else -1

    def place(one: BoardEntry) -> float:
        return sign * one.sample("dev").figure

    order = sorted(entries, key=place)
    samples = [one.sample(split) for one in order]
    nexts = corrected([difference(one, other) for one, other in itertools.pairwise(samples)])
    firsts = corrected([difference(one, samples[0]) for one in samples[1:]])
    return tuple(
        replace(
            one,
            next=nexts[at] if at < len(nexts) else None,
            first=firsts[at - 1] if at else None,
        )
        for at, one in enumerate(order)
    )


def ablation(
    family: str, base: BoardEntry, changed: Sequence[tuple[str, BoardEntry]], split: str
) -> list[AblationPart]:
    """What each change of a net does: alone against the base, and left out against all of them.

    Args:
        family: of the net.
        base: without changes.
        changed: each change, as it is written, with its runs.
        split: that decides.
    """
    from hornbook.experiments.compare.plan import ALL, WITHOUT

    every = next((entry for change, entry in changed if change == ALL), None)
    found = []
    for change, entry in changed:
        off = change.startswith(WITHOUT) and every is not None
        beside = every if off and every is not None else base
        apart = difference(entry.sample(split), beside.sample(split))
        found.append(AblationPart(family, change, entry, ALL if off else "base", apart))
    told = corrected([one.apart for one in found])
    return [replace(one, apart=apart) for one, apart in zip(found, told, strict=True)]
