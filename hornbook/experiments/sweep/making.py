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

from hornbook.errors import DataError, HornbookError, SettingsError, TrainingError
from hornbook.experiments.making import Budget, begun, make_run
from hornbook.experiments.sweep.trials import LostError
from hornbook.experiments.workers.process import Talk
from hornbook.experiments.workers.worker import DiedError, StoppedError, Worker
from hornbook.records import JSON, as_json, read_record
from hornbook.runs import Run
from hornbook.runs.events import Began, Evaluated, Event, Listener, Progressed, Warned
from hornbook.runs.lock import owner_in
from hornbook.runs.outcome import reached
from hornbook.runs.prepare import Prepared
from hornbook.training.measures import Measure
from hornbook.training.record import Record

__all__ = [
    "Judge",
    "Made",
    "Recipe",
    "Watch",
    "made_by",
    "make_trial",
    "wait_for_left_over",
    "work",
]

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


class EndedEarlyError(HornbookError):
    """A training was ended before its end; of several that are trained together, it alone."""

    def __init__(self, ending: Literal["pruned", "stopped", "lost"]) -> None:
        super().__init__(f"The training was ended: {ending}.")
        self.ending = ending


class Watch:
    """Listens to a training, and ends it where that is decided.

    Args:
        recipe: of what is made.
        measure: by which the task keeps weights.
        judge: is asked at each evaluation.
        stopping: whether all is to stop.
        listen: is told all events too.
    """

    def __init__(
        self,
        recipe: Recipe,
        measure: Measure,
        judge: Judge,
        stopping: Callable[[], bool],
        listen: Listener,
    ) -> None:
        self.recipe, self.measure, self.judge = recipe, measure, judge
        self.stopping, self.listen = stopping, listen
        self.interval, self.step, self.seconds, self.hopeless = 1, 0, 0.0, False
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
            self.seconds = event.progress.seconds
            if self.hopeless:
                raise EndedEarlyError("pruned")
            if self.stopping():
                raise EndedEarlyError("stopped")

    def judged(self, evaluation: int, value: float) -> bool:
        """Whether to end the training there."""
        try:
            return self.judge(evaluation, value)
        except LostError:
            raise EndedEarlyError("lost") from None
        except StoppedError:
            raise EndedEarlyError("stopped") from None

    def made(self, made: Run | HornbookError) -> Made:
        """What became of a trial, from what the making of its run came to.

        Raises:
            HornbookError: that would go wrong with every other trial, too.
        """
        about: dict[str, JSON] = {
            "seconds": round(self.seconds, 2), "parameters": self.parameters, "steps": self.step,
            "run": str(Path(self.recipe.path).absolute()),
        }  # fmt: skip
        if isinstance(made, EndedEarlyError):
            return Made(made.ending, about=about if made.ending == "pruned" else {})
        if isinstance(made, UNMADE):
            return Made("refused", why=made.message, about=about)
        if not isinstance(made, Run):
            raise made
        decides = made.task.decides
        about |= {
            "id": made.record.id, "seconds": round(made.summary.seconds, 2),
            "parameters": made.summary.parameters, "steps": made.summary.steps,
            "together": made.record.together,
        }  # fmt: skip
        value = made.summary.reached(decides).get("dev")
        if value is None or not math.isfinite(value):
            return Made("refused", why=f"Its {decides.title} on dev is {value}.", about=about)
        return Made("finished", value, about=about)

    def evaluated(self, record: Record) -> None:
        """Have an evaluation judged."""
        if record.step:
            self.step, self.seconds = record.step, record.seconds
            value = reached(record, self.measure)
            if value is not None:
                self.hopeless = self.judged(-(-record.step // self.interval), value)

    def catch_up(self) -> None:
        """Have the evaluations judged of a run that was begun before.

        A kill may have come between an evaluation and what was told of it, and a journal may be
        lost: then only the run knows.

        Raises:
            EndedEarlyError: if the trial is lost, or all is to stop.
        """
        path = Path(self.recipe.path)
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
    path = Path(recipe.path)
    watch = Watch(recipe, prepared.task.keeps_by, judge, stopping, listen)
    made: Run | HornbookError
    wait_for_left_over(path, stopping)
    try:
        watch.catch_up()
        made = make_run(
            prepared, recipe.family, recipe.settings, recipe.training, None, Budget(), path, watch
        )
    except HornbookError as error:
        made = error
    return watch.made(made)


def work(prepared: Prepared, asked: Any, talk: Talk) -> JSON:
    """What a process does with a trial: it asks at each evaluation, as `Judge` is asked."""
    recipe = read_record(Recipe, asked, "a recipe")

    def judge(at: int, value: float) -> bool:
        reply = talk.ask({"evaluation": at, "value": repr(value)})
        if reply == "lost":
            raise LostError
        if reply == "stop" or reply is None:
            raise StoppedError
        return reply == "end"

    made: JSON = as_json(make_trial(prepared, recipe, judge, talk.stopping.is_set, talk.listen))
    return made


def made_by(worker: Worker, recipe: Recipe, judge: Judge, listen: Listener) -> Made:
    """What became of a trial that a process has made.

    `listen` is warned where one has died, and told where one compiles.

    Raises:
        HornbookError: whatever would go wrong with every other trial, too.
    """

    def reply(question: Any) -> str:
        try:
            return "end" if judge(question["evaluation"], float(question["value"])) else "on"
        except LostError:
            return "lost"
        except StoppedError:
            return "stop"

    def died(why: str) -> None:
        listen(Warned(f"A process that made {recipe.path} has died ({why}); another goes on."))

    try:
        return read_record(Made, worker.do(as_json(recipe), died, reply, listen), "a trial")
    except StoppedError:
        return Made("stopped")
    except DiedError as error:
        return Made("refused", why=f"{error}.")


def wait_for_left_over(path: Path, stopping: Callable[[], bool]) -> None:
    """Wait for the process of a sweep that was killed, which ends after its step."""
    until = time.monotonic() + LEFT_OVER
    while time.monotonic() < until and not stopping() and owner_in(path):
        time.sleep(PAUSE)
