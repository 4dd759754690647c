"""A search in several processes: what they make, and what becomes of it when one is killed."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hornbook.errors import SettingsError
from hornbook.experiments.making import data_sums
from hornbook.experiments.sweep import worker as worker_module
from hornbook.experiments.sweep.events import TrialEnded
from hornbook.experiments.sweep.jobs import threads_of
from hornbook.experiments.sweep.making import Recipe
from hornbook.experiments.sweep.searching import refuse_alone
from hornbook.experiments.sweep.sweep import sweep
from hornbook.experiments.sweep.worker import DiedError, Errand, Worker
from hornbook.runs import Run
from hornbook.runs.events import Warned
from hornbook.runs.prepare import prepare
from hornbook.sources.source import Source
from tests.some_names import write_names
from tests.test_sweep import OVER, SMALL, TINY, told


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_processes_make_the_same_trials_though_one_is_killed(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: dict[str, Any] = {
        "model": "mlp", "over": OVER, "settings": SMALL, "training": TINY, "trials": 3,
    }  # fmt: skip
    events: list[Any] = []
    killed: list[int] = []
    make = Worker.make

    def killing(worker: Worker, recipe: Recipe, judge: Callable[[int, float], bool]) -> Any:
        def judged(evaluation: int, value: float) -> bool:
            if evaluation == 5 and recipe.path.endswith("0001") and not killed:
                assert worker.process is not None
                killed.append(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)
            return judge(evaluation, value)

        return make(worker, recipe, judged)

    monkeypatch.setattr(Worker, "make", killing)
    several = sweep(names, out="several", jobs=2, listen=events.append, **how)
    assert len(killed) == 1
    (warned,) = [one for one in events if isinstance(one, Warned)]
    assert "0001 has died (signal 9" in warned.message
    one_by_one = sweep(names, out="one", **how)
    assert told(several) == told(one_by_one)
    assert sorted(e.trial.number for e in events if isinstance(e, TrialEnded)) == [0, 1, 2]
    with pytest.raises(ProcessLookupError):
        os.kill(killed[0], 0)


class Said:
    """What a process of a sweep says, heard line by line, and answered."""

    def __init__(self, answer: Callable[[dict[str, Any]], None]) -> None:
        self.answer, self.lines = answer, list[dict[str, Any]]()

    def write(self, text: str) -> None:
        self.lines.append(json.loads(text))
        self.answer(self.lines[-1])

    def flush(self) -> None:
        """Nothing is held back."""


def talked(
    names: Path, path: Path, answer: Callable[[Any, dict[str, Any]], None], files: Any = None
) -> list[dict[str, Any]]:
    """What a process says that is told to make a trial; ends when the pipe is closed."""
    prepared = prepare(str(names), None, {})
    read, write = os.pipe()
    pipe = os.fdopen(write, "w")

    def tell(value: Any) -> None:
        pipe.write(json.dumps(value) + "\n")
        pipe.flush()

    class Ends:
        say = staticmethod(tell)
        close = staticmethod(pipe.close)

    tell({
        "places": [str(names)], "task": "text", "options": {},
        "files": dict(files or data_sums(prepared.data)),
    })  # fmt: skip
    tell({"path": str(path), "family": "mlp", "settings": {"n_hidden": [8]}, "training": TINY})
    said = Said(lambda line: answer(Ends, line))
    with os.fdopen(read) as given:
        worker_module.Talk(given, said).work()  # type: ignore[arg-type]
    return said.lines


def test_a_process_whose_sweep_is_gone_stops_and_keeps_what_it_has(
    names: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hornbook.training.trainer.TELL_EVERY", 0.0)

    def gone(ends: Any, line: dict[str, Any]) -> None:
        if line.get("evaluation") == 3:
            ends.close()
        elif "evaluation" in line:
            ends.say({"verdict": "on"})

    *measured, last = talked(names, tmp_path / "run", gone)
    assert [line["evaluation"] for line in measured] == [1, 2, 3]
    assert last["ending"] == "stopped"
    assert Run(tmp_path / "run").directory.checkpoint.exists()

    def heard(ends: Any, line: dict[str, Any]) -> None:
        if "evaluation" in line:
            ends.say({"verdict": "end" if line["evaluation"] == 6 else "on"})
        else:
            ends.close()

    *measured, last = talked(names, tmp_path / "run", heard)  # goes on where it was
    assert [line["evaluation"] for line in measured] == [1, 2, 3, 4, 5, 6]  # all that it knows
    assert (last["ending"], last["about"]["steps"]) == ("pruned", 6)


def test_a_process_that_finds_other_data_says_so(names: Path, tmp_path: Path) -> None:
    def close(ends: Any, line: dict[str, Any]) -> None:
        ends.close()

    (line,) = talked(names, tmp_path / "run", close, files={"data/train.txt": "0" * 64})
    assert "has changed since the sweep was begun" in line["failed"]


def test_a_process_that_cannot_begin_is_told(names: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    worker = Worker(Errand((str(names),), "text", {}, {}), 1)
    with pytest.raises(DiedError, match="status 1"):
        worker.make(Recipe("runs/x", "mlp", {}, {}), lambda at, value: False)
    worker.end()


def test_a_process_that_does_not_stop_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "END", 0.1)
    worker = Worker(Errand((), "text", {}, {}), 1)
    sleeper = Path("sleeper")
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(sleeper.absolute()))
    worker.start()
    began = time.monotonic()
    worker.end()
    assert time.monotonic() - began < 10
    assert worker.process is not None
    assert worker.process.returncode == -signal.SIGKILL


def test_a_setting_that_kills_its_process_again_and_again_is_refused(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(worker: Worker, recipe: Recipe, judge: Any) -> Any:
        raise DiedError("signal 9")

    monkeypatch.setattr(Worker, "make", dies)
    with pytest.raises(SettingsError, match=r"Its process died 3 times \(signal 9\)"):
        sweep(names, model="ngram", trials=2, jobs=2)


def test_several_processes_need_data_and_a_task_that_each_can_have(names: Path) -> None:
    with pytest.raises(SettingsError, match="standard input can be read once"):
        refuse_alone(Source("-"), "text")
    with pytest.raises(SettingsError, match="the task toy, which only this program has"):
        refuse_alone(Source(str(names)), "toy")
    refuse_alone(Source(str(names)), "text")


def test_the_cores_are_shared_out() -> None:
    assert threads_of(1, {}, trained=True)[1] == {}
    assert threads_of(10**6, {}, trained=True) == (1, {"threads": 1})
    assert threads_of(4, {"threads": 3}, trained=True) == (3, {})
    assert threads_of(4, {}, trained=False)[1] == {}
