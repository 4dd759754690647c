"""One trial made: its run trained, told of at each evaluation, and ended early if it is hopeless.

A training is ended between two steps, when its checkpoint is kept, so a run that was pruned or
stopped can be gone on with like any other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import DataError, SettingsError, TrainingError
from hornbook.experiments.making import Budget, begun, make_run
from hornbook.experiments.sweep.storage import StoppedError
from hornbook.experiments.sweep.trials import LostError
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.runs.events import Began, Evaluated, Event, Listener, Progressed
from hornbook.runs.lock import owner_in
from hornbook.runs.outcome import reached
from hornbook.runs.prepare import Prepared
from hornbook.training.measures import Measure
from hornbook.training.record import Record

__all__ = ["Judge", "Made", "Recipe", "make_trial"]

Judge = Callable[[int, float], bool]
"Is told the place of an evaluation, from 1, and what was measured; says whether to end it there."
LEFT_OVER = 60.0  # seconds that a process may take to end whose sweep was killed
PAUSE = 0.2  # seconds between two looks whether it has
UNMADE = (SettingsError, DataError, TrainingError)
"What keeps one trial from being made, and no other: settings that do not fit, divergence, memory."


@dataclass(frozen=True)
class Recipe:
    """What is made, as plain values."""

    path: str
    "Of the run's directory."
    family: str
    settings: Mapping[str, Any]
    training: Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What became of a trial."""

    ending: Literal["finished", "pruned", "refused", "stopped", "lost"]
    """`refused`: no model can be made with these settings; `stopped`: it can go on;
    `lost`: it was given back to others."""
    value: float | None = None
    "The deciding measure on dev, if it is finished."
    why: str = ""
    "Why it was refused."
    about: Mapping[str, JSON] = field(default_factory=dict)
    "Seconds, parameters, id of the run, updates."


class PrunedError(Exception):
    """The training is hopeless."""


class Watch:
    """Listens to a training, and ends it where that is decided.

    Args:
        measure: by which the task keeps weights.
        judge: is asked at each evaluation.
        stopping: whether all is to stop.
        listen: is told all events too.
    """

    def __init__(
        self, measure: Measure, judge: Judge, stopping: Callable[[], bool], listen: Listener
    ) -> None:
        self.measure, self.judge, self.stopping, self.listen = measure, judge, stopping, listen
        self.interval, self.step, self.hopeless = 1, 0, False
        self.parameters: int | None = None

    def __call__(self, event: Event) -> None:
        """Look at an event."""
        self.listen(event)
        if isinstance(event, Began) and event.record.training is not None:
            self.interval = event.record.training.evaluation_interval
            self.parameters = event.parameters
        elif isinstance(event, Evaluated):
            self.evaluated(event.record)
        elif isinstance(event, Progressed) and event.progress.step < event.progress.steps:
            # Told after the checkpoint of an evaluation; before it, nothing was decided.
            if self.hopeless:
                raise PrunedError
            if self.stopping():
                raise StoppedError

    def evaluated(self, record: Record) -> None:
        """Have an evaluation judged."""
        value = reached(record, self.measure)
        if record.step and value is not None:
            self.step = record.step
            self.hopeless = self.judge(-(-record.step // self.interval), value)

    def catch_up(self, path: Path) -> None:
        """Have the evaluations judged of a run that was begun before.

        A kill may have come between an evaluation and what was told of it, and a journal may be
        lost: then only the run knows.
        """
        if not begun(path):
            return
        run = Run(path)
        if run.record.training is not None:
            self.interval = run.record.training.evaluation_interval
            for record in run.directory.read_metrics():
                self.evaluated(record)


def make_trial(
    prepared: Prepared,
    recipe: Recipe,
    judge: Judge,
    stopping: Callable[[], bool],
    listen: Listener,
) -> Made:
    """Make the run of a trial, or go on with it.

    Args:
        prepared: the data.
        recipe: family, settings and place.
        judge: is asked at each evaluation of a net.
        stopping: whether all is to stop; asked a few times a second while a net is trained.
        listen: is told what happens.

    Raises:
        KeyboardInterrupt: if a signal has stopped it.
        HornbookError: whatever would go wrong with every other trial, too.
    """
    task, path = prepared.task, Path(recipe.path)
    watch = Watch(task.keeps_by, judge, stopping, listen)
    began = time.perf_counter()

    def about(run: Run | None = None) -> dict[str, JSON]:
        told: dict[str, JSON] = {"seconds": round(time.perf_counter() - began, 2)}
        if run is not None:
            told |= {"id": run.record.id, "seconds": round(run.summary.seconds, 2)}
        parameters = run.summary.parameters if run is not None else watch.parameters
        steps = run.summary.steps if run is not None else watch.step
        return {**told, "parameters": parameters, "steps": steps, "run": str(path.absolute())}

    wait_for_left_over(path, stopping)
    try:
        watch.catch_up(path)
        run = make_run(
            prepared, recipe.family, recipe.settings, recipe.training, None, Budget(), path, watch
        )
    except PrunedError:
        return Made("pruned", about=about())
    except StoppedError:
        return Made("stopped")
    except LostError:
        return Made("lost")
    except UNMADE as error:
        return Made("refused", why=error.message, about=about())
    value = run.summary.reached(task.decides).get("dev")
    if value is None or not math.isfinite(value):
        why = f"Its {task.decides.title} on dev is {value}."
        return Made("refused", why=why, about=about(run))
    return Made("finished", value, about=about(run))


def wait_for_left_over(path: Path, stopping: Callable[[], bool]) -> None:
    """Wait for the process of a sweep that was killed, which ends after its step."""
    until = time.monotonic() + LEFT_OVER
    while time.monotonic() < until and not stopping() and owner_in(path):
        time.sleep(PAUSE)
