"""A comparison that trains small nets together: the same runs, told, going on and set apart."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.experiments.compare import comparison
from hornbook.experiments.compare.comparison import ModelComparison
from hornbook.experiments.compare.curves import curves_section
from hornbook.experiments.compare.events import TrialBegan, TrialEnded
from hornbook.experiments.compare.page import remarks
from hornbook.experiments.events import TrainingTogether
from hornbook.extras import how_to_install
from hornbook.runs import Run
from hornbook.runs.events import Noted
from hornbook.text import sampling_pace
from hornbook.training.trainer import Trainer
from tests.command import typed
from tests.no_numba import without_numba
from tests.some_names import write_names

pytest.importorskip("numba", reason="Numba is not installed")

SMALL = ("threads=1", "gradients=hand", "device=cpu", "batch_size=16", "evaluate_every=10",
         "n_embd=4", "n_hidden=8", "precision=float32", "norm=none")  # fmt: skip
# Beside a net that has no kernels, which is trained by itself.
APART: Any = {"models": ("mlp", "rnn"), "settings": (*SMALL, "rnn.join=added")}
# Without BatchNorm: of a weight before it AdamW makes whole steps out of what is rounding alone.
MADE = ("mlp-seed1", "mlp-seed2")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 300))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a folder of its own; few samples are timed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sampling_pace, "LINES", 20)
    monkeypatch.setattr(comparison, "curves_section", lambda *_: None)


def compared(names: Path, **options: Any) -> tuple[ModelComparison, list[Any]]:
    events: list[Any] = []
    how = {"models": ("mlp",), "steps": 20, "seeds": (1, 2), "settings": SMALL, **options}
    return hornbook.compare(names, listen=events.append, **how), events


@pytest.fixture(scope="module")
def whole(names: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A comparison of two families that nothing has stopped: its folder and what was told."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling_pace, "LINES", 20)
        patch.setattr(comparison, "curves_section", lambda *_: None)
        folder = tmp_path_factory.mktemp("whole") / "all"
        return folder, compared(names, **APART, out=folder)[1]


def weights(folder: Path, name: str) -> dict[str, Any]:
    run = Run(folder / "some" / name)
    return run.directory.read_weights(run.record)


def same_bits(one: Path, other: Path) -> None:
    for name in MADE:
        for key, array in weights(other, name).items():
            np.testing.assert_array_equal(weights(one, name)[key], array, err_msg=f"{name} {key}")


def notes(events: list[Any]) -> list[str]:
    return [one.message for one in events if isinstance(one, Noted)]


def test_what_can_be_is_trained_together_and_the_rest_alone(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    folder, events = whole
    assert [one.ended for one in events if isinstance(one, TrainingTogether)] == [0, 1, 2]
    told = notes(events)
    assert told.count("2 runs of mlp are trained together, by compiled steps.") == 1
    assert sum("rnn is trained by itself: there is no kernel for" in one for one in told) == 1
    for kind in (TrialBegan, TrialEnded):  # those of mlp are first, whatever their places
        assert [one.number for one in events if isinstance(one, kind)] == [1, 2, 3, 4, 5]
    for name in (*MADE, "rnn-seed1", "rnn-seed2"):
        assert Run(folder / "some" / name).record.together is name.startswith("mlp")
    apart, _ = compared(names, out="apart", together=False)
    for name in MADE:
        assert not Run(f"apart/some/{name}").record.together
        for key, array in weights(folder, name).items():
            np.testing.assert_allclose(array, weights(apart.folder, name)[key], 1e-4, 1e-6)


def test_a_shared_time_is_marked_wherever_it_stands(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    folder, _ = whole
    before = (folder / "comparison.json").read_bytes()
    again, events = compared(names, **APART, out=folder)
    assert all(one.known for one in events if isinstance(one, TrialEnded))
    assert not notes(events)
    assert (folder / "comparison.json").read_bytes() == before
    (board,) = again.boards
    assert {one.kind: one.together for one in board.entries} == {"ngram": 0, "mlp": 2, "rnn": 0}
    assert sum("trained together, by compiled steps: mlp, 2 of 2" in x for x in remarks(board)) == 1
    with (folder / "runs.csv").open() as file:
        marked = {
            Path(one["run"]).name for one in csv.DictReader(file) if one["together"] == "True"
        }
    assert marked == set(MADE)
    assert "s, shared" in again.page.read_text()
    curves = again.curves["some"]
    assert {one.kind for one in curves if one.together} == {"mlp"}
    drawn = curves_section(board, curves)
    assert drawn is not None
    assert drawn.figure is not None
    assert "By steps alone: mlp, " in drawn.text
    by = {name: [len(axes.lines) for axes in drawn.figure.axes if axes.get_xlabel() == name]
          for name in ("step", "seconds of training")}  # fmt: skip
    assert [all_ - few for all_, few in zip(*by.values(), strict=True)] == [2, 2]
    drawn = curves_section(board, [one for one in curves if one.together])
    assert drawn is not None
    assert drawn.figure is not None
    assert [axes.get_xlabel() for axes in drawn.figure.axes] == ["step"] * 2


def test_a_mixed_comparison_tells_which_way_each_was_made(names: Path) -> None:
    compared(names, out="mixed", together=False)
    found, _ = compared(names, out="mixed", seeds=(1, 2, 3, 4))
    entry = next(one for one in found.boards[0].entries if one.kind == "mlp")
    assert [run.together for run in entry.runs] == [False, False, True, True]
    assert any("mlp, 2 of 4" in one for one in remarks(found.boards[0]))


KILLED = """
import os, signal, sys
import hornbook
from hornbook.training.trainer import Trainer
from tests.test_compare_together import SMALL

arrive, done = Trainer.arrive, 0

def arrive_and_die(trainer):
    global done
    arrive(trainer)
    done += 1
    if done == 3:
        os.kill(os.getpid(), signal.SIGKILL)

Trainer.arrive = arrive_and_die
how = {"models": ("mlp",), "steps": 20, "seeds": (1, 2), "settings": SMALL}
hornbook.compare(sys.argv[1], out="killed", **how)
"""


def test_one_that_a_kill_left_to_be_made_is_made_as_the_others_were(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    folder = Path("left")
    shutil.copytree(whole[0], folder)
    shutil.rmtree(folder / "some" / MADE[0])
    again, events = compared(names, **APART, out="left")
    assert any("by compiled steps" in one for one in notes(events))
    assert Run(folder / "some" / MADE[0]).record.together
    same_bits(again.folder, whole[0])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_killed_in_the_middle_it_goes_on_to_the_same_bits(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    root = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", KILLED, str(names)],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == -signal.SIGKILL, found.stderr
    stopped = [not Path(f"killed/some/{name}/summary.json").exists() for name in MADE]
    assert any(stopped)
    again, events = compared(names, out="killed")
    assert any("by compiled steps" in one for one in notes(events))
    same_bits(again.folder, whole[0])


@pytest.mark.parametrize("jobs", [1, 2])
def test_stopped_it_goes_on_to_the_same_bits(
    whole: tuple[Path, list[Any]], names: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive, done = Trainer.arrive, []

    def counted(trainer: Trainer) -> None:
        arrive(trainer)
        done.append(trainer.step)
        if len(done) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "arrive", counted)
        with pytest.raises(KeyboardInterrupt):
            compared(names, out="stopped", jobs=jobs)
    again, _ = compared(names, out="stopped", jobs=jobs)
    same_bits(again.folder, whole[0])


@pytest.mark.parametrize("first", [True, False])
def test_begun_one_way_it_goes_on_the_other_to_rounding(
    names: Path, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"settings": (*SMALL, "mlp.dropout=0.1")}
    compared(names, out="whole", together=False, **how)
    arrive, done = Trainer.arrive, []

    def counted(trainer: Trainer) -> None:
        arrive(trainer)
        done.append(trainer.step)
        trainer.stop = trainer.step == 10

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "arrive", counted)
        with pytest.raises(KeyboardInterrupt):
            compared(names, out="crossed", together=first, **how)
    compared(names, out="crossed", together=not first, **how)
    began = Run("crossed/some/mlp-seed1")
    assert began.record.together
    assert began.summary.steps == 20
    for key, array in weights(Path("whole"), "mlp-seed1").items():
        np.testing.assert_allclose(array, weights(Path("crossed"), "mlp-seed1")[key], 1e-4, 1e-6)


def test_the_last_of_several_goes_on_as_it_began(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    compared(names, out="last")
    for left in ("summary.json", "checkpoint.safetensors"):
        Path("last/some/mlp-seed2", left).unlink(missing_ok=True)
    again, events = compared(names, out="last")
    assert "1 run of mlp goes on as it began, by compiled steps." in notes(events)
    same_bits(again.folder, whole[0])


def test_one_that_diverges_is_left_out_and_the_others_stay(
    whole: tuple[Path, list[Any]], names: Path
) -> None:
    wrong = "learning_rate=1e6"
    settings = (*SMALL, "optimizer=sgd", "weight_decay=1000", "learning_rate=0.0001")
    found, events = compared(names, settings=settings, change=(wrong,), seeds=(1,))
    assert any("2 runs of mlp are trained together" in one for one in notes(events))
    (refused,) = [one for one in events if isinstance(one, TrialEnded) and one.refused]
    alone, events = compared(names, settings=settings, change=(wrong,), seeds=(1,), out="alone",
                             together=False)  # fmt: skip
    (other,) = [one for one in events if isinstance(one, TrialEnded) and one.refused]
    assert (refused.trial.name, refused.refused) == (other.trial.name, other.refused)
    assert found.boards[0].left_out == alone.boards[0].left_out
    assert {one.kind for one in found.boards[0].entries} == {"ngram", "mlp"}
    _, events = compared(names, settings=settings, change=(wrong,), seeds=(1,))
    assert not notes(events)


def test_without_numba_all_is_as_before_and_told_once(
    names: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_numba(monkeypatch)
    found, events = compared(names, **APART)
    told = [one for one in notes(events) if "by itself" in one]
    assert sorted(one.split(":")[0] for one in told) == [
        "Each run of mlp is trained by itself", "Each run of rnn is trained by itself",
    ]  # fmt: skip
    assert sum(how_to_install("numba") in one for one in told) == 1
    assert not any(one.together for one in found.boards[0].entries)


def test_an_equal_time_is_given_to_each_by_itself(names: Path) -> None:
    found, events = compared(names, steps=None, seconds=0.2)
    assert not any(isinstance(one, TrainingTogether) for one in events)
    assert not any(one.together for one in found.boards[0].entries)


def test_the_verb_loads_no_torch_before_it_is_needed() -> None:
    told = "import sys, hornbook.cli.compare; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", told], cwd=root, check=True)


def test_the_command_tells_it_in_a_line(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", str(names), "--models", "mlp", "--steps", "5", "--seeds", "2",
             "--settings", *SMALL, "--out"]  # fmt: skip
    status, out, err = typed(capsys, *words, "typed")
    assert status == 0
    assert "s, shared" in out
    assert err.count("2 runs of mlp are trained together, by compiled steps.") == 1
    status, out, err = typed(capsys, *words, "alone", "--no-together")
    assert status == 0
    assert "shared" not in out
    assert "together" not in err
