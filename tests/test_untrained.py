"""A net of no steps: saved, looked at by every verb, and trained from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.inspection.inspect import inspect
from hornbook.inspection.training_pictures import STILL
from hornbook.runs import Run
from hornbook.training.schedules import continued, learning_rate
from hornbook.training.settings import TrainingSettings
from tests.command import typed
from tests.some_names import write_names

SETTINGS = {"n_hidden": [8], "block_size": 3}
HOW = {"threads": 1, "precision": "float32", "gradients": "hand", "batch_size": 16, "watch": True}
TYPED = "--n-hidden 8 --block-size 3 --threads 1 --precision float32 --gradients hand " \
        "--batch-size 16 --watch --no-baseline"  # fmt: skip


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("untrained") / "names.txt", slice(0, 200))


def test_every_verb_works_with_an_untrained_net_and_it_can_be_trained(
    names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    words = (*TYPED.split(), "--steps", "0", "--out", "net")
    status, out, err = typed(capsys, "train", str(names), *words)
    assert status == 0, err
    assert "at step 0" in out
    assert "The net is untrained. To train it from here:" in err
    assert "hornbook train --resume net --steps 8000" in err
    status, _, err = typed(capsys, "train", "--resume", "net")
    assert status == 1
    assert "--steps 8000" in err
    start = Run("net").model.arrays()
    for words in (
        ("sample", "net", "-n", "2"),
        ("score", "net", "emma"),
        ("quality", "net", "-n", "5"),
        ("evaluate", "net"),
        ("runs", "."),
    ):
        status, _, err = typed(capsys, *words)
        assert status == 0, err
    status, out, _ = typed(capsys, "inspect", "net", "--no-page")
    assert status == 0
    assert "untrained" in out
    assert "Next:     hornbook train --resume net --steps 8000" in out
    assert "learned" not in out.replace("learned from it", "")
    assert "It is untrained." in out
    page = inspect(Run("net")).page()
    assert "This model is untrained" in page.about
    assert "numbers that it learned" not in page.html()
    assert "has not yet learned" not in page.html()
    assert "2 Linear" in out  # activations and gradients of a batch, without an update
    history = inspect(Run("net")).history
    assert history is not None
    assert next(section.title for draw in STILL for section in draw(history)) == "Activations"
    whole = hornbook.train(
        names, settings=SETTINGS, training={**HOW, "steps": 6}, baseline=False, out="whole"
    )
    assert list(hornbook.mix(["net", whole.path], out="both").sample(n=1))
    status, _, err = typed(capsys, "train", "--resume", "net", "--steps", "6")
    assert status == 0, err
    resumed = Run("net")
    assert resumed.summary.steps == 6
    for name, array in whole.model.arrays().items():
        assert np.array_equal(resumed.model.arrays()[name], array), name
    assert not np.array_equal(start["net.layers.2.weight"], array)
    steps = [record.step for record in resumed.directory.read_health()]
    assert steps == [record.step for record in whole.directory.read_health()]


def test_an_untrained_net_is_not_found_fault_with(names: Path, tmp_path: Path) -> None:
    run = hornbook.train(
        names,
        model="bigram",
        training={"steps": 0, "threads": 1},
        out=tmp_path / "net",
        baseline=False,
    )
    assert run.summary.ending == "finished"
    assert run.summary.best_step == 0
    assert not run.findings()
    assert run.summary.losses["dev"] == pytest.approx(np.log(27), abs=1e-6)
    (record,) = run.directory.read_metrics()
    assert record.best
    assert record.learning_rate == 0
    assert json.loads((run.path / "summary.json").read_text())["steps"] == 0


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "warm-restarts", "step", "constant"])
def test_no_steps_have_no_learning_rate(schedule: Any) -> None:
    none = TrainingSettings(steps=0, schedule=schedule)
    assert learning_rate(none, 0) == 0
    assert continued(none, TrainingSettings(steps=9, schedule=schedule), 0) == ""
