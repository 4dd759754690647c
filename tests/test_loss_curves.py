"""The loss curves of a run that was not watched: on its page and as a picture of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import hornbook
from hornbook.inspection.inspect import inspect, kept_of
from hornbook.runs import RunDirectory
from tests.some_names import write_few_letters

HOW: dict[str, Any] = {
    "steps": 6, "evaluate_every": 2, "threads": 1, "precision": "float32", "gradients": "hand",
}  # fmt: skip


def test_train_dev_and_what_was_kept(tmp_path: Path) -> None:
    names = write_few_letters(tmp_path / "names.txt")
    run = hornbook.train(names, model="bigram", out=tmp_path / "net", training=HOW, baseline=False)
    found = inspect(run)
    assert found.history is None
    section = found.sections[0]
    assert section.title == "Loss"
    assert section.figure is not None
    (axes,) = section.figure.axes
    lines = {
        str(line.get_label()): np.asarray(line.get_xydata()).tolist() for line in axes.get_lines()
    }
    records = run.directory.read_metrics()
    for split in ("train", "dev"):
        assert lines[split] == [[one.step, one.losses[split]] for one in records]
    kept = run.summary.best_step
    assert kept == kept_of(records)
    assert lines[f"kept, step {kept}"] == [[kept, run.summary.losses["dev"]]]
    found.save_pictures(tmp_path / "pictures")
    assert (tmp_path / "pictures" / "loss.svg").exists()
    assert "train with `watch`" in found.unwatched


def test_a_watched_run_has_the_mark_too_and_one_without_evaluations_no_curves(
    tmp_path: Path,
) -> None:
    names = write_few_letters(tmp_path / "names.txt")
    run = hornbook.train(
        names, model="bigram", out=tmp_path / "net", training={**HOW, "watch": True}, baseline=False
    )
    figure = inspect(run).sections[0].figure
    assert figure is not None
    labels = [str(line.get_label()) for line in figure.axes[0].get_lines()]
    assert f"kept, step {run.summary.best_step}" in labels
    RunDirectory(run.path).health.unlink()
    RunDirectory(run.path).metrics.write_text("", encoding="utf-8")
    bare = inspect(run)
    assert bare.curves is None
    assert bare.sections == bare.drawn_views
