"""A sweep on a real PostgreSQL: two workers, one of them killed; a server that goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState
from sqlalchemy.exc import IntegrityError

from hornbook.errors import ToolError
from hornbook.experiments.sweep import others
from hornbook.experiments.sweep import storage as storage_module
from hornbook.experiments.sweep.events import TrialBegan, TrialEnded
from hornbook.experiments.sweep.storage import CONNECTED, Patience, open_storage
from hornbook.experiments.sweep.sweep import sweep
from hornbook.runs import Run
from hornbook.runs.events import Warned
from hornbook.training.trainer import Trainer
from tests.plain_steps import plain_steps
from tests.postgresql import Server, server
from tests.some_names import write_names
from tests.stopping import stopped_at
from tests.test_sweep import OVER, SMALL, TINY, told

HOW: dict[str, Any] = {"model": "mlp", "over": OVER, "settings": SMALL, "training": TINY,
                       "together": False}  # fmt: skip
WORKER = """
import sys, time, json
from hornbook.experiments.sweep import others
others.BEAT = 0.1
from hornbook.experiments.sweep.storage import open_storage
from hornbook.experiments.sweep.sweep import sweep
from hornbook.runs.events import Evaluated

def listen(event):
    if isinstance(event, Evaluated) and event.record.step == 5:
        print("in the middle", flush=True)
        time.sleep(60)

how = json.loads(sys.argv[1])
sweep(listen=listen, **how)
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(others, "BEAT", 0.1)
    monkeypatch.setattr(others, "GRACE", 1.5)
    monkeypatch.setattr(storage_module, "PAUSE", 0.1)


def studies(address: str) -> list[optuna.Study]:
    """What stands in the database."""
    held = open_storage(address, Path())
    names = optuna.get_all_study_names(held)
    return [optuna.load_study(study_name=name, storage=held) for name in names]


def test_no_trial_is_lost_or_made_twice_when_a_worker_is_killed(
    names: Path, database: Server
) -> None:
    given = {**HOW, "source": str(names), "trials": 4, "storage": database.address}
    one = subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps({**given, "out": "one"})],
        stdout=subprocess.PIPE,
    )
    assert one.stdout is not None
    assert one.stdout.readline() == b"in the middle\n"
    events: list[Any] = []

    def listen(event: Any) -> None:
        events.append(event)
        if isinstance(event, TrialEnded) and one.poll() is None:
            os.kill(one.pid, signal.SIGKILL)  # while both have a trial
            one.wait()

    found = sweep(names, trials=4, storage=database.address, out="two", listen=listen, **HOW)
    one.stdout.close()
    alone = sweep(names, trials=4, out="alone", **HOW)

    def made(trials: Any) -> list[Any]:
        return sorted((tuple(t.values.values()), t.dev, t.curve) for t in trials)

    assert made(found.trials) == made(alone.trials)  # none is lost, and each is what it would be
    assert all(trial.finished for trial in found.trials)
    (study,) = studies(database.address)
    states = Counter(trial.state for trial in study.get_trials())
    assert states == {TrialState.COMPLETE: 4, TrialState.FAIL: 1}
    (failed,) = study.get_trials(states=(TrialState.FAIL,))
    again = [t for t in study.get_trials() if t.user_attrs.get("again") == failed.number]
    assert [t.params for t in again] == [failed.params]
    # Who was killed comes back: its own trial is made by now, and nothing is left to do.
    back = sweep(names, trials=4, storage=database.address, out="one", **HOW)
    assert told(back) == told(found)
    assert back.best == found.best
    assert back.run is not None


def test_a_worker_that_comes_back_in_time_goes_on_with_its_trial(
    names: Path, database: Server
) -> None:
    class KilledError(BaseException):
        """As a kill: nothing is done about it."""

    def killed(trainer: Trainer) -> None:
        raise KilledError

    how = {**HOW, "training": {**TINY, "seed": 2}, "trials": 2}
    with stopped_at(5, killed), pytest.raises(KilledError):
        sweep(names, storage=database.address, out="one", **how)
    began: list[Any] = []

    def listen(event: Any) -> None:
        if isinstance(event, TrialBegan):
            began.append((event.number, event.resumed))

    found = sweep(names, storage=database.address, out="one", listen=listen, **how)
    assert began == [(0, True), (1, False)]
    assert told(found) == told(sweep(names, out="alone", **how))


def test_those_that_are_trained_together_are_given_to_others_too(
    names: Path, database: Server
) -> None:
    pytest.importorskip("numba", reason="Numba is not installed")

    class KilledError(BaseException):
        """As a kill: nothing is done about it."""

    arrive, done = Trainer.arrive, list[int]()

    def dies(trainer: Trainer) -> None:
        done.append(trainer.step)
        if len(done) > 12:
            raise KilledError
        arrive(trainer)

    how = {**HOW, "training": {**TINY, "seed": 5}, "trials": 5}
    shared = {**how, "storage": database.address, "together": True, "at_once": 3}
    with plain_steps() as patch:
        patch.setattr(Trainer, "arrive", dies)
        with pytest.raises(KilledError):
            sweep(names, out="one", **shared)
    with plain_steps():
        found = sweep(names, out="two", **shared)
    alone = sweep(names, out="alone", **how)
    both = [sorted((one.dev or 0, one.curve) for one in these.trials) for these in (found, alone)]
    assert both[0] == both[1]
    assert all(one.together for one in found.trials)
    states = [Counter(one.state for one in s.get_trials()) for s in studies(database.address)]
    assert {TrialState.COMPLETE: 5, TrialState.FAIL: 3} in states


def test_a_database_that_goes_away_is_waited_for(names: Path, database: Server) -> None:
    events: list[Any] = []
    training = {**TINY, "seed": 3}

    def listen(event: Any) -> None:
        events.append(event)
        if isinstance(event, TrialBegan) and event.number == 1:
            database.stop()
            threading.Timer(0.5, database.start).start()

    how = {**HOW, "training": training, "trials": 3}
    found = sweep(names, storage=database.address, out="shared", listen=listen, **how)
    said = [event.message for event in events if isinstance(event, Warned)]
    assert any("is away, and is waited for" in text for text in said)
    assert any("is back" in text for text in said)
    assert told(found) == told(sweep(names, out="alone", **how))
    assert Run(found.best.run).record.id == found.best.id


def test_a_trial_that_was_given_to_another_meanwhile_does_not_count(
    names: Path, database: Server
) -> None:
    """As on a machine that slept: nobody hears of it for a while, and then it goes on."""
    events: list[Any] = []
    training = {**TINY, "seed": 4}

    def listen(event: Any) -> None:
        events.append(event)
        if isinstance(event, TrialBegan) and event.number == 0:
            (study,) = [
                one
                for one in studies(database.address)
                if one.get_trials()[0].state == TrialState.RUNNING
            ]
            study.tell(0, state=TrialState.FAIL)

    how = {**HOW, "training": training, "trials": 2}
    found = sweep(names, storage=database.address, out="shared", listen=listen, **how)
    assert any("does not count" in event.message for event in events if isinstance(event, Warned))
    alone = sweep(names, out="alone", **how)
    both = [sorted((one.dev or 0, one.curve) for one in these.trials) for these in (found, alone)]
    assert both[0] == both[1]  # it was made once more, and counts once


def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    names: Path, database: Server
) -> None:
    address = database.address.replace("hornbook@", "nobody:secret@")
    with pytest.raises(ToolError, match=r"Cannot use the database postgresql://127") as caught:
        sweep(names, trials=1, storage=address, **HOW)
    assert "secret" not in str(caught.value)
    began = time.monotonic()
    with pytest.raises(ToolError, match="Cannot use the database"):
        sweep(names, trials=1, storage="postgresql://u@127.0.0.1:1/x", **HOW)
    assert time.monotonic() - began < 30


def test_tables_that_another_makes_at_the_same_time_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def make(address: str, **_: Any) -> str:
        tried.append(address)
        if len(tried) < 3:
            raise IntegrityError("CREATE TABLE", None, Exception("it exists"))
        return "storage"

    monkeypatch.setattr(storage_module, "RDBStorage", make)
    monkeypatch.setattr("random.random", lambda: 0.0)
    made: Any = open_storage("postgresql://u@h/x", Path())
    assert made == "storage"
    assert tried == ["postgresql+psycopg://u@h/x"] * 3
    tried.clear()
    monkeypatch.setattr(storage_module, "TABLES", 2)
    with pytest.raises(ToolError, match="it exists"):
        open_storage("postgresql://u@h/x", Path())


def test_a_database_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs gives no error: what was asked of it just does not come back."""
    said: list[str] = []
    came = threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        came.set()

    monkeypatch.setattr(storage_module, "SILENT", 0.01)
    patience = Patience("somewhere", tell, threading.Event(), remote=True)
    assert patience(lambda: came.wait(5))
    assert said == ["The database somewhere has not answered for 0.01 s, and is waited for."]
    near = Patience("a file", tell, threading.Event(), remote=False)
    near(lambda: time.sleep(0.05))
    assert len(said) == 1


def test_a_dead_network_breaks_a_connection() -> None:
    """The words are libpq's own: it refuses others."""
    from psycopg.conninfo import make_conninfo

    told: dict[str, Any] = dict(CONNECTED)
    assert "tcp_user_timeout=30000" in make_conninfo(**told)


def test_a_database_that_answers_with_an_error_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    answers = iter([StorageInternalError("gone"), UpdateFinishedTrialError("told by another")])

    def ask() -> None:
        raise next(answers)

    patience = Patience("somewhere", said.append, threading.Event(), remote=True)
    with pytest.raises(UpdateFinishedTrialError):
        patience(ask)
    assert said[-1] == "The database somewhere is back."
