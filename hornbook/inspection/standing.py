"""How good a run's model is beside guessing and the baselines, on data that it did not learn from.

Dev has chosen: which weights were kept, the order of the counts. Test has chosen nothing, so it
decides wherever both were measured on it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hornbook.rendering import figure
from hornbook.reports.bars import Bar, Bars
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.tasks import Baseline
from hornbook.training.measures import LOSS, Extent, Measure

__all__ = ["Standing", "standing_of"]

HELD_OUT = ("dev", "test")
GUESS, OWN = "a uniform guess", "this model"


@dataclass(frozen=True)
class Standing:
    """What a model and others reach by the deciding measure."""

    measure: Measure
    own: Mapping[str, float]
    "By split."
    guess: float | None
    "Of a uniform guess; None if the measure is not a loss."
    baselines: tuple[Baseline, ...]
    parts: Mapping[str, Extent] = field(default_factory=dict)
    "Of which splits only a part was measured, and how much."

    @property
    def split(self) -> str:
        """The split of the figure that tells most of this model: test, dev, train, or empty."""
        return next((name for name in ("test", "dev", "train") if name in self.own), "")

    @property
    def best(self) -> Baseline | None:
        """The baseline that is hardest to beat."""
        worst = self.measure.worst
        found = None
        for one in self.baselines:
            value = one.reached.get(self.split_beside(one), math.nan)
            if self.measure.is_better(value, worst):
                found, worst = one, value
        return found

    def split_beside(self, baseline: Baseline) -> str:
        """The split on which this model and a baseline are compared; empty if there is none."""
        both = self.own.keys() & baseline.reached.keys()
        return next((name for name in ("test", "dev") if name in both), "")

    @property
    def by_chance(self) -> bool:
        """Whether chance may have made the difference from the best baseline, if that is known."""
        best = self.best
        return best is not None and may_be_chance(best, self.split_beside(best))

    @property
    def of_one_group(self) -> bool:
        """Whether it is compared with the best baseline on rows of a single group."""
        best = self.best
        return best is not None and best.apart.get(self.split_beside(best), ()) is None

    @property
    def beaten(self) -> bool | None:
        """Whether this model is better than the best baseline; None if there is none, or if chance
        may have made the difference.
        """
        if self.best is None or self.by_chance:
            return None
        return self.is_ahead

    @property
    def is_ahead(self) -> bool:
        """Whether its figure is better than the best baseline's, be it by chance."""
        if (best := self.best) is None:
            return False
        split = self.split_beside(best)
        return self.measure.is_better(self.own[split], best.reached[split])

    def value(self, split: str) -> str:
        """What this model reaches on a split, as people read it."""
        return figure(self.own[split], self.measure.digits)

    @property
    def apart(self) -> float:
        """How far this model is from the best baseline, as a share of that."""
        if (best := self.best) is None:
            return 0.0
        split = self.split_beside(best)
        other = best.reached[split]
        return abs(self.own[split] - other) / abs(other) if other else 0.0

    @property
    def verdict(self) -> str:
        """How this model compares with the best baseline, in a sentence; empty if with none."""
        if (best := self.best) is None:
            return ""
        split = self.split_beside(best)
        other = figure(best.reached[split], self.measure.digits)
        if self.of_one_group:
            return (
                f"This model has {self.value(split)}, {best.name} {other} on {split}, which is one "
                "group: which is better on others cannot be told."
            )
        if self.by_chance:
            return (
                f"This model and {best.name} are level: {self.value(split)} against {other} on "
                f"{split}; the difference may be chance.{self.otherwise_on_dev}"
            )
        does = "beats" if self.beaten else "does not beat"
        told = f"This model {does} {best.name}: {self.value(split)} against {other} on {split}."
        return told + self.otherwise_on_dev

    @property
    def otherwise_on_dev(self) -> str:
        """What dev says, where test decides and says another thing: a sentence; else empty.

        Training compares on dev, and who has read its verdict is to see why this one differs.
        """
        best = self.best
        if (
            best is None
            or self.split_beside(best) != "test"
            or not {"dev", "test"} <= {*best.apart}
        ):
            return ""
        if not {"dev"} <= self.own.keys() & best.reached.keys():
            return ""
        ahead = self.measure.is_better(self.own["dev"], best.reached["dev"])
        chance = may_be_chance(best, "dev")
        if chance == self.by_chance and (chance or ahead == self.is_ahead):
            return ""
        if chance:
            return " On dev the difference may be chance."
        return f" On dev it is {'better' if ahead else 'worse'}, by more than chance."

    @property
    def explained(self) -> str:
        """What the figures were measured on."""
        shown = [name for name in HELD_OUT if name in self.own]
        whole = [name for name in shown if name not in self.parts]
        told = [f"Measured on all of {' and '.join(whole)}."] if whole else []
        told += [
            f"{name.capitalize()} was measured on {self.parts[name]}."
            for name in shown
            if name in self.parts
        ]
        if "test" in shown:
            told.append("No choice was based on test, so test decides.")
        return " ".join(told)

    def bars(self) -> Bars:
        """All that were measured where this model was, what knows least first."""
        splits = [name for name in HELD_OUT if name in self.own] or [self.split]
        others = [Bar(one.name, within(one.reached, splits)) for one in self.baselines]
        rows = [row for row in others if row.values]
        if self.guess is not None and math.isfinite(self.guess):
            rows.insert(0, Bar(GUESS, dict.fromkeys(splits, self.guess)))
        rows.append(Bar(OWN, within(self.own, splits), own=True))
        return Bars(tuple(splits), tuple(rows), self.measure.digits)


def may_be_chance(baseline: Baseline, split: str) -> bool:
    """Whether the difference of a baseline's figure from this model's may be chance.

    It may if 0 lies in its interval, or if all is one group; without an interval it is not said.
    """
    low, high = baseline.apart.get(split, (1.0, 1.0)) or (-math.inf, math.inf)
    return low <= 0 <= high


def within(values: Mapping[str, float], splits: list[str]) -> dict[str, float]:
    """The values of some splits."""
    return {name: value for name, value in values.items() if name in splits}


def standing_of(run: Run, summary: Summary) -> Standing | None:
    """How good a run's model is; None if nothing was measured.

    Test is measured here, on the whole split, where the run has it.

    Args:
        run: the run.
        summary: of its training.
    """
    measure = run.task.decides
    own = dict(summary.reached(measure))
    if run.has_data and "test" in run.data.sizes:
        found = run.task.evaluate(run.model, run.data, "test").as_dict()
        if measure.name in found:
            own["test"] = found[measure.name]
    if not own:
        return None
    ignorance = run.task.ignorance(run.data.shape) if measure.name == LOSS.name else None
    guess = ignorance.loss if ignorance is not None else None
    parts = {name: one for name, one in summary.measured_on.items() if not one.is_whole}
    return Standing(measure, own, guess, summary.baselines, parts)
