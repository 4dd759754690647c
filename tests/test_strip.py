"""A run without the data that it was trained on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import hornbook
from hornbook.errors import RunError, SettingsError
from hornbook.runs import Run, strip
from hornbook.runs.strip import without_folder
from tests.command import typed

LINES = "ada\nbea\ncleo\ndora\nelsa\nfay\ngina\nhedy\nida\njune\n" * 3


@pytest.fixture(scope="module", params=["mlp", "ngram"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strip")
    data = folder / "names.txt"
    data.write_text(LINES, encoding="utf-8")
    training = {"steps": 4, "batch_size": 4} if request.param == "mlp" else None
    run = hornbook.train(data, model=request.param, training=training, out=folder / "run")
    return run.path


@pytest.fixture
def bare(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "bare"
    shutil.copytree(whole, path)
    (path / "report.html").write_text("ada, bea", encoding="utf-8")
    assert {"data/train.txt", "report.html"} <= set(strip(path))
    return path


def test_nothing_of_the_text_is_left(whole: Path, bare: Path) -> None:
    for path in bare.rglob("*"):
        if path.is_file():
            assert b"cleo" not in path.read_bytes(), path
            assert str(whole.parent).encode() not in path.read_bytes(), path
    record = Run(bare).record.data
    assert record.files == Run(whole).record.data.files  # the hashes stay
    assert record.removed == ("data/dev.txt", "data/test.txt", "data/train.txt")
    assert record.source == "names.txt"
    assert strip(bare) == []


def test_it_samples_and_scores_as_before(whole: Path, bare: Path) -> None:
    before, after = Run(whole), Run(bare)
    drawn = [[made.text for made in run.sample(n=8, seed=3)] for run in (before, after)]
    assert drawn[0] == drawn[1]
    assert next(iter(after.sample(n=1))).origin is None
    assert before.score("ada").nats == after.score("ada").nats
    on_file = [run.evaluate(data=whole / "data" / "dev.txt") for run in (before, after)]
    assert on_file[0] == on_file[1]


def test_what_needs_the_text_says_so(bare: Path) -> None:
    run = Run(bare)
    with pytest.raises(RunError, match=r"there is no data/\w+\.txt"):
        run.evaluate()
    with pytest.raises(SettingsError, match="`only_new` compares samples"):
        run.sample(only_new=True)
    assert "its text is not kept" in repr(run.data)


def test_a_folder_that_was_deleted_by_hand_is_like_one(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    shutil.copytree(whole, path)
    shutil.rmtree(path / "data")
    assert len(list(Run(path).sample(n=3))) == 3


def test_it_can_be_inspected(
    bare: Path, capsys: pytest.CaptureFixture[str], unpainted: None
) -> None:
    status, out, _ = typed(capsys, "inspect", str(bare), "--json")
    assert status == 0
    assert json.loads(out)["findings"] is not None
    assert (bare / "report.html").exists()


def test_the_command(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "copy"
    shutil.copytree(whole, path)
    status, out, told = typed(capsys, "strip", str(path))
    assert (status, out) == (0, "")
    assert "data/train.txt" in told
    counted = Run(path).family == "ngram"
    assert ("the model holds the n-grams" in " ".join(told.split())) == counted
    status, out, _ = typed(capsys, "strip", str(path), "--json")
    assert json.loads(out)["removed"] == []
    assert bool(json.loads(out)["still_private"]) == counted
    status, out, told = typed(capsys, "sample", str(path), "-n", "2")
    assert (status, len(out.splitlines())) == (0, 2)
    assert "new samples cannot be told from copies" in told


def test_a_run_that_is_not_finished_keeps_its_data(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy"
    shutil.copytree(whole, path)
    summary = json.loads((path / "summary.json").read_text())
    del summary["sha256"]
    (path / "summary.json").write_text(json.dumps({**summary, "ending": "interrupted"}))
    with pytest.raises(RunError, match="was interrupted"):
        strip(path)
    (path / "summary.json").unlink()
    with pytest.raises(RunError, match="has not finished training"):
        strip(path)
    assert (path / "data" / "train.txt").exists()


def test_nothing_is_removed_through_a_link(whole: Path, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "copy", tmp_path / "elsewhere"
    shutil.copytree(whole, path)
    (path / "data").rename(elsewhere)
    (path / "data").symlink_to(elsewhere)
    before = (path / "run.json").read_bytes()
    with pytest.raises(RunError, match="is a symbolic link"):
        strip(path)
    assert len(list(elsewhere.iterdir())) == 3
    assert (path / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "bare"),
    [("/home/ada/names.txt", "names.txt"), ("C:\\Users\\ada\\names.txt", "names.txt"),
     ("data set names", "data set names"), ("runs/one/", "one")],
)  # fmt: skip
def test_a_path_is_no_more_than_its_name(name: str, bare: str) -> None:
    assert without_folder(name) == bare
