"""What a training tells others while it runs: trackio, Weights & Biases, TensorBoard, or an object.

Whoever is told has the shape that trackio and W&B have: `init` once, `log` with the figures of each
evaluation, `finish` at the end. Nobody is told unless it is asked for. If one fails, the user hears
of it once, nothing more is told, and the training goes on.

A service may be behind a network that swallows whatever is sent. So modules are called in a thread
of their own, and are given up where they do not answer in time. An object of the user's is called
in the thread of the training, which waits for it: it may draw, or hold what one thread alone may
use.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Literal, Protocol, TypeAlias, get_args, runtime_checkable

from hornbook.errors import SettingsError, as_typed
from hornbook.extras import needing
from hornbook.monitoring.event_files import beginning, scalars
from hornbook.records import as_json
from hornbook.rendering import duration
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Began, Evaluated, Event, Listener, Noted, Warned
from hornbook.runs.record import RunRecord
from hornbook.runs.time_limits import NoAnswerError, Patient
from hornbook.suggestions import did_you_mean
from hornbook.training.measures import LOSS
from hornbook.training.record import Record

__all__ = ["EventFile", "Named", "Report", "Reporter", "Reporting", "figures_at"]

Named = Literal["tensorboard", "trackio", "wandb"]
PROJECT = "hornbook"
FOLDER = "tensorboard"
LIMITS = {"init": 120.0, "log": 20.0, "finish": 60.0}
"""Seconds that a service has for each call. `init` may ask for a key at the terminal, and W&B gives
a server 90 seconds before it says itself what is wrong."""
A_WHILE = 5.0  # seconds until it is told that a service is waited for


@runtime_checkable
class Reporter(Protocol):
    """Who is told of a training: the modules `trackio` and `wandb`, and any object like them."""

    def init(self, *, project: str, name: str, config: dict[str, Any]) -> Any:
        """A training begins, or goes on.

        Args:
            project: `hornbook`.
            name: of the run's directory.
            config: task, family, data, and all settings.
        """

    def log(self, values: dict[str, float], /, step: int) -> Any:
        """Figures of an evaluation, such as `dev/loss`, after so many updates."""

    def finish(self) -> Any:
        """It has ended, or was stopped."""


Report: TypeAlias = Reporter | str


class EventFile:
    """Tells TensorBoard: an event file in a folder of the run's name, that TensorBoard reads.

    Args:
        folder: that holds such folders.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file: IO[bytes] | None = None

    def init(self, *, project: str, name: str, config: dict[str, Any]) -> None:
        """Begin a file beside those of earlier trainings of the run, which TensorBoard joins."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        now = time.time()
        path = home / f"events.out.tfevents.{time.time_ns()}.hornbook"
        self.file = path.open("xb")
        self.file.write(beginning(now))
        self.file.flush()

    def log(self, values: dict[str, float], /, step: int) -> None:
        """Add figures; they can be looked at from now on."""
        assert self.file is not None
        self.file.write(scalars(time.time(), step, values))
        self.file.flush()

    def finish(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()


class Reporting:
    """Listens to a training, tells somebody of it, and passes all on.

    Args:
        report: whom to tell, by name or as an object; None: nobody.
        listen: who is told of everything.

    Raises:
        SettingsError: if there is nobody of that name, or the object has another shape.
        MissingPackageError: if what is asked for is not installed.
    """

    def __init__(self, report: Report | None, listen: Listener) -> None:
        self.listen = listen
        self.path: Path | None = None
        self.name = report if isinstance(report, str) else name_of(report)
        self.reporter: Reporter | None = None
        self.patient: Patient | None = None
        if isinstance(report, str):
            refuse_unknown(report)
            if report != "tensorboard":
                with needing(report, f"`report={as_typed(report)}`"):
                    self.reporter = importlib.import_module(report)
        elif report is not None:
            if not isinstance(report, Reporter):
                raise SettingsError(
                    f"`report` must have init, log and finish, as trackio and wandb do; "
                    f"{self.name} has not.",
                    hint=f"Give such an object, or one of {', '.join(get_args(Named))}.",
                    setting="report",
                )
            self.reporter = report

    def __call__(self, event: Event) -> None:
        """Pass on, and tell."""
        self.listen(event)
        if isinstance(event, Began):
            if self.name == "tensorboard" and self.reporter is None and self.path is None:
                self.reporter = EventFile(event.path.absolute().parent / FOLDER)
            self.path = event.path
            self.tell("init", project=PROJECT, name=event.path.absolute().name,
                      config=config_of(event.record, event.parameters))  # fmt: skip
        elif isinstance(event, Evaluated):
            self.tell("log", figures_at(event.record), step=event.record.step)

    def close(self) -> None:
        """Tell what was kept, if the training has ended, and that nothing more comes."""
        if self.path is None or self.reporter is None:
            return
        self.attempt(self.log_kept)
        self.tell("finish")
        self.reporter = None
        if self.patient is not None:
            self.patient.end()

    def log_kept(self) -> None:
        """Tell the figures of the weights that are kept."""
        assert self.path is not None
        summary = RunDirectory(self.path).read_summary()
        if summary is not None and summary.ended:
            kept = {f"kept/{name}": value
                    for name, value in by_split(summary.losses, summary.measures)}  # fmt: skip
            self.tell("log", kept, step=summary.steps or 0)

    def tell(self, what: str, *given: Any, **named: Any) -> None:
        """Tell, and if that fails or takes too long say so once."""
        if self.reporter is None:
            return
        call = partial(getattr(self.reporter, what), *given, **named)
        if isinstance(self.reporter, ModuleType):
            if self.patient is None:
                self.patient = Patient(self.waiting, A_WHILE)
            call = partial(self.patient, call, LIMITS[what])
        self.attempt(call)

    def attempt(self, call: Callable[[], Any]) -> None:
        """Do what may fail, and if it does give up; the training is worth more than its report."""
        try:
            with contextlib.redirect_stdout(sys.stderr):  # what it says is not our result
                call()
        except NoAnswerError as error:
            self.give_up(str(error))
        except (Exception, SystemExit) as error:  # whatever a service of others comes to
            self.give_up(f"{type(error).__name__}: {error}".rstrip(": "))

    def give_up(self, why: str) -> None:
        """Tell nothing more, and say why."""
        self.reporter = None
        self.listen(Warned(
            f"Reporting to {self.name} failed, and was given up: {why}. The training goes on."
        ))  # fmt: skip

    def waiting(self, seconds: float) -> None:
        """Say that no answer has come yet."""
        self.listen(Noted(f"Waiting for {self.name} to answer, for {duration(seconds)} at most."))


def name_of(report: object) -> str:
    """What somebody is called who is told."""
    return report.__name__ if isinstance(report, ModuleType) else type(report).__name__


def refuse_unknown(name: str) -> None:
    """Refuse a name that nobody has.

    Raises:
        SettingsError: if it is one.
    """
    known = get_args(Named)
    if name not in known:
        raise SettingsError(
            f"`report` must be one of {', '.join(known)}, or an object with init, log and finish; "
            f"it is {name!r}.",
            hint=did_you_mean(name, known).strip(),
            setting="report",
        )


def config_of(record: RunRecord, parameters: int | None) -> dict[str, Any]:
    """What a run is, as plain values by name."""
    training = as_json(record.training) if record.training is not None else {}
    return {
        "task": record.task, "family": record.family, "data": record.data.name,
        "parameters": parameters, **record.options, **training, **record.settings,
    }  # fmt: skip


def figures_at(record: Record) -> dict[str, float]:
    """The figures of an evaluation by name, without those that are not numbers."""
    found = dict(by_split(record.losses, record.measures))
    if record.batch is not None:
        found["batch/loss"] = record.batch
    found |= {"learning_rate": record.learning_rate, "epoch": record.epoch}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def by_split(
    losses: Mapping[str, float], measures: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, float]]:
    """Figures as `dev/loss`, each with its value."""
    found = [(f"{split}/{LOSS.name}", loss) for split, loss in losses.items()]
    return found + [
        (f"{split}/{name}", value)
        for split, held in measures.items()
        for name, value in held.items()
    ]
