"""Trainings that somebody is told of: in the shape of trackio and W&B, and when that fails."""

from __future__ import annotations

import json
import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli.main import end_beside_what_hangs
from hornbook.errors import MissingPackageError, SettingsError
from hornbook.extras import how_to_install
from hornbook.runs import reporting, time_limits
from hornbook.runs.events import Event, Noted, Warned
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

HOW = {"steps": 6, "evaluate_every": 2, "threads": 1, "precision": "float32", "gradients": "hand"}


class Told:
    """Keeps what it is told; fails at the call of a name."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.calls: list[tuple[str, Any]] = []

    def note(self, what: str, value: Any) -> None:
        self.calls.append((what, value))
        if what == self.failing:
            raise ConnectionError("no network")

    def init(self, *, project: str, name: str, config: dict[str, Any]) -> None:
        self.note("init", (project, name, config))

    def log(self, values: dict[str, float], step: int) -> None:
        self.note("log", (values, step))

    def finish(self) -> None:
        self.note("finish", None)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


def test_an_object_is_told_of_each_evaluation_and_of_the_end(names: Path, tmp_path: Path) -> None:
    told = Told()
    run = hornbook.train(names, model="bigram", out=tmp_path / "net", training=HOW, report=told)
    (first, begun), *logged, (last, _) = told.calls
    assert (first, last) == ("init", "finish")
    project, name, config = begun
    assert (project, name) == ("hornbook", "net")
    assert config["family"] == "bigram"
    assert config["steps"] == 6
    *evaluations, (_, kept) = logged
    metrics = run.directory.read_metrics()
    assert [step for _, (_, step) in evaluations] == [one.step for one in metrics]
    for (_, (values, _)), one in zip(evaluations, metrics, strict=True):
        assert values["dev/loss"] == one.losses["dev"]
        assert values["learning_rate"] == one.learning_rate
    assert kept == ({f"kept/{split}/loss": v for split, v in run.summary.losses.items()}, 6)


def test_counts_and_a_resumed_training_are_told_too(names: Path, tmp_path: Path) -> None:
    told = Told()
    hornbook.train(names, model="ngram", out=tmp_path / "counts", report=told)
    assert [what for what, _ in told.calls] == ["init", "log", "finish"]
    told = Told()
    with stopped_at(3):
        hornbook.train(names, model="bigram", out=tmp_path / "net", training=HOW, report=told)
    assert [what for what, _ in told.calls][-1] == "finish"
    assert not any("kept" in name for what, value in told.calls if what == "log"
                   for name in value[0])  # fmt: skip
    told = Told()
    hornbook.resume(tmp_path / "net", report=told)
    steps = [value[1] for what, value in told.calls if what == "log"]
    assert steps == [4, 6, 6]


@pytest.mark.parametrize("failing", ["init", "log", "finish"])
def test_where_it_fails_the_training_goes_on_and_that_is_told(
    names: Path, tmp_path: Path, failing: str
) -> None:
    told, heard = Told(failing), list[Event]()
    run = hornbook.train(
        names, model="bigram", out=tmp_path / "net", training=HOW, report=told, listen=heard.append
    )
    assert run.summary.ending == "finished"
    (warned,) = [one for one in heard if isinstance(one, Warned)]
    assert "Told failed" in warned.message
    assert "ConnectionError: no network" in warned.message
    assert told.calls[-1][0] == failing  # and nothing after it
    assert run.summary.steps == 6


def test_what_cannot_be_told_is_refused_before_training(names: Path, tmp_path: Path) -> None:
    for wrong, words in (
        (object(), "must have init, log and finish"),
        ("wandbb", "must be one of"),
    ):
        with pytest.raises(SettingsError, match=words):
            hornbook.train(names, out=tmp_path / "net", report=wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "net").exists()


@pytest.mark.parametrize("name", ["trackio", "wandb"])
def test_services_by_name(
    name: str,
    names: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    words = ["train", str(names), "--model", "ngram", "--out", str(tmp_path / "counts")]
    status, _, err = typed(capsys, *words, "--report", name)
    assert status == 1
    assert f"--report {name} requires {name}" in err
    assert how_to_install(name) in err
    assert not (tmp_path / "counts").exists()
    told = Told()
    module = types.ModuleType(name)
    vars(module).update(init=told.init, log=told.log, finish=told.finish)
    monkeypatch.setitem(sys.modules, name, module)
    assert typed(capsys, *words, "--report", name)[0] == 0
    assert [what for what, _ in told.calls] == ["init", "log", "finish"]
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackageError):
        hornbook.train(names, report=name)


def test_what_a_service_prints_is_no_result(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Told()
    module = types.ModuleType("trackio")
    vars(module).update(init=lambda **_: print("* a project"), log=told.log, finish=told.finish)
    monkeypatch.setitem(sys.modules, "trackio", module)
    words = ["train", str(names), "--model", "ngram", "--out", str(tmp_path / "counts"), "--json"]
    status, out, err = typed(capsys, *words, "--report", "trackio")
    assert status == 0
    assert json.loads(out)["steps"] is None
    assert "* a project" in err


@pytest.mark.parametrize("silent", ["init", "log", "finish"])
def test_a_service_that_does_not_answer_is_given_up(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    told, heard, answers = Told(), list[Event](), threading.Event()
    module = types.ModuleType("trackio")
    vars(module).update(init=told.init, log=told.log, finish=told.finish)
    setattr(module, silent, lambda *_, **__: answers.wait())
    monkeypatch.setattr(reporting, "LIMITS", dict.fromkeys(reporting.LIMITS, 0.3))
    monkeypatch.setattr(reporting, "A_WHILE", 0.1)
    run = hornbook.train(
        names, model="bigram", out=tmp_path / "net", training=HOW, report=module,
        listen=heard.append,
    )  # fmt: skip
    assert run.summary.steps == 6
    (noted,) = [one for one in heard if isinstance(one, Noted) and "Waiting for" in one.message]
    assert noted.message == "Waiting for trackio to answer, for 0 s at most."
    (warned,) = [one for one in heard if isinstance(one, Warned)]
    assert "trackio failed" in warned.message
    assert "no answer came within" in warned.message
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    end_beside_what_hangs(7)  # Python would wait for what the service began
    assert ended == [7]
    answers.set()
    for one in time_limits.hanging:
        assert one.idle.wait(5)
    end_beside_what_hangs(8)
    assert ended == [7]


def test_a_wait_that_is_interrupted_is_given_up() -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    answers = threading.Event()
    patient = time_limits.Patient(interrupted, 0.01)
    with pytest.raises(KeyboardInterrupt):
        patient(answers.wait, 5.0)
    with pytest.raises(time_limits.NoAnswerError, match="has come yet"):
        patient(answers.wait, 5.0)
    assert time_limits.left_waiting()
    answers.set()
    assert patient.idle.wait(5)
    with pytest.raises(ZeroDivisionError):
        patient(lambda: 1 / 0, 5.0)
