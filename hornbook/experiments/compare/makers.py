"""The runs of a comparison, made one after the other or in several processes.

A maker is given the trials of a plan that are not made yet, and makes them, in any order and as
many together as it can: what counts is that a finished run of each stands in its folder, which
`make_run` would take as it is. So what trains many small nets as one program is one more maker.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from hornbook.errors import (
    DataError,
    HornbookError,
    MissingPackageError,
    RunError,
    SettingsError,
    TrainingError,
)
from hornbook.experiments.compare.events import Comparing
from hornbook.experiments.compare.plan import Trial
from hornbook.experiments.making import make_run
from hornbook.records import JSONObject, as_json
from hornbook.runs.prepare import Prepared

__all__ = ["LEFT_OUT", "MadeTrial", "Maker", "in_processes", "make_trial", "one_by_one"]

LEFT_OUT = (SettingsError, DataError, TrainingError, MissingPackageError)
"What can keep one model from being made, and no other: too little time or data, divergence."
PAUSE = 0.05  # seconds between looks at processes


@dataclass(frozen=True)
class MadeTrial:
    """What became of a trial."""

    trial: Trial
    refused: str = ""
    "Why there is no run; empty if there is one."


Maker: TypeAlias = Callable[
    [Prepared, Sequence[Trial], Path, Comparing], Iterator[MadeTrial | Trial]
]
"""Makes trials in a folder, each in the directory of its name; gives a trial when it is begun, and
what became of it when it is made."""


def make_trial(prepared: Prepared, trial: Trial, folder: Path, listen: Comparing) -> MadeTrial:
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
        return MadeTrial(trial, error.message)
    return MadeTrial(trial)


def one_by_one(
    prepared: Prepared, trials: Sequence[Trial], folder: Path, listen: Comparing
) -> Iterator[MadeTrial | Trial]:
    """The maker that does one after the other in this process."""
    for trial in trials:
        yield trial
        yield make_trial(prepared, trial, folder, listen)


def in_processes(jobs: int, words: Sequence[str], task: str) -> Maker:
    """The maker that does several at a time, each in a process of its own.

    Each process reads the data itself. When this process ends, however it does, they end too: what
    they have begun goes on with the next call.

    Args:
        jobs: processes at a time.
        words: that the data are read from: files or the name of a data set; or one run.
        task: of the data.
    """

    def make(
        prepared: Prepared, trials: Sequence[Trial], folder: Path, listen: Comparing
    ) -> Iterator[MadeTrial | Trial]:
        waiting = list(trials)
        running: dict[subprocess.Popen[bytes], tuple[Trial, IO[bytes]]] = {}
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    trial = waiting.pop(0)
                    yield trial
                    if trial.refused:
                        yield MadeTrial(trial, trial.refused)
                        continue
                    told: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
                    asked = asked_of(prepared, words, task, trial, folder)
                    running[begun(asked, told)] = trial, told
                for process in [one for one in running if ended(one)]:
                    trial, told = running.pop(process)
                    with told:
                        yield MadeTrial(trial, outcome(process, told, trial))
        finally:
            for process in running:
                with contextlib.suppress(OSError):
                    process.terminate()  # which saves what it has, and ends
            for process, (_, told) in running.items():
                process.wait()
                told.close()

    return make


def asked_of(
    prepared: Prepared, words: Sequence[str], task: str, trial: Trial, folder: Path
) -> JSONObject:
    """What a process is told to do."""
    return {
        "words": list(words),
        "task": task,
        "options": as_json(dict(prepared.options)),
        "trial": as_json(trial),
        "folder": str(folder),
        "parent": os.getpid(),
    }


def begun(asked: JSONObject, told: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process that makes one trial; what it has to say goes into a file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hornbook.experiments.compare.worker"],
        stdin=subprocess.PIPE, stdout=told, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as given:
        given.write(json.dumps(asked).encode())
    return process


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended; waits a little for it."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PAUSE)
    return process.poll() is not None


def outcome(process: subprocess.Popen[bytes], told: IO[bytes], trial: Trial) -> str:
    """Why a trial was refused; empty if its run is made.

    Raises:
        HornbookError: that ended the process, and is of all trials.
        KeyboardInterrupt: if the process was told to stop.
        RunError: if it was killed, or ended with a fault.
    """
    told.seek(0)
    text = told.read().decode(errors="replace").strip()
    try:
        answer = json.loads(text.splitlines()[-1]) if text else {}
    except ValueError:
        answer = {}
    if not isinstance(answer, dict) or "outcome" not in answer:
        raise RunError(
            f"The process that trained {trial.name} ended with status {process.returncode}"
            f"{': ' if text else ''}{text[-2_000:]}.",
            hint="The same call goes on. If memory is short, use fewer `jobs`.",
        )
    if answer["outcome"] == "stopped":
        raise KeyboardInterrupt
    if answer["outcome"] == "error":
        raise HornbookError(answer["message"], hint=answer["hint"])
    return str(answer["message"])
