"""A sweep that trains trials together: the same ones, pruned, going on and set apart."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.errors import SettingsError
from hornbook.experiments.events import TrainingTogether
from hornbook.experiments.sweep import jobs as jobs_module
from hornbook.experiments.sweep.events import Opened, TrialBegan, TrialEnded
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.making import Judge, Made, Recipe, make_trial
from hornbook.experiments.sweep.page import trials_table
from hornbook.experiments.sweep.sweep import sweep
from hornbook.experiments.sweep.trials import Trials
from hornbook.experiments.workers.worker import Worker
from hornbook.runs import Run
from hornbook.runs.events import Listener, Warned, nobody
from hornbook.runs.prepare import prepare
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.no_numba import without_numba
from tests.plain_steps import plain_steps
from tests.some_names import write_names
from tests.test_sweep import OVER, SMALL, TINY, told

pytest.importorskip("numba", reason="Numba is not installed")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def here(tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """In a folder of its own, without compiling: one test of `test_together` has the kernels."""
    with plain_steps() as patch:
        patch.chdir(tmp_path)
        yield patch


def swept(names: Path, **options: Any) -> tuple[Sweep, list[Any]]:
    """A small sweep, and what it told."""
    events: list[Any] = []
    how: dict[str, Any] = {
        "model": "mlp", "over": OVER, "settings": SMALL, "training": TINY, "trials": 5,
        "at_once": 3, "listen": events.append, **options,
    }  # fmt: skip
    return sweep(names, **how), events


@pytest.fixture(scope="module")
def whole(names: Path, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep of twelve trials, some of them pruned, that nothing came between."""
    folder = tmp_path_factory.mktemp("sweep") / "whole"
    with plain_steps():
        return swept(names, out=folder, trials=12, at_once=6)[0]


def test_those_that_are_asked_for_at_once_come_out_as_one_by_one(names: Path) -> None:
    found, events = swept(names)
    (opened,) = [one for one in events if isinstance(one, Opened)]
    assert opened.note == "3 at a time are trained together, by compiled steps."
    assert [(one.runs, one.ended) for one in events if isinstance(one, TrainingTogether)] == [
        (3, 0), (3, 1), (3, 2), (3, 3), (2, 0), (2, 1), (2, 2),
    ]  # fmt: skip
    assert [type(one) for one in events if isinstance(one, TrialBegan | TrialEnded)] == [
        *[TrialBegan] * 3, *[TrialEnded] * 3, *[TrialBegan] * 2, *[TrialEnded] * 2,
    ]  # fmt: skip
    alone, _ = swept(names, together=False, at_once=None, out="alone")
    assert told(found) == told(alone)  # these are drawn before there is anything to learn from
    assert [one.together for one in found.trials] == [True] * 5
    assert not any(one.together for one in alone.trials)
    for one in found.trials:
        run = Run(one.run)
        assert (run.record.together, run.record.id, run.summary.steps) == (True, one.id, 10)
    with (found.folder / "trials.csv").open(newline="") as file:
        assert {row["together"] for row in csv.DictReader(file)} == {"True"}
    assert all(", shared" in "".join(row) for row in trials_table(found).rows)


def test_hopeless_ones_end_early_and_the_others_go_on(names: Path, whole: Sweep) -> None:
    assert [one.state for one in whole.trials[:6]] == ["finished"] * 6
    pruned = [one for one in whole.trials if one.state == "pruned"]
    assert pruned
    assert all(one.steps is not None and 4 <= one.steps < 10 for one in pruned)
    assert any(one.finished for one in whole.trials[6:])
    again, _ = swept(names, out="again", trials=12, at_once=6)
    assert told(again) == told(whole)  # whichever of them comes first in its round
    one = Run(pruned[0].run)
    copied = Path("copied")
    shutil.copytree(one.path, copied)
    assert hornbook.resume(copied).summary.steps == 10
    halved, _ = swept(names, out="halved", trials=9, at_once=9, pruning="halving")
    assert {one.steps for one in halved.trials if one.state == "pruned"} <= {3, 9}


@pytest.mark.parametrize("moment", ["training", "asking", "telling", "pruning"])
def test_killed_it_goes_on_to_the_same_trials(
    names: Path, whole: Sweep, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """As a kill: nothing is done about it."""

    count, guard = 0, threading.Lock()

    def dies_at(most: int, after: Any) -> Any:
        def dies(*given: Any) -> Any:
            nonlocal count
            with guard:
                count += 1
                dead = count > most
            if dead:
                raise KilledError
            return after(*given)

        return dies

    with monkeypatch.context() as patch:
        if moment == "training":  # in the second round, all of whose trials have begun
            patch.setattr(Trainer, "arrive", dies_at(75, Trainer.arrive))
        elif moment == "asking":
            patch.setattr(Trials, "own", dies_at(8, Trials.own))
        elif moment == "telling":
            patch.setattr(Trials, "tell", dies_at(3, Trials.tell))
        else:
            patch.setattr(Trials, "tell", dies_at(6, Trials.tell))
        with pytest.raises(KilledError):
            swept(names, out="parts", trials=12, at_once=6)
    parts, events = swept(names, out="parts", trials=12, at_once=6)
    assert told(parts) == told(whole)
    assert next(one for one in events if isinstance(one, TrialBegan)).resumed


def test_ctrl_c_stops_all_and_the_same_call_goes_on(
    names: Path, whole: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive, done = Trainer.arrive, []

    def counted(trainer: Trainer) -> None:
        arrive(trainer)
        done.append(trainer.step)
        if len(done) == 20:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "arrive", counted)
        with pytest.raises(KeyboardInterrupt):
            swept(names, out="parts", trials=12, at_once=6)
    assert len(done) < 6 * 10
    parts, _ = swept(names, out="parts", trials=12, at_once=6)
    assert told(parts) == told(whole)


def test_time_ends_it_and_keeps_what_is_finished(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_run = Path("parts/trials/0001")
    with monkeypatch.context() as patch:
        patch.setattr("hornbook.training.trainer.TELL_EVERY", 0.0)
        patch.setattr(
            jobs_module.Jobs,
            "is_over",
            lambda jobs: (first_run / "summary.json").exists(),
        )
        first, _ = swept(names, out="parts", trials=None, minutes=1.0, jobs=1)
    states = [one.state for one in first.trials]
    assert len(states) == 3
    assert states[1] == "finished"
    parts, _ = swept(names, out="parts")
    assert told(parts) == told(swept(names, out="alone", together=False, at_once=None)[0])


def test_those_that_cannot_be_are_made_by_themselves(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = {"accumulate": "1,2", "n_embd": "3,4"}
    how: dict[str, Any] = {"over": over, "trials": 4, "at_once": 4}
    found, events = swept(names, **how)
    kinds = {one.values["accumulate"]: one.together for one in found.trials}
    assert kinds == {1: True, 2: False}
    assert not any(isinstance(one, Warned) for one in events)
    assert sum(isinstance(one, TrialBegan) for one in events) == 4
    alone, _ = swept(names, **how | {"together": False, "at_once": None, "out": "alone"})
    assert told(found) == told(alone)
    prepared, guard = prepare(names, None, {}), threading.Lock()

    def in_turn(worker: Worker, recipe: Recipe, judge: Judge, listen: Listener) -> Made:
        with guard:  # no process is begun
            return make_trial(prepared, recipe, judge, lambda: False, nobody)

    monkeypatch.setattr(jobs_module, "made_by", in_turn)
    several, _ = swept(names, **how, jobs=2, out="several")
    assert told(several) == told(alone)
    assert {one.values["accumulate"]: one.together for one in several.trials} == kinds


def test_one_that_diverges_is_refused_and_the_others_stay(names: Path) -> None:
    training = {**TINY, "optimizer": "sgd", "weight_decay": 1000, "momentum": 0.0}
    found, _ = swept(names, over={"learning_rate": "0.0001,1e6"}, training=training, trials=2)
    states = {one.values["learning_rate"]: one.state for one in found.trials}
    assert states == {0.0001: "finished", 1e6: "refused"}
    assert "diverged" in next(one.why for one in found.trials if one.state == "refused")


def test_where_they_cannot_be_trained_together_that_is_said(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_numba(monkeypatch)
    _, events = swept(names, at_once=None, trials=1)
    (opened,) = [one for one in events if isinstance(one, Opened)]
    assert "They are trained one by one: it needs Numba, which is not installed" in opened.note
    with pytest.raises(SettingsError, match="`at_once` has no effect: trials of mlp are trained"):
        swept(names, out="other")
    with pytest.raises(SettingsError, match="has no effect where trials are not trained"):
        swept(names, together=False)
    with pytest.raises(SettingsError, match="`at_once` must be from 1 to 64"):
        swept(names, at_once=65)
    _, events = swept(names, model="ngram", over=None, settings=None, training=None, trials=2,
                      at_once=None, out="counted")  # fmt: skip
    (opened,) = [one for one in events if isinstance(one, Opened)]
    assert not opened.note


def test_the_command_tells_it_in_a_line(
    names: Path, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    words = ["sweep", str(names), "--model", "mlp", "--over", "n_embd=2..6", "--steps", "5",
             "--n-hidden", "8", "--batch-size", "16", "--trials", "2"]  # fmt: skip
    status, out, err = typed(capsys, *words, "--at-once", "2")
    assert status == 0, err
    assert "2 at a time are trained together, by compiled steps." in err
    assert "shared" in out
    status, _, err = typed(capsys, *words, "--at-once", "2")
    assert status == 0, err
    assert "2 of 2 trials are there from an earlier start." in err
    assert "at a time" not in err  # nothing is left to be trained
