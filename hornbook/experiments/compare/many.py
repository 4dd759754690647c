"""The maker that trains small nets of a family together, and leaves the others to another maker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hornbook.errors import HornbookError
from hornbook.experiments.compare.events import Comparing
from hornbook.experiments.compare.makers import LEFT_OUT, MadeTrial, Maker
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.events import TrainingTogether
from hornbook.extras import has_torch
from hornbook.rendering import many
from hornbook.runs import Run
from hornbook.runs.events import Compiling, Ended, Event, Noted, Warned
from hornbook.runs.prepare import Prepared

if TYPE_CHECKING:
    from hornbook.experiments.together import RunPlan

__all__ = ["together_first"]


def together_first(rest: Maker, threads: int) -> Maker:
    """The maker that trains together what can be, first, and gives the others to another.

    That is what has a budget of steps and kernels, and is not the only one of its family; how many
    there are, and why those of other families are made by themselves, is noted once.

    Args:
        rest: makes the others.
        threads: on which trainings take turns; 0: as many as there are processors.
    """

    def make(
        prepared: Prepared, trials: Sequence[Trial], folder: Path, listen: Comparing
    ) -> Iterator[MadeTrial | Trial]:
        found = divided(prepared, trials, folder)
        for told in found.told():
            listen(Noted(told))
        for family, group in found.together.items():
            yield from made_together(prepared, family, group, folder, threads, listen)
        known = {one.name for group in found.together.values() for one in group}
        yield from rest(prepared, [one for one in trials if one.name not in known], folder, listen)

    return make


@dataclass(frozen=True)
class Divided:
    """Which trials are made together."""

    together: Mapping[str, Sequence[Trial]]
    "By family, those that are."
    apart: Mapping[str, Sequence[str]]
    "Families that have trials made by themselves though there are several, by the reason."

    def told(self) -> Iterator[str]:
        """What is done and why, in sentences."""
        for family, group in self.together.items():
            how = "are trained together" if len(group) > 1 else "goes on as it began"
            yield f"{many(len(group), 'run')} of {family} {how}, by compiled steps."
        for why, families in self.apart.items():
            yield f"Each run of {', '.join(families)} is trained by itself: {why}."


def divided(prepared: Prepared, trials: Sequence[Trial], folder: Path) -> Divided:
    """Which of some trials are made together."""
    if not has_torch():  # which whoever makes a net by itself says better
        return Divided({}, {})
    from hornbook.experiments.together import why_alone

    families: dict[str, list[Trial]] = {}
    for one in trials:
        if one.seed is not None and one.budget.steps is not None and not one.refused:
            families.setdefault(one.family, []).append(one)
    together: dict[str, list[Trial]] = {}
    apart: dict[str, list[str]] = {}
    for family, group in families.items():
        if len(group) == 1 and not has_together(folder, family):
            continue
        try:
            reasons = why_alone(prepared, family, [planned(one, folder) for one in group])
        except LEFT_OUT:
            continue  # whoever makes them by themselves meets it again, in the one that it is of
        able = [one for one, why in zip(group, reasons, strict=True) if why is None]
        if able and (len(able) > 1 or has_together(folder, family)):
            together[family] = able
        for why in dict.fromkeys(filter(None, reasons)):
            apart.setdefault(why, []).append(family)
    return Divided(together, apart)


def has_together(folder: Path, family: str) -> bool:
    """Whether a run of a family was begun together with others there.

    Then those that a kill left to be made are made in the same way, be it one alone, so that all
    end at the bits at which they would have ended.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            run = Run(path)
        except HornbookError:
            continue
        if run.family == family and run.record.together:
            return True
    return False


def planned(trial: Trial, folder: Path) -> RunPlan:
    """A trial with a budget of steps, as `make_together` takes it."""
    from hornbook.experiments.together import RunPlan

    how = {**trial.training, "seed": trial.seed, "steps": trial.budget.steps}
    return RunPlan(folder / trial.name, trial.settings, how)


def made_together(
    prepared: Prepared,
    family: str,
    trials: Sequence[Trial],
    folder: Path,
    threads: int,
    listen: Comparing,
) -> Iterator[MadeTrial | Trial]:
    """Trials of a family, trained together, so many at a time.

    Raises:
        HornbookError: that ended one, and is of all; those of its time have come to their ends.
        KeyboardInterrupt: if they were stopped.
    """
    from hornbook.experiments.together import AT_ONCE

    for at in range(0, len(trials), AT_ONCE):
        part = trials[at : at + AT_ONCE]
        yield from part
        yield from made(prepared, family, part, folder, threads, listen)


def made(
    prepared: Prepared,
    family: str,
    trials: Sequence[Trial],
    folder: Path,
    threads: int,
    listen: Comparing,
) -> Iterator[MadeTrial]:
    """What became of trials that are trained at the same time; errors as of `made_together`."""
    from hornbook.experiments.together import make_together

    ended: set[int] = set()

    def hear(at: int, event: Event) -> None:
        if isinstance(event, Warned):
            listen(Warned(f"{trials[at].name}: {event.message}"))
        elif isinstance(event, Compiling):
            listen(event)
        elif isinstance(event, Ended):
            ended.add(at)
            listen(TrainingTogether(family, len(trials), len(ended)))

    listen(TrainingTogether(family, len(trials), 0))
    found = make_together(
        prepared, family, [planned(one, folder) for one in trials], threads=threads, listen=hear
    )
    failed: HornbookError | None = None
    for trial, one in zip(trials, found, strict=True):
        if isinstance(one, Run):
            yield MadeTrial(trial)
        elif isinstance(one, LEFT_OUT):
            yield MadeTrial(trial, one.message)
        else:
            failed = failed or one
    if failed is not None:
        raise failed
