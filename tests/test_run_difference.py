"""What is other in two runs: settings, figures, curves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli.runs_diff import short_names
from hornbook.errors import RunError
from hornbook.runs.difference import difference
from tests.command import typed
from tests.some_names import write_names

HOW = {"steps": 8, "evaluate_every": 2, "threads": 1, "precision": "float32", "gradients": "hand"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nets of one kind, one that was measured at other steps, and counts on another split."""
    folder = tmp_path_factory.mktemp("difference")
    names = write_names(folder / "some.txt", slice(0, 300))
    how: dict[str, Any] = {"model": "bigram", "baseline": False}
    hornbook.train(names, out=folder / "a", training=HOW, **how)
    hornbook.train(names, out=folder / "b", training={**HOW, "learning_rate": 0.5}, **how)
    odd = {**HOW, "evaluate_every": 7, "steps": 14}
    hornbook.train(names, out=folder / "odd", training=odd, **how)
    hornbook.train(names, model="ngram", out=folder / "counts", split="80/20")
    return folder


def test_only_what_is_other_is_listed(runs: Path) -> None:
    a, b = hornbook.Run(runs / "a"), hornbook.Run(runs / "b")
    found = difference(a, b)
    assert [(one.group, one.name) for one in found.settings] == [("training", "learning_rate")]
    assert found.settings[0].second == 0.5
    assert found.comparable == ""
    figures = {(one.group, one.name): (one.first, one.second) for one in found.figures}
    held = (a.summary.losses["dev"], b.summary.losses["dev"])
    assert figures["dev", "loss"] == held
    dev = next(one for one in found.curves if one.split == "dev")
    assert dev.steps == (0, 2, 4, 6, 8)
    assert not dev.interpolated
    for run, line in ((a, dev.first), (b, dev.second)):
        assert list(line) == [one.losses["dev"] for one in run.directory.read_metrics()]


def test_curves_with_other_steps_are_read_off_straight_lines(runs: Path) -> None:
    found = difference(hornbook.Run(runs / "a"), hornbook.Run(runs / "odd"))
    dev = next(one for one in found.curves if one.split == "dev")
    assert dev.interpolated
    assert (dev.steps[0], dev.steps[-1]) == (0, 8)
    metrics = hornbook.Run(runs / "odd").directory.read_metrics()
    at = {one.step: one.losses["dev"] for one in metrics}
    expected = at[7] + (at[14] - at[7]) / 7
    assert dev.second[-1] == pytest.approx(expected, rel=1e-12)


def test_it_is_said_where_values_are_interpolated(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, odd = str(runs / "a"), str(runs / "odd")
    _, _, err = typed(capsys, "runs", "diff", a, str(runs / "b"))
    assert "interpolated" not in err
    _, _, err = typed(capsys, "runs", "diff", a, odd)
    told = "not measured on train and dev at the same steps: values between are interpolated.\n"
    assert err.endswith(told)
    (tmp_path / "odd").mkdir()
    copy = Path(shutil.copytree(odd, tmp_path / "odd", dirs_exist_ok=True))
    lines = [json.loads(one) for one in (copy / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line["losses"].pop("dev")
    (copy / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    _, _, err = typed(capsys, "runs", "diff", a, str(copy))
    assert "not measured on train at the same steps" in err


def test_runs_that_have_no_steps_in_common_are_not_held_beside_each_other(
    runs: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(runs / "a", tmp_path / "later"))
    lines = [json.loads(one) for one in (copy / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line["step"] += 100
    (copy / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert difference(hornbook.Run(runs / "a"), hornbook.Run(copy)).curves == ()


def test_other_data_are_no_base_for_a_verdict(runs: Path) -> None:
    found = difference(hornbook.Run(runs / "a"), hornbook.Run(runs / "counts"))
    assert "data/dev.txt" in found.comparable
    changed = {(one.group, one.name): (one.first, one.second) for one in found.settings}
    assert changed["family", "family"] == ("bigram", "ngram")
    assert changed["data", "split"] == ("auto", "80/20")
    assert changed["training", "trained"] == ("in steps", "in one pass")
    assert changed["model", "order"][0] is None
    assert found.curves == ()
    with pytest.raises(RunError, match="same run"):
        difference(hornbook.Run(runs / "a"), hornbook.Run(runs / "a"))


def test_the_verb_shows_tables_and_draws(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, counts = (str(runs / name) for name in ("a", "b", "counts"))
    picture = tmp_path / "both.svg"
    status, out, err = typed(capsys, "runs", "diff", a, b, "--picture", str(picture))
    assert status == 0
    assert "learning_rate" in out
    assert "dev loss" in out
    assert str(picture) in err
    assert picture.read_bytes().startswith(b"<?xml")
    status, out, _ = typed(capsys, "runs", "diff", a, b, "--json")
    value = json.loads(out)
    assert value["runs"] == [a, b]
    assert value["curves"][0]["steps"] == [0, 2, 4, 6, 8]
    status, out, err = typed(capsys, "runs", "diff", a, counts)
    assert status == 0
    assert "cannot be held against each other" in err
    for words in ([a, counts, "--picture", str(tmp_path / "c.svg")], [a, b, "--picture", "c.txt"]):
        assert typed(capsys, "runs", "diff", *words)[0] == 1
    assert not (tmp_path / "c.svg").exists()


@pytest.mark.parametrize(
    ("first", "second", "names"),
    [
        ("runs/a", "runs/b", ["a", "b"]),
        ("runs/x/mlp", "runs/y/mlp", ["x/mlp", "y/mlp"]),
        ("mlp", "runs/mlp", ["mlp", "runs/mlp"]),
        ("runs/mlp", "runs/mlp", ["runs/mlp", "runs/mlp"]),
    ],
)
def test_runs_are_called_by_what_tells_them_apart(
    first: str, second: str, names: list[str]
) -> None:
    assert short_names(Path(first), Path(second)) == names
