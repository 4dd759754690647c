"""Trials of a sweep trained together, by compiled steps, as many at once as were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError
from hornbook.experiments.events import TrainingTogether
from hornbook.experiments.sweep.events import Sweeping
from hornbook.experiments.sweep.making import (
    EndedEarlyError,
    Judge,
    Made,
    Recipe,
    Watch,
    wait_for_left_over,
)
from hornbook.experiments.sweep.space import Setting, Space
from hornbook.extras import has_torch
from hornbook.runs import Run
from hornbook.runs.events import Compiling, Ended, Event, Warned, nobody
from hornbook.runs.prepare import Prepared

__all__ = ["make_those_together", "why_one_by_one"]

Ending = Callable[[int, Made], None]
"Is told what became of a trial, by its number among those that were asked for."


def why_one_by_one(
    prepared: Prepared,
    family: str,
    space: Space,
    usual: Mapping[str, Any],
    fixed: tuple[Mapping[str, Any], Mapping[str, Any]],
    place: Path,
) -> str:
    """Why the trials of a sweep are not trained together; empty if they are.

    It is the end of a sentence. That of the recommended settings is asked, as far as they lie in
    the ranges; of those that are trained together, some may still have to be made by themselves.

    Args:
        prepared: the data.
        family: of the model.
        space: the ranges.
        usual: the recommended value of each setting.
        fixed: settings of the family and of training that are the same in all trials.
        place: where there is no run.
    """
    if not has_torch():
        return "PyTorch is not installed"
    from hornbook.experiments.together import RunPlan, why_alone

    values = {
        one.name: usual[one.name] if one.holds(usual[one.name]) else some_value(one)
        for one in space.settings
    }
    settings, training = space.parted(values)
    plan = RunPlan(place, {**fixed[0], **settings}, {**fixed[1], **training})
    try:
        (why,) = why_alone(prepared, family, [plan])
    except HornbookError as error:
        return error.message.rstrip(".")
    return why or ""


def some_value(one: Setting) -> Any:
    """A value in the range of a setting."""
    every = one.values
    return every[0] if every else one.span.low  # type: ignore[union-attr]  # choices are listed


def make_those_together(
    prepared: Prepared,
    recipes: Sequence[Recipe],
    judges: Sequence[Judge],
    stopping: Callable[[], bool],
    told: Ending,
    listen: Sweeping,
    threads: int,
) -> list[int]:
    """Make those trials that can be trained together.

    Args:
        prepared: the data.
        recipes: of all that were asked for, of one family.
        judges: of each, as `make_trial` takes it; asked from other threads, one at a time.
        stopping: whether all is to stop; asked a few times a second.
        told: what became of each: of one that is pruned at once, of the others when all have ended.
        listen: is told how many have ended, of warnings, and where steps are compiled.
        threads: on which trainings take turns; 0: as many as there are processors.

    Returns:
        The numbers of the others, which are to be made by themselves.

    Raises:
        KeyboardInterrupt: if a signal has stopped them; nothing is told then of those that are
            finished, which the next call finds.
        HornbookError: whatever would go wrong with every other trial, too.
    """
    from hornbook.experiments.together import RunPlan, parted, trained

    paths = [Path(one.path) for one in recipes]
    for path in paths:
        wait_for_left_over(path, stopping)
    family = recipes[0].family
    plans = [RunPlan(p, r.settings, r.training) for p, r in zip(paths, recipes, strict=True)]
    parts = parted(prepared, family, plans)
    measure = prepared.task.keeps_by
    watches = [
        Watch(one, measure, judge, stopping, nobody)
        for one, judge in zip(recipes, judges, strict=True)
    ]
    count, ended = len(parts.together), set[int]()

    def over(at: int) -> None:
        ended.add(at)
        listen(TrainingTogether(family, count, len(ended)))

    def hear(at: int, event: Event) -> None:
        if isinstance(event, Warned):
            listen(Warned(f"{paths[at].name}: {event.message}"))
        elif isinstance(event, Compiling):
            listen(event)
        elif isinstance(event, Ended):
            over(at)
        try:
            watches[at](event)
        except EndedEarlyError as early:
            over(at)
            if early.ending == "pruned":
                told(at, watches[at].made(early))
            raise

    if count:
        listen(TrainingTogether(family, count, 0))
    found: dict[int, Run | HornbookError] = dict(parts.done)
    for at, watch in enumerate(watches):
        try:
            watch.catch_up()
        except EndedEarlyError as early:
            found[at] = early
    left = {at: one for at, one in parts.together.items() if at not in found}
    found |= trained(prepared, family, left, threads=threads, listen=hear)
    failed: HornbookError | None = None
    for at, one in sorted(found.items()):
        if isinstance(one, EndedEarlyError) and one.ending == "pruned":
            continue
        try:
            told(at, watches[at].made(one))
        except HornbookError as error:  # those that are finished are told of first
            failed = failed or error
    if failed is not None:
        raise failed
    return [at for at in range(len(recipes)) if at not in found]
