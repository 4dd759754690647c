"""A run on a table, measured on a file of rows that have the target."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import DataError
from hornbook.runs import Run, strip
from hornbook.statistics import difference_interval
from hornbook.tables import evaluating
from hornbook.tables.measures import NumberErrors
from hornbook.tasks.scores import ClassScores
from tests.command import typed

RANDOM = np.random.default_rng(3)


def written(
    path: Path, n: int, *, classes: bool = False, header: str = "size,town,store,y"
) -> Path:
    lines = [header]
    for row in range(n):
        size, store = RANDOM.random() * 10, row % 7
        y = size + store / 3 + RANDOM.normal()
        lines.append(f"{size:.3f},t{row % 3},s{store},{'ab'[y > 6] if classes else f'{y:.3f}'}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("evaluating")
    how: dict[str, Any] = {
        "model": "linear",
        "training": {"steps": 30},
        "target": "y",
        "baseline": False,
    }
    plain = written(folder / "plain.csv", 300)
    return {
        "number": hornbook.train(str(plain), out=folder / "number", **how),
        "group": hornbook.train(str(plain), out=folder / "group", group="store", **how),
        "class": hornbook.train(
            str(written(folder / "c.csv", 300, classes=True)), out=folder / "class", **how
        ),
    }


@pytest.mark.parametrize("kind", ["number", "group", "class"])
def test_figures_of_a_file_are_those_of_its_rows_at_once(
    runs: dict[str, Run], tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hornbook.sources.rows.BATCH", 64)
    path = written(tmp_path / "new.csv", 200, classes=kind == "class")
    path.write_text(path.read_text().replace("t1", '"t1"', 1))  # so that it comes in pieces
    run = runs[kind]
    found = run.evaluate(data=str(path))
    own, guess = (one.as_dict() for one in found.values())
    cells = [line.split(",") for line in path.read_text().splitlines()[1:]]
    predicted = run.predict(str(path))
    groups = None
    if kind == "group":
        groups = np.array([int(row[2][1:]) for row in cells], np.int32)
    if kind == "class":
        wanted = np.array(["ab".index(row[3]) for row in cells])
        scores = ClassScores(None, np.asarray(predicted.probabilities), wanted)
        assert own["accuracy"] == pytest.approx(scores.right.mean())
        commonest = np.bincount(run.data.train.target).argmax()
        assert guess["accuracy"] == pytest.approx((wanted == commonest).mean())
        figure, interval = own["loss"], scores.interval
        ends = own["loss_low"], own["loss_high"]
    else:
        true = np.array([float(row[3]) for row in cells])
        errors = NumberErrors(groups, np.asarray(predicted.prediction), true)
        figure, interval = own["rmse"], errors.interval
        ends = own["rmse_low"], own["rmse_high"]
        mean = NumberErrors(groups, np.full(200, run.data.target.mean), true)
        assert guess["rmse"] == pytest.approx(mean.figure)
        (sums, weights), (others, _) = mean.sums(), errors.sums()
        apart = difference_interval(sums, others, weights, of=np.sqrt)
        first = next(iter(found.values()))
        assert apart is not None
        told = (
            "the difference may be chance" if 0 in apart
            else "this model beats it" if apart.low > 0 else "this model does not beat it"
        )  # fmt: skip
        told += f" (difference {apart.low:+.4f} to {apart.high:+.4f})."
        assert any(one.endswith(told) for one in first.remarks)
    assert interval is not None
    assert figure > 0
    assert ends == pytest.approx((interval.low, interval.high))
    assert own["rows"] == 200
    assert own.get("groups") == (7 if kind == "group" else None)


def test_the_command_takes_a_file_behind_the_run(
    runs: dict[str, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "new.csv", 50)
    status, out, err = typed(capsys, "evaluate", str(runs["number"].path), str(path))
    assert status == 0
    assert "mean of train" in out
    assert "Trees, which training measures beside a net, are not saved" in err
    _, out, _ = typed(capsys, "evaluate", str(runs["number"].path), "--data", str(path), "--json")
    assert json.loads(out)[str(path)]["rows"] == 50


def test_what_cannot_be_told_is_said(runs: dict[str, Run], tmp_path: Path) -> None:
    path = written(tmp_path / "new.csv", 50)
    path.write_text(path.read_text().replace("store", "shop"))
    with pytest.raises(DataError, match="has no column 'store'"):
        runs["group"].evaluate(data=str(path))
    one = tmp_path / "one.csv"
    lines = written(tmp_path / "new.csv", 70).read_text().splitlines()
    one.write_text("\n".join([lines[0], *(line for line in lines if ",s3," in line)]) + "\n")
    (found, _) = runs["group"].evaluate(data=str(one)).values()
    assert found.interval is None
    assert any("one group" in line for line in found.remarks)
    without = tmp_path / "without.csv"
    without.write_text("size,town,store\n1,t1,s1\n")
    with pytest.raises(DataError, match="has no column 'y', which the run predicts"):
        runs["number"].evaluate(data=str(without))
    bad = tmp_path / "bad.csv"
    bad.write_text("size,town,store,y\nbig,t1,s1,3\n1,t1,s1,3\n2,t1,s1,4\n1,t1,s1\n")
    with pytest.raises(DataError, match="2 kinds of faults") as caught:
        runs["number"].evaluate(data=str(bad))
    assert "`bad_rows=skip`" in caught.value.hint
    (found, _) = runs["number"].evaluate(data=str(bad), bad_rows="skip").values()
    assert found.as_dict()["rows"] == 2
    assert "2 rows that cannot be read left out." in found.remarks


def test_a_run_without_its_rows_is_measured_on_a_file(runs: dict[str, Run], tmp_path: Path) -> None:
    path = written(tmp_path / "new.csv", 60, classes=True)
    bare = shutil.copytree(runs["class"].path, tmp_path / "bare")
    assert strip(bare)
    found = Run(bare).evaluate(data=str(path))
    assert list(found) == [str(path)]
    (only,) = found.values()
    assert only.interval is not None
    assert any("gone with the rows" in line for line in only.remarks)
    assert evaluating.guess_of(runs["number"].data) is not None
