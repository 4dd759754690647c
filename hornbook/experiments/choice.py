"""Which of several models to keep: by the measure that decides, and by what they make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.experiments.ladder import Rung
from hornbook.training.measures import Measure

__all__ = ["Choice", "choose", "within"]

SPOILT = 0.02  # of the samples: with a filter, so many fewer that pass outweigh a better figure
MUCH, LITTLE = 0.2, 0.05  # of the best figure: too far behind to be chosen; a figure of nearly 0


@dataclass(frozen=True)
class Choice:
    """What was chosen."""

    rungs: tuple[Rung, ...]
    "All of them, with how sound their samples are."
    winner: Rung
    why: str
    "As a sentence."


def rank(rung: Rung, measure: Measure) -> float:
    """Lower for a better rung."""
    if rung.reached is None:
        return math.inf
    return rung.reached if measure.best == "lowest" else -rung.reached


def within(share: float, rungs: Sequence[Rung], measure: Measure) -> list[Rung]:
    """The rungs that are behind the best one by no more than a share of its figure."""
    first = min((rank(rung, measure) for rung in rungs), default=math.inf)
    return [rung for rung in rungs if rank(rung, measure) - first <= share * abs(first)]


def choose(rungs: Sequence[Rung], measure: Measure, *, filtered: bool) -> Choice:
    """The rung to keep.

    With a filter it is the samples that matter: of those of which nearly as many pass as of any
    other's, the best. Without one, a share of samples that are not sound weighs as much as a figure
    that is worse by this share, and none is chosen that is much worse.

    Args:
        rungs: at least one of them with a model.
        measure: by which one is better than another.
        filtered: whether `sound` is the share that passes a filter.
    """
    made = [rung for rung in rungs if rung.reached is not None]
    first = min(made, key=lambda rung: rank(rung, measure))
    won = first
    if all(rung.sound is not None for rung in made):
        won = passing(made, measure) if filtered else sounder(made, first, measure)
    if won is first:
        return Choice(tuple(rungs), won, f"It has the best {measure.title} on dev.")
    why = (
        f"{first.name} has a better {measure.title}, but only {first.sound or 0:.1%} of its "
        f"samples are sound, against {won.sound or 0:.1%} for this model."
    )
    return Choice(tuple(rungs), won, why)


def passing(made: Sequence[Rung], measure: Measure) -> Rung:
    """The best of those of whose samples nearly the most pass."""
    most = max(rung.sound or 0.0 for rung in made)
    nearly = [rung for rung in made if (rung.sound or 0.0) >= most - SPOILT]
    return min(nearly, key=lambda rung: rank(rung, measure))


def sounder(made: Sequence[Rung], first: Rung, measure: Measure) -> Rung:
    """The one whose figure and samples together are best."""
    unit = max(abs(rank(first, measure)), LITTLE)

    def behind(rung: Rung) -> float:
        return (rank(rung, measure) - rank(first, measure)) / unit

    near = [rung for rung in made if behind(rung) <= MUCH]
    return min(near, key=lambda rung: behind(rung) - (rung.sound or 0.0))
