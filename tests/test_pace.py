"""How long a training takes: estimated, watched, and chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hornbook
from hornbook.errors import SettingsError
from hornbook.rendering import short_time
from hornbook.runs import pace as pace_module
from hornbook.runs.events import Estimated, Event, Warned
from hornbook.runs.pace import Pace
from hornbook.runs.session import Session
from hornbook.training import calibration
from hornbook.training.progress import Progress
from hornbook.training.settings import TrainingSettings
from tests.some_names import write_names
from tests.test_runs import SMALL

STEPS = 1_000


def session_with(**known: Any) -> Any:
    """A session with the times that are given, and a thousand steps."""
    held: Any = SimpleNamespace(
        training=TrainingSettings(steps=STEPS, threads=2, evaluate_on=100),
        data=SimpleNamespace(sizes={"train": 1_000, "dev": 400, "test": 400}),
        measured=["train", "dev"],
        milliseconds=None,
        evaluation_seconds=1.0,
        predictions=200,
    )
    for name, value in known.items():
        setattr(held, name, value)
    held.last_predictions = lambda: 400  # all of dev
    held.last_evaluation = Session.last_evaluation.fget(held)  # type: ignore[attr-defined]
    held.time_of = lambda steps, each: Session.time_of(held, steps, each)
    return held


def at(step: int, seconds: float) -> Progress:
    return Progress(step, STEPS, None, 0.01, seconds)


def told(session: Any, progress: list[Progress]) -> list[Event]:
    events: list[Event] = []
    pace = Pace(session, events.append)
    for one in progress:
        pace.look(one)
    return events


def test_the_first_steps_tell_how_long_it_will_be() -> None:
    events = told(session_with(), [at(1, 5.0), at(2, 5.1), at(6, 5.5), at(22, 7.1), at(42, 9.1)])
    # 978 steps of 0.1 s, 19 evaluations (every 50 steps) of a second, and dev in full: 400 of its
    # predictions, where 200 took a second.
    (estimate,) = events
    assert isinstance(estimate, Estimated)
    assert estimate.seconds == pytest.approx(978 * 0.1 + 19 + 2)
    assert estimate.step == pytest.approx(0.1)


def test_an_evaluation_is_no_step() -> None:
    events: list[Event] = []
    pace = Pace(session_with(milliseconds=100.0), events.append)
    pace.look(at(2, 0.2))
    pace.evaluated()
    for one in (at(3, 99.0), at(13, 100.0)):
        pace.look(one)
    assert [type(event) for event in events] == [Estimated]


def test_steps_are_timed_though_each_is_followed_by_an_evaluation() -> None:
    events: list[Event] = []
    pace = Pace(session_with(), events.append)
    for step in range(2, 8):
        pace.look(at(step, 10.0 * step))
        pace.look(at(step + 1, 10.0 * step + 0.2))
        pace.evaluated()
    (estimate,) = events
    assert isinstance(estimate, Estimated)
    assert estimate.step == pytest.approx(0.2)


def test_what_is_over_soon_is_not_estimated() -> None:
    assert told(session_with(evaluation_seconds=0.0), [at(2, 0.0), at(900, 0.6)]) == []


@pytest.mark.parametrize(("busy", "threads"), [(True, 2), (True, 1), (False, 2)])
def test_slow_steps_are_told_once_with_their_cause(
    busy: bool, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace_module, "is_busy", lambda number: busy)
    session = session_with(milliseconds=40.0)
    session.training = replace(session.training, threads=threads)
    events = told(session, [at(2, 0.0), at(12, 1.0), at(22, 2.0), at(32, 3.0)])
    (warning,) = [event.message for event in events if isinstance(event, Warned)]
    assert "A step takes 100.0 ms; 40.0 ms were measured" in warning
    assert ("busy with other work" in warning) == busy
    assert ("threads=1" in warning) == (busy and threads > 1)


def test_steps_as_fast_as_calibrated_are_nothing_to_tell() -> None:
    events = told(session_with(milliseconds=60.0), [at(2, 0.0), at(12, 1.0), at(22, 2.0)])
    assert not any(isinstance(event, Warned) for event in events)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


def timed(monkeypatch: pytest.MonkeyPatch, step: float, prediction: float) -> None:
    """Steps and predictions that take so long."""
    monkeypatch.setattr(calibration, "time_steps", lambda *_: step)
    monkeypatch.setattr(Session, "time_of_prediction", lambda session: prediction)


QUICK = {"batch_size": 16, "device": "cpu", "threads": 1, "gradients": "hand"}


@pytest.mark.parametrize(("prediction", "on"), [(1e-6, 30_000), (1e-3, 500)])
def test_minutes_choose_the_steps(
    prediction: float, on: int, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 1.0, prediction)
    run = hornbook.train(
        names, out=tmp_path / "run", settings=SMALL, minutes=1, training=QUICK, baseline=False
    )
    made, sizes = run.record.training, run.data.sizes
    assert made is not None
    assert made.evaluate_on == on
    measured = sum(min(on, sizes[name]) for name in ("train", "dev"))
    # 97 % of a minute, less both in full and 21 evaluations, and what it took to find that out.
    wanted = int(0.97 * 60 - prediction * (sizes["train"] + sizes["dev"] + 21 * measured))
    assert made.steps in (wanted, wanted - 1)
    assert run.summary.steps == made.steps


def test_a_real_clock_is_asked(names: Path, tmp_path: Path) -> None:
    run = hornbook.train(
        names, out=tmp_path / "run", settings=SMALL, minutes=0.02, training=QUICK, baseline=False
    )
    made = run.record.training
    assert made is not None
    assert 0 < made.steps < 8_000


@pytest.mark.parametrize(
    ("minutes", "training", "words"),
    [
        (
            0.01,
            QUICK,
            "0.6 s is too short to train this model: one step takes 1 s, .* it needs \\d+ s",
        ),
        (1, {**QUICK, "steps": 77}, "`minutes` chooses the number of steps, and `steps` is 77"),
        (0, QUICK, "`minutes` must be above 0"),
        (float("nan"), QUICK, "`minutes` must be above 0"),
    ],
)
def test_what_minutes_cannot_do(
    minutes: float, training: Any, words: str, names: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    timed(monkeypatch, 1.0, 1e-6)
    with pytest.raises(SettingsError, match=words.replace("`", ".")):
        hornbook.train(
            names, out=tmp_path / "run", settings=SMALL, minutes=minutes, training=training
        )
    assert not (tmp_path / "run").exists()


def test_counting_takes_no_minutes(names: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"fitted in one pass: .minutes. has no effect") as told:
        hornbook.train(names, model="ngram", out=tmp_path / "run", minutes=1)
    assert "choose a net" in told.value.hint


def test_compiling_leaves_half_of_the_minutes_to_the_training(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine compiles once: on a busy one nothing was left, and the training was refused."""
    timed(monkeypatch, 1.0, 1e-6)

    def calibrate(session: Session, *others: Any) -> None:
        session.training = replace(session.training, threads=1, precision="float32")
        session.compiling, session.calibration_seconds = 200.0, 203.0

    monkeypatch.setattr(Session, "calibrate", calibrate)
    run = hornbook.train(
        names, out=tmp_path / "run", settings=SMALL, minutes=1, training=QUICK, baseline=False
    )
    assert run.summary.steps in (24, 25)  # of a second, in a half of 97 % less three


@pytest.mark.parametrize(("threads", "warned"), [(1, False), (1_000, True)])
def test_more_threads_than_processors_are_told(
    threads: int, warned: bool, names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hornbook.compute.load.cores_allowed", lambda: 999)
    events: list[Event] = []
    how = {**QUICK, "threads": threads, "steps": 0}
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    hornbook.train(
        names, out=tmp_path / "run", settings=SMALL, training=how, baseline=False,
        listen=events.append,
    )  # fmt: skip
    told = [one.message for one in events if isinstance(one, Warned)]
    assert any("is 1,000, and there are only 999 processors" in one for one in told) is warned


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1e-9, "less than 1 µs"), (34e-6, "34 µs"), (950e-6, "950 µs"), (0.0012, "1.2 ms"),
     (0.0996, "100 ms"), (0.16, "0.16 s"), (8.6, "8.6 s"), (12.0, "12 s")],
)  # fmt: skip
def test_a_short_time_has_a_unit_that_fits(seconds: float, told: str) -> None:
    assert short_time(seconds) == told
