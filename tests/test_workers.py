"""Processes that are led from here: what they do, say and fail at, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hornbook
from hornbook.actions import Action
from hornbook.errors import RunError, SettingsError
from hornbook.experiments.workers.crew import Crew
from hornbook.experiments.workers.errand import Errand, refuse_alone
from hornbook.experiments.workers.process import END
from hornbook.experiments.workers.worker import DiedError, StoppedError, Worker, threads_for
from hornbook.runs.events import Compiling, Event
from hornbook.runs.prepare import prepare
from hornbook.sources.source import Source
from tests import some_work
from tests.some_names import write_names

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def errand(tmp_path_factory: pytest.TempPathFactory) -> Errand:
    names = write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 100))
    return Errand.of(prepare(str(names), None, {}), (str(names),))


@pytest.fixture
def worker(errand: Errand) -> Iterator[Worker]:
    made = Worker(errand, some_work.do, 3)
    yield made
    made.end()
    assert made.process is None or made.process.returncode is not None


def never(why: str) -> None:
    raise AssertionError(why)


def pid_of(worker: Worker) -> int:
    assert worker.process is not None
    return worker.process.pid


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether something comes to hold in time."""
    last = time.monotonic() + seconds
    while not holds() and time.monotonic() < last:
        time.sleep(0.02)
    return holds()


def test_one_process_reads_once_and_does_one_thing_after_the_other(worker: Worker) -> None:
    told = [worker.do(["tell"], never) for _ in range(2)]
    assert told[0] == told[1]
    assert told[0] | {"pid": 0, "session": 0} == {
        "pid": 0, "session": 0, "read": 1, "tokens": 553, "threads": "3",
    }  # fmt: skip
    assert told[0]["session"] != os.getsid(0)  # Ctrl-C in a terminal does not reach it
    assert worker.do(["ask", 1, [2]], never, lambda one: {"back": one}) == [
        {"back": 1}, {"back": [2]},
    ]  # fmt: skip
    heard: list[Event] = []
    assert worker.do(["compile", "a while"], never, listen=heard.append) == "done"
    assert heard == [Compiling("a while")]
    with pytest.raises(SettingsError) as caught:
        worker.do(["fail"], never)
    error = caught.value
    assert (error.message, error.hint, error.setting) == ("`steps` is 0.", "Give more.", "steps")
    assert error.action == Action("resume", ("runs/x",), {"steps": 1})
    assert worker.do(["tell"], never) == told[0]
    worker.stop()
    with pytest.raises(StoppedError):
        worker.do(["tell"], never)


def test_where_one_dies_another_goes_on_until_it_is_hopeless(
    worker: Worker, tmp_path: Path
) -> None:
    told: list[str] = []
    assert worker.do(["die", str(tmp_path / "two"), 2], told.append) == 2
    assert told == ["signal 9", "signal 9"]
    with pytest.raises(DiedError, match=r"died 3 times \(status 1: ZeroDivisionError: a fault of"):
        worker.do(["fault"], told.append)
    assert len(told) == 4


def test_a_process_that_cannot_begin_is_told(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DiedError, match="status 1"):
        worker.do(["tell"], lambda why: None)


def test_told_to_stop_it_does_so_at_once_and_is_not_begun_again(worker: Worker) -> None:
    began = time.monotonic()
    with pytest.raises(StoppedError):
        worker.do(["sleep"], never, lambda question: worker.stop())
    assert time.monotonic() - began < 30
    assert until(lambda: not is_alive(pid_of(worker)))
    with pytest.raises(StoppedError):
        worker.do(["tell"], never)


def test_one_that_somebody_else_interrupts_says_so_and_lives_on(worker: Worker) -> None:
    with pytest.raises(StoppedError):
        worker.do(["sleep"], never, lambda question: os.kill(pid_of(worker), signal.SIGINT))
    assert not worker.stopped
    assert worker.do(["tell"], never)["pid"] == pid_of(worker)


def test_one_that_does_not_stop_is_ended(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(sleeper))
    worker.start()
    began = time.monotonic()
    worker.end(0.1)
    assert time.monotonic() - began < 10
    assert worker.process is not None
    assert worker.process.returncode == -signal.SIGKILL


PARENT = """
import sys
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.worker import Worker
from hornbook.runs.prepare import prepare
from tests.some_work import do

worker = Worker(Errand.of(prepare(sys.argv[1], None, {}), (sys.argv[1],)), do, 1)
worker.do(["sleep"], print, lambda question: print(worker.process.pid, flush=True))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent_however_that_ends(errand: Errand, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, errand.places[0]],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.send_signal(number)
    assert until(lambda: not is_alive(child))


def test_data_that_have_changed_are_told(errand: Errand, tmp_path: Path) -> None:
    other = Errand(errand.places, errand.task, errand.options, {"data/train.txt": "0" * 64})
    worker = Worker(other, some_work.do, 1)
    with pytest.raises(RunError, match=r"some\.txt has changed since it was first read"):
        worker.do(["tell"], never)
    worker.end()
    run = hornbook.train(errand.places[0], model="ngram", out=tmp_path / "run")
    kept = Errand((str(run.path),), "text", errand.options, errand.files).read()
    assert kept.data.sizes["train"] == 553


def test_what_ends_one_ends_all(errand: Errand, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = [Worker(errand, some_work.do, 1) for _ in range(2)]
    sleeping: list[bool] = []

    def lead(worker: Worker) -> None:
        if worker is workers[0]:
            worker.do(["sleep"], never, lambda question: sleeping.append(True))
        assert until(lambda: bool(sleeping))
        worker.do(["fail"], never)

    began = time.monotonic()
    with Crew(workers) as crew:
        crew.begin(lead)
        with pytest.raises(SettingsError, match="`steps` is 0"):
            until(lambda: not crew.at_work(0.1))
    assert time.monotonic() - began < END
    assert all(not is_alive(pid_of(one)) for one in workers)


def test_several_processes_need_data_and_a_task_that_each_can_have(errand: Errand) -> None:
    with pytest.raises(SettingsError, match="standard input can be read once"):
        refuse_alone(Source("-"), "text")
    with pytest.raises(SettingsError, match="the task toy, which only this program has"):
        refuse_alone(Source(errand.places), "toy")
    refuse_alone(Source(errand.places), "text")


def test_the_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hornbook.experiments.workers.worker.cores_allowed", lambda: 8)
    assert [threads_for(jobs) for jobs in (1, 2, 3, 16)] == [8, 4, 2, 1]
