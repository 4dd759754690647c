"""A single training by compiled steps: the same run, stopped and resumed, chosen where it pays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DivergedError, MissingPackageError, SettingsError
from hornbook.extras import how_to_install
from hornbook.kernels.program import Kind
from hornbook.runs import Run
from hornbook.runs.events import Calibrated, Compiling, Noted
from hornbook.runs.extension import settled
from hornbook.runs.session import Session
from hornbook.text.models.mlp import MLPSettings
from hornbook.training import (
    TrainingSettings,
    calibration,
    compilable,
    gradients,
    many_steps,
    race,
)
from hornbook.training import candidates as offers
from hornbook.training.calibration import SPREAD, calibrate, time_steps
from hornbook.training.candidates import candidates
from hornbook.training.compilable import gain
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.some_names import write_names
from tests.test_calibration import OPEN, parts, pretend
from tests.test_runs import figures, same_end

pytest.importorskip("numba", reason="Numba is not installed")

SMALL = MLPSettings(block_size=3, n_embd=4, n_hidden=(16,), dropout=0.1, norm="none")
SHORT = TrainingSettings(
    steps=60, batch_size=32, learning_rate=0.01, evaluate_every=10, gradients="compiled"
)
BETWEEN = 20_000  # steps that save more than loading takes and less than compiling


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 2000, 5))


def made(names: Path, out: Path, training: TrainingSettings = SHORT, **changes: Any) -> Run:
    return hornbook.train(names, model="mlp", out=out, settings=SMALL, training=training, **changes)


@pytest.fixture(scope="module")
def run(names: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Any]]:
    """A run by compiled steps, and what was told of it."""
    told: list[Any] = []
    return made(names, tmp_path_factory.mktemp("runs") / "a", listen=told.append), told


def test_it_is_the_training_by_hand_to_rounding(
    run: tuple[Run, list[Any]], names: Path, tmp_path: Path
) -> None:
    by_hand = made(names, tmp_path / "hand", replace(SHORT, gradients="hand"))
    one, told = run
    assert one.record.training is not None
    how = one.record.training
    assert (how.gradients, how.threads, how.precision) == ("compiled", 1, "float32")
    for ours, theirs in zip(figures(one.path), figures(by_hand.path), strict=True):
        assert ours["step"] == theirs["step"]
        assert ours["losses"] == pytest.approx(theirs["losses"], rel=2e-5)
        if ours["batch"] is not None:
            assert ours["batch"] == pytest.approx(theirs["batch"], rel=2e-5)
    assert one.summary.losses == pytest.approx(by_hand.summary.losses, rel=2e-5)
    assert [event.calibration.settings.gradients for event in told
            if isinstance(event, Calibrated)] == ["compiled"]  # fmt: skip


def test_it_says_that_it_compiles_and_only_then(
    run: tuple[Run, list[Any]], names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hornbook.kernels import kept, machine_code

    assert kept.are_kept([Kind.TABLE, Kind.DROPOUT])  # `run` has left them
    told: list[Any] = []
    made(names, tmp_path / "again", listen=told.append)
    assert kept.WAIT not in [one.message for one in told if isinstance(one, Noted)]
    monkeypatch.setattr(machine_code, "are_kept", lambda names: False)
    made(names, tmp_path / "not kept", listen=told.append)
    assert [one.message for one in told if isinstance(one, Noted)].count(kept.WAIT) == 1


def test_compiling_is_no_part_of_its_time_and_told_apart(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def load(steps: many_steps.ManySteps) -> float:
        now[0] += 1000.0
        loading(steps)
        return 1000.0

    loading: Callable[..., float] = many_steps.ManySteps.load
    with monkeypatch.context() as patch:
        patch.setattr(gradients, "time", SimpleNamespace(perf_counter=lambda: now[0]))
        patch.setattr(many_steps.ManySteps, "load", load)
        with stopped_at(27, cut=7):
            stopped = made(names, tmp_path / "stopped")
    assert stopped.summary.compiling == 1000.0
    assert "s (after compiling for 1,000.0 s, once)" in stopped.summary.took
    ended = hornbook.resume(stopped.path)
    assert ended.summary.compiling == 1000.0
    times = [one.seconds for one in ended.directory.read_metrics()]
    assert 0 <= times[0] <= ended.summary.seconds < 1000


def test_before_a_given_time_steps_are_compiled_and_then_timed(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling was taken for a part of what is beside the steps: a minute was too short."""
    monkeypatch.setattr(calibration, "time_steps", lambda *_: 1.0)
    monkeypatch.setattr(Session, "time_of_prediction", lambda session: 1e-6)
    monkeypatch.setattr(compilable, "wait_for", lambda *_: "a while")
    monkeypatch.setattr(compilable, "compile_steps", lambda *_: 200.0)
    told: list[Any] = []
    run = hornbook.train(
        names, model="mlp", out=tmp_path / "run", settings=SMALL, minutes=1, listen=told.append,
        training={"batch_size": 32, "gradients": "compiled", "threads": 1}, baseline=False,
    )  # fmt: skip
    assert [one.message for one in told if isinstance(one, Compiling)] == ["a while"]
    assert run.summary.steps in (26, 27, 28)  # of a second, in a half of 97 %
    assert run.summary.compiling == 200.0
    assert run.summary.seconds < 200


def test_what_is_kept_is_loaded_and_not_compiled(
    run: tuple[Run, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hornbook.kernels import machine_code

    model, batches = parts("mlp dropout")
    how = replace(OPEN, gradients="compiled", threads=1, precision="float32")
    steps = many_steps.ManySteps(Trainer(model, batches, how, Evaluation))
    steps.load()
    assert steps.load() == 0
    monkeypatch.setattr(machine_code, "are_kept", lambda names: False)
    assert steps.load() > 0


@contextmanager
def stopped_at(step: int, cut: int) -> Iterator[None]:
    """A context in which compiled steps are cut otherwise, and told to stop after so many."""
    turn = many_steps.Turns.__call__

    def stopping(turns: many_steps.Turns) -> None:
        turns.most = cut
        turn(turns)
        if turns.steps.trainer.step == step:
            turns.steps.trainer.stop = True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_steps.Turns, "__call__", stopping)
        yield


def test_stopped_and_resumed_it_ends_at_the_same_bits(
    run: tuple[Run, list[Any]], names: Path, tmp_path: Path
) -> None:
    with stopped_at(27, cut=7):
        stopped = made(names, tmp_path / "stopped")
    assert (stopped.summary.ending, stopped.summary.steps) == ("interrupted", 27)
    same_end(run[0].path, hornbook.resume(stopped.path).path)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("gpt", {"block_size": 8, "n_layer": 1, "n_head": 2, "n_embd": 8, "dropout": 0.1}),
        ("wavenet", {"block_size": 4, "n_embd": 4, "n_hidden": 8, "form": "convolution"}),
        ("bow", {}),
    ],
)
def test_so_do_nets_that_read_rows(
    model: str, settings: dict[str, Any], names: Path, tmp_path: Path
) -> None:
    how = replace(SHORT, steps=12, evaluate_every=6)
    whole = hornbook.train(names, model=model, out=tmp_path / "a", settings=settings, training=how)
    with stopped_at(9, cut=3):
        half = hornbook.train(
            names, model=model, out=tmp_path / "b", settings=settings, training=how
        )
    assert (half.summary.ending, half.summary.steps) == ("interrupted", 9)
    same_end(whole.path, hornbook.resume(half.path).path)


def test_patience_and_more_steps_are_as_ever(names: Path, tmp_path: Path) -> None:
    how = replace(SHORT, patience=2, learning_rate=1e-30, schedule="constant")
    early = made(names, tmp_path / "early", how)
    by_hand = made(names, tmp_path / "hand", replace(how, gradients="hand"))
    assert early.summary.ending == by_hand.summary.ending == "early"
    assert early.summary.steps == by_hand.summary.steps
    longer = hornbook.resume(early.path, steps=90)
    assert (longer.summary.steps or 0) > (early.summary.steps or 0)


def test_a_divergence_is_told(names: Path, tmp_path: Path) -> None:
    how = replace(SHORT, learning_rate=1e6, optimizer="sgd", schedule="constant", weight_decay=1e3)
    with pytest.raises(DivergedError, match="training has diverged"):
        made(names, tmp_path / "diverged", how)


@pytest.mark.parametrize(
    ("model", "training", "says"),
    [
        ("rnn", {}, "there is no kernel for AddedRNN"),
        ("mlp", {"accumulate": 2}, "`accumulate` splits the batches"),
        ("mlp", {"precision": "bfloat16"}, "`precision` is bfloat16"),
        ("mlp", {"rates": ("*bias=0",)}, "some of its parameters are frozen"),
        ("mlp", {"watch": True}, "`watch` cannot record the activations"),
        ("mlp", {"compile": True}, "not with `gradients=.compiled"),
    ],
)
def test_where_there_is_none_it_says_why_before_anything_is_written(
    names: Path, tmp_path: Path, model: str, training: dict[str, Any], says: str
) -> None:
    out = tmp_path / "none"
    with pytest.raises(SettingsError, match=says) as caught:
        hornbook.train(
            names, model=model, out=out, settings={"join": "added"} if model == "rnn" else {},
            training={"gradients": "compiled", **training},
        )  # fmt: skip
    assert "gradients=" in caught.value.hint
    assert "precision" not in training or "leave out `precision`" in caught.value.hint
    assert not out.exists()


def test_without_numba_it_says_what_to_install(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingPackageError, match="requires numba, which is not") as caught:
        made(names, tmp_path / "none")
    assert how_to_install("numba") in caught.value.hint
    assert not (tmp_path / "none").exists()


# --- where it pays -----------------------------------------------------------------------------


def compiled_is_offered(steps: int, *, kept: bool, **changes: Any) -> bool:
    """Whether calibration would try compiled steps of a net."""
    seconds = changes.pop("seconds", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offers, "wait_for", lambda *given: "" if kept else "wait")
        how = replace(OPEN, steps=steps, **changes)
        return candidates(*parts("mlp dropout"), how, seconds).compiled


def test_it_is_tried_where_it_saves_more_than_it_costs() -> None:
    assert not compiled_is_offered(500, kept=True)
    assert compiled_is_offered(1_000, kept=True)
    assert compiled_is_offered(BETWEEN, kept=True)
    assert not compiled_is_offered(BETWEEN, kept=False)
    assert compiled_is_offered(10 * BETWEEN, kept=False)
    assert compiled_is_offered(500, kept=False, seconds=600)
    assert not compiled_is_offered(10 * BETWEEN, kept=False, seconds=20)


def test_it_is_not_tried_where_something_else_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for changes in ({"gradients": "hand"}, {"compile": True}, {"accumulate": 2}):
        assert not compiled_is_offered(10 * BETWEEN, kept=True, **changes)
    monkeypatch.setattr(compilable, "LARGE", 1)
    assert not compiled_is_offered(10 * BETWEEN, kept=True)
    monkeypatch.undo()
    monkeypatch.setattr(offers, "has", lambda module: False)
    assert not compiled_is_offered(10 * BETWEEN, kept=True)


def test_it_is_not_tried_where_nothing_can_be_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    how = replace(OPEN, steps=10 * BETWEEN)
    monkeypatch.setattr(offers, "cannot_compile", lambda: "Numba is broken")
    for kept in (True, False):
        monkeypatch.setattr(offers, "wait_for", lambda *given, kept=kept: "" if kept else "wait")
        found = candidates(*parts("mlp dropout"), how)
        assert (found.compiled, found.not_compiled) == (kept, "" if kept else "Numba is broken")


def test_the_gain_is_that_of_the_operations() -> None:
    model, batches = parts("mlp dropout")
    operations = compilable.program_for(model, batches, compilable.places_of(model, OPEN))
    assert [one.whole[0] for one in operations.operations][:2] == [Kind.TABLE, Kind.LOOK_UP]
    between = compilable.BETWEEN * operations.multiplications
    saved = (len(operations.operations) * compilable.PRICE + between) * OPEN.steps
    assert gain(model, OPEN, batches) == pytest.approx(saved)
    assert batches.cursor == 0


def test_what_alone_keeps_a_net_from_it_is_said() -> None:
    how = replace(OPEN, steps=10 * BETWEEN)
    assert candidates(*parts("mlp dropout"), how).not_compiled == ""
    watched = candidates(*parts("mlp dropout"), replace(how, watch=True))
    assert watched.not_compiled == "`watch` looks into the steps"
    assert candidates(*parts("rnn added", "text"), replace(how, watch=True)).not_compiled == ""
    short = replace(how, steps=500, watch=True)
    assert candidates(*parts("mlp dropout"), short).not_compiled == ""


@pytest.mark.parametrize(("cost", "taken"), [(0.1, "compiled"), (3.0, "hand")])
def test_the_faster_way_is_taken_and_the_wait_is_told(
    cost: float, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = pretend(monkeypatch, {"compiled": cost, "autograd": 2.0, "bfloat16": 2.0, 1: 1.0})
    monkeypatch.setattr(race, "wait_for", lambda *given: "wait")
    told: list[str] = []
    how = replace(OPEN, steps=10 * BETWEEN)
    found = calibrate(*parts("mlp dropout"), how, tell=told.append).settings
    assert found.gradients == taken
    assert found.precision == "float32"
    assert told == ["wait"]
    assert any(one.gradients == "compiled" and one.threads == 1 for one in timed)


def test_its_steps_are_timed_as_many_at_once() -> None:
    model, batches = parts("mlp dropout")
    how = replace(OPEN, gradients="compiled", threads=1, precision="float32")
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    counted: list[int] = []
    advance: Callable[..., None] = many_steps.ManySteps.advance

    def counting(steps: Any, count: int) -> None:
        counted.append(count)
        advance(steps, count)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_steps.ManySteps, "advance", counting)
        seconds = time_steps(model, batches, how, 0.02)
    assert set(counted) == {race.CALL // SPREAD * SPREAD}
    assert 0 < seconds < 0.02 / SPREAD
    assert batches.cursor == 0
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor, weights[name])


def test_on_another_device_a_run_goes_on_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "hornbook.compute.device.choose_device", lambda name: SimpleNamespace(type=name)
    )
    assert settled(SHORT, {"device": "cuda"}).gradients == "hand"
    assert settled(SHORT, {"device": "cpu", "steps": 90}).gradients == "compiled"


def test_nothing_of_it_is_loaded_where_it_is_not_chosen() -> None:
    code = (
        "import sys, hornbook.training.trainer, hornbook.training.kept_choices\n"
        "sys.exit(any(name in sys.modules for name in ('numba', 'llvmlite')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_says_how_many_threads_share_a_batch(
    names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ["--steps", "2", "--n-hidden", "8", "--gradients", "compiled", "--no-baseline"]
    for batch, threads, said in (
        ("2", "3", "2 threads (of 3: no more can share a batch), float32"),
        ("3", "3", "3 threads, float32"),
    ):
        words = ("train", str(names), *quick, "--threads", threads)
        words = (*words, "--batch-size", batch, "--out", batch)
        status, _, err = typed(capsys, *words)
        assert (status, said in err) == (0, True), err


def test_a_single_row_is_refused_with_what_helps(
    names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("train", str(names), "--gradients", "compiled", "--batch-size", "1")
    status, _, err = typed(capsys, *words)
    assert status == 1
    assert "BatchNorm cannot train on a single row" in err
    assert "a larger --batch-size" in err
    assert "--gradients hand" not in err
