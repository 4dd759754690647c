"""The runs of a comparison, made one after the other or in several processes.

A maker is given the trials of a plan that are not made yet, and makes them, in any order and as
many together as it can: what counts is that a finished run of each stands in its folder, which
`make_run` would take as it is. So what trains many small nets as one program is one more maker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hornbook.errors import (
    DataError,
    MissingPackageError,
    SettingsError,
    TrainingError,
)
from hornbook.experiments.compare.events import Comparing
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.making import make_run
from hornbook.experiments.workers.crew import had_done, shared_out
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.process import Talk
from hornbook.experiments.workers.worker import Worker, threads_for
from hornbook.records import JSON, as_json, read_record
from hornbook.runs.events import Compiling, Listener, Warned
from hornbook.runs.prepare import Prepared

__all__ = ["LEFT_OUT", "MadeTrial", "Maker", "in_processes", "make_trial", "one_by_one"]

LEFT_OUT = (SettingsError, DataError, TrainingError, MissingPackageError)
"What can keep one model from being made, and no other: too little time or data, divergence."


@dataclass(frozen=True)
class MadeTrial:
    """What became of a trial."""

    trial: Trial
    refused: str = ""
    "Why there is no run; empty if there is one."
    missing_package: bool = False
    "Whether it is that a package is missing."


Maker: TypeAlias = Callable[
    [Prepared, Sequence[Trial], Path, Comparing], Iterator[MadeTrial | Trial]
]
"""Makes trials in a folder, each in the directory of its name; gives a trial when it is begun, and
what became of it when it is made."""


def make_trial(prepared: Prepared, trial: Trial, folder: Path, listen: Listener) -> MadeTrial:
    """One run, made here.

    Raises:
        RunError: if another run stands in its place, or nothing can be written.
        KeyboardInterrupt: if it was stopped.
    """
    if trial.refused:
        return MadeTrial(trial, trial.refused)
    try:
        make_run(
            prepared, trial.family, trial.settings, trial.training, trial.seed, trial.budget,
            folder / trial.name, listen,
        )  # fmt: skip
    except LEFT_OUT as error:
        return MadeTrial(trial, error.message, isinstance(error, MissingPackageError))
    return MadeTrial(trial)


def one_by_one(
    prepared: Prepared, trials: Sequence[Trial], folder: Path, listen: Comparing
) -> Iterator[MadeTrial | Trial]:
    """The maker that does one after the other in this process."""
    for trial in trials:
        yield trial
        yield make_trial(prepared, trial, folder, listen)


def in_processes(jobs: int, errand: Errand) -> Maker:
    """The maker that does several at a time, in processes that read the data themselves.

    When this process ends, however it does, they end too: what they have begun goes on with the
    next call. So it does in another process where one dies.

    Args:
        jobs: processes at a time.
        errand: the data.
    """

    def make(
        prepared: Prepared, trials: Sequence[Trial], folder: Path, listen: Comparing
    ) -> Iterator[MadeTrial | Trial]:
        def do(worker: Worker, trial: Trial, tell: Callable[[Any], None]) -> None:
            tell(trial)
            tell(made_by(worker, trial, folder, tell))

        count = min(jobs, len(trials))
        workers = [Worker(errand, work, threads_for(jobs)) for _ in range(count)]
        compiling = False
        for told in shared_out(workers, trials, do):
            if isinstance(told, Compiling):
                if not compiling:  # all of them may do so at the same time
                    listen(told)
                compiling = True
            elif isinstance(told, Warned):
                listen(told)
            else:
                yield told

    return make


def made_by(worker: Worker, trial: Trial, folder: Path, listen: Listener) -> MadeTrial:
    """A trial made by a process; `listen` and errors as of `had_done`."""
    if trial.refused:
        return MadeTrial(trial, trial.refused)
    told = had_done(
        worker, {"trial": as_json(trial), "folder": str(folder)}, "trained", trial.name, listen
    )
    return MadeTrial(trial, told["refused"], told["missing_package"])


def work(prepared: Prepared, asked: Any, talk: Talk) -> JSON:
    """What a process does with a trial."""
    trial = read_record(Trial, asked["trial"], "the trial")
    made = make_trial(prepared, trial, Path(asked["folder"]), talk.listen)
    return {"refused": made.refused, "missing_package": made.missing_package}
