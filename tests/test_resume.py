"""A run that is trained longer: its schedule, its record, its end, what it may not change."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.errors import RunError, SettingsError
from hornbook.runs import Run
from hornbook.runs.events import Event, Noted
from hornbook.training.schedules import continued, learning_rate
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.some_names import write_names
from tests.stopping import stopped_at

HOW: dict[str, Any] = {
    "steps": 8, "evaluate_every": 4, "learning_rate": 0.1, "batch_size": 32, "threads": 1,
    "precision": "float32", "gradients": "hand",
}  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("resume") / "names.txt", slice(0, 300))


def net(names: Path, out: Path, **training: Any) -> Run:
    return hornbook.train(
        names, model="bigram", out=out, training={**HOW, **training}, baseline=False
    )


def end_of(run: Run) -> tuple[Any, ...]:
    """What two trainings have in common that came to the same end."""
    records = [
        (one.step, one.learning_rate, one.losses, one.best) for one in run.directory.read_metrics()
    ]
    weights = {name: array.tolist() for name, array in run.model.arrays().items()}
    return records, weights, run.summary.losses, run.summary.ending, run.summary.steps


def test_a_constant_schedule_ends_where_an_uninterrupted_one_would(
    names: Path, tmp_path: Path
) -> None:
    whole = net(names, tmp_path / "whole", steps=16, schedule="constant")
    longer = net(names, tmp_path / "longer", steps=8, schedule="constant")
    longer = hornbook.resume(longer.path, steps=16)
    assert end_of(longer) == end_of(whole)
    record = longer.record
    assert record.training is not None
    assert record.training.steps == 16
    (noted,) = record.resumptions
    assert (noted.step, noted.steps) == (8, 8)  # what was asked for at first


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "warm-restarts", "step"])
def test_a_schedule_spans_the_new_number_of_steps(
    names: Path, tmp_path: Path, schedule: str
) -> None:
    told: list[Event] = []
    run = hornbook.resume(net(names, tmp_path / "net", schedule=schedule).path, steps=20,
                          listen=told.append)  # fmt: skip
    training = run.record.training
    assert training is not None
    found = {one.step: one.learning_rate for one in run.directory.read_metrics()}
    assert found[12] == learning_rate(training, 12)
    assert run.summary.ending == "finished"
    (said,) = [event.message for event in told if isinstance(event, Noted)]
    new = learning_rate(training, 8)
    assert f"to {new:.2g}, and from there" in said


def settings(schedule: str, steps: int, **more: Any) -> TrainingSettings:
    return TrainingSettings.from_dict({"schedule": schedule, "steps": steps, **more})


@pytest.mark.parametrize(
    ("schedule", "more", "step", "to", "said"),
    [
        ("constant", {}, 100, 200, "stays constant, whatever the number of steps; next: 0.003"),
        ("warm-restarts", {"cycle": 30}, 100, 200, "goes on in its cycles"),
        ("warm-restarts", {}, 100, 200, "falls and restarts, so that three cycles fill all steps"),
        ("cosine", {}, 100, 200, "from 7.4e-07 to 0.0015, and from there falls to nearly 0"),
        ("one-cycle", {}, 100, 1000, "rises to 0.003, then falls to nearly 0 at the end"),
        ("one-cycle", {}, 100, 200, "and from there falls to nearly 0 at the end"),
        ("step", {}, 100, 400, "falls at step 200 to 0.0003"),
        ("step", {}, 100, 150, "from 0.0003 to 0.0003, and from there stays at 0.0003"),
    ],
)
def test_what_happens_to_the_learning_rate_is_said(
    schedule: str, more: dict[str, Any], step: int, to: int, said: str
) -> None:
    before, after = settings(schedule, 100, **more), settings(schedule, to, **more)
    assert said in continued(before, after, step)


def test_what_is_said_comes_true() -> None:
    before, after = settings("step", 100), settings("step", 401)
    fall = math.ceil(after.decay_at * 401)
    assert f"falls at step {fall:,}" in continued(before, after, 100)
    assert learning_rate(after, fall) < learning_rate(after, fall - 1)


def test_a_kill_in_the_extension_changes_nothing(names: Path, tmp_path: Path) -> None:
    whole = hornbook.resume(net(names, tmp_path / "whole").path, steps=20)

    def kill(trainer: Trainer) -> None:
        raise RuntimeError("killed")

    for step in (9, 14):  # before and after the extension's first checkpoint
        killed = net(names, tmp_path / f"killed-{step}")
        with stopped_at(step, by=kill), pytest.raises(RuntimeError, match="killed"):
            hornbook.resume(killed.path, steps=20)
        left = Run(killed.path)
        assert not left.summary.ended  # the net of before can still be used
        assert end_of(hornbook.resume(left.path)) == end_of(whole)


def test_a_kill_before_the_extension_began_leaves_the_run_to_end_as_before(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = net(names, tmp_path / "net")
    before = end_of(run)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hornbook.runs.directory.RunDirectory.write_record", fail)
        with pytest.raises(KeyboardInterrupt):
            hornbook.resume(run.path, steps=20)
    assert end_of(hornbook.resume(run.path)) == before


def test_a_run_that_stopped_early_goes_on_and_patience_counts_again(
    names: Path, tmp_path: Path
) -> None:
    how = {"learning_rate": 1e-9, "patience": 2, "evaluate_every": 1, "schedule": "constant"}
    run = net(names, tmp_path / "net", **{**how, "learning_rate": 1e3, "steps": 30})
    assert run.summary.steps is not None
    assert run.summary.ending in ("early", "diverged")
    stopped_after = run.summary.steps
    longer = hornbook.resume(run.path, steps=31)
    steps = longer.summary.steps
    assert steps is not None
    assert steps >= stopped_after + 2  # at once it would have ended again
    best = [one.step for one in longer.directory.read_metrics() if one.best]
    assert longer.summary.best_step == best[-1]


def test_a_stopped_run_may_end_sooner_and_a_second_extension_is_noted_too(
    names: Path, tmp_path: Path
) -> None:
    with stopped_at(3):
        run = net(names, tmp_path / "net", steps=12)
    run = hornbook.resume(run.path, steps=6)
    assert run.summary.steps == 6
    run = hornbook.resume(run.path, steps=9, threads=2)
    assert [(one.step, one.steps, one.threads) for one in run.record.resumptions] == [
        (3, 12, 1), (6, 6, 1),
    ]  # fmt: skip
    assert run.record.training is not None
    assert run.record.training.threads == 2
    assert not run.record.extended_at(9)
    assert run.record.extended_at(6)


def test_what_cannot_be_is_refused_and_nothing_is_changed(names: Path, tmp_path: Path) -> None:
    run = net(names, tmp_path / "net")
    kept = {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    with pytest.raises(RunError, match="already finished") as caught:
        hornbook.resume(run.path)
    assert "steps=16" in str(caught.value)
    for wanted, words in (
        ({"steps": 8}, "has already done 8 steps"),
        ({"steps": 2}, "has already done 8 steps"),
        ({"steps": 0}, "has already done 8 steps"),
        ({"steps": -1}, "`steps` must be from 0"),
        ({"steps": 20, "threads": 0}, "`threads` is 0, but"),
        ({"steps": 20, "device": "mps"}, "This machine has no mps device"),
    ):
        with pytest.raises(SettingsError, match=words):
            hornbook.resume(run.path, **wanted)
    assert kept == {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file()}
    counts = hornbook.train(names, model="ngram", out=tmp_path / "counts")
    with pytest.raises(RunError, match="made in one pass"):
        hornbook.resume(counts.path, steps=20)
    hornbook.strip(run.path)
    with pytest.raises(RunError, match="has no checkpoint"):
        hornbook.resume(run.path, steps=20)


def test_the_command_line_extends_and_names_what_it_cannot_change(
    names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(net(names, tmp_path / "net").path)
    status, _, err = typed(capsys, "train", "--resume", run)
    assert status == 1
    assert f"hornbook train --resume {run} --steps 16" in err
    for more in (["--learning-rate", "1"], ["--n-hidden", "64"], ["names.txt"], ["--out", "x"]):
        status, _, err = typed(capsys, "train", "--resume", run, *more)
        assert status == 1
        assert f"{' '.join(more)} has no effect with --resume" in err
        assert "hornbook train DATA --init-from RUN" in err
    status, out, err = typed(capsys, "train", "--resume", run, "--steps", "12")
    assert status == 0, err
    assert "now spans all 12 steps" in err
    assert "dev" in out
