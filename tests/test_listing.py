"""The list of runs: figures, order, status; what is damaged is a row."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import hornbook
from hornbook.errors import RunError
from hornbook.runs import RunDirectory
from hornbook.runs.listing import ListedRun
from tests.command import typed
from tests.some_names import write_names

HOW = {"steps": 4, "evaluate_every": 2, "threads": 1, "precision": "float32", "gradients": "hand"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a net, counts, and a net on another split."""
    folder = tmp_path_factory.mktemp("listing")
    names = write_names(folder / "some.txt", slice(0, 300))
    runs = folder / "runs"
    hornbook.train(names, model="bigram", out=runs / "net", training=HOW, baseline=False)
    hornbook.train(names, model="ngram", out=runs / "deep" / "counts")
    hornbook.train(names, model="ngram", out=runs / "other", split="80/20")
    return runs


@pytest.fixture
def runs(made: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt; the weights are not there to be read."""
    copy = shutil.copytree(made, tmp_path / "runs")
    for weights in copy.rglob("*.safetensors"):
        weights.write_bytes(b"never read")
    return copy


def row_of(runs: Path, name: str) -> ListedRun:
    return next(row for row in hornbook.list_runs(runs) if row.path.name == name)


def test_figures_are_those_of_the_records_and_the_best_comes_first(runs: Path) -> None:
    found = hornbook.list_runs(runs)
    by_name = {row.path.name: row for row in found}
    assert set(by_name) == {"net", "counts", "other"}
    net, summary = by_name["net"], hornbook.Run(runs / "net").summary
    assert (net.family, net.steps, net.steps_asked, net.split) == ("bigram", 4, 4, "dev")
    assert net.value == summary.losses["dev"]
    assert net.parameters == summary.parameters
    assert by_name["counts"].steps is None
    # The two data sets of one name are told apart, and each is sorted by itself.
    assert net.data == by_name["counts"].data != by_name["other"].data
    assert net.data.startswith("some (")
    same = [row for row in found if row.data == net.data]
    assert [row.value for row in same] == sorted(row.value or 0 for row in same)
    assert [row.data for row in found] == sorted(row.data for row in found)
    assert hornbook.list_runs(runs / "net")[0].data == "some"  # no other, no need to


def test_a_run_that_is_not_over_tells_how_far_it_is(runs: Path) -> None:
    net = RunDirectory(runs / "net")
    net.summary.unlink()
    row = row_of(runs, "net")
    assert (row.status, row.note, row.steps) == ("stopped", "can be resumed", 4)
    best = min(record.losses["dev"] for record in net.read_metrics()[1:])
    assert row.value == best
    assert row.parameters is not None
    net.take_up()
    try:
        row = row_of(runs, "net")
        assert row.status == "training"
        assert row.note.startswith("by process ")
    finally:
        net.release()
    (runs / "deep" / "counts" / "summary.json").unlink()
    assert row_of(runs, "counts").note == "train it again"


def test_looking_does_not_keep_the_owner_out_and_a_killed_owner_is_none(runs: Path) -> None:
    killed = runs / "net" / ".lock"
    killed.write_text(json.dumps({"pid": 1, "host": "here", "since": "1970-01-01 00:00:00"}))
    assert row_of(runs, "net").status == "finished"
    net = RunDirectory(runs / "net")
    net.take_up()
    net.release()


def test_a_diverged_run_says_so(runs: Path) -> None:
    net = RunDirectory(runs / "net")
    summary = net.read_summary()
    assert summary is not None
    net.write_summary(replace(summary, ending="diverged"))
    assert row_of(runs, "net").status == "diverged"


@pytest.mark.parametrize("name", ["run.json", "summary.json", "model.safetensors"])
def test_a_damaged_run_is_a_row_and_never_an_end(runs: Path, name: str) -> None:
    path = runs / "net" / name
    path.unlink() if name.startswith("model") else path.write_text("{")
    found = hornbook.list_runs(runs)
    assert len(found) == 3
    assert found[-1].path == runs / "net"
    assert found[-1].status == "damaged"
    assert name in found[-1].note


def test_a_run_of_a_newer_version_is_not_called_damaged(runs: Path) -> None:
    path = runs / "net" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    (row,) = [one for one in hornbook.list_runs(runs) if one.path == runs / "net"]
    assert row.status == "newer"
    assert "Upgrade" not in row.note
    assert "newer hornbook" in row.note


def test_a_run_that_a_kill_left_between_two_names_is_found(runs: Path) -> None:
    (runs / "net").rename(runs / ".net.old-01234567")
    assert row_of(runs, "net").status == "finished"


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="does not exist"):
        hornbook.list_runs(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is not a folder"):
        hornbook.list_runs(tmp_path / "file")
    assert hornbook.list_runs(tmp_path) == []


def test_the_verb_shows_a_whole_line_for_each(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (runs / "net" / "summary.json").write_text("{")
    status, out, _ = typed(capsys, "runs", str(runs))
    lines = out.splitlines()
    assert status == 0
    assert len(lines) == 4
    assert "dev loss" in lines[0]
    assert "damaged: " in lines[-1]
    assert str(runs / "deep" / "counts") in out
    status, out, _ = typed(capsys, "runs", str(runs), "--json")
    assert [row["status"] for row in json.loads(out)] == ["finished", "finished", "damaged"]
    status, out, err = typed(capsys, "runs", str(runs.parent / "nowhere"))
    assert (status, out) == (1, "")
    (runs.parent / "empty").mkdir()
    status, out, err = typed(capsys, "runs", str(runs.parent / "empty"))
    assert (status, out) == (0, "")
    assert "no runs" in err
