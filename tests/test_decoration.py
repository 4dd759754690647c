"""What only decorates a result may fail: the result is whole, and a warning tells of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hornbook
from hornbook.cli.progress import previewed
from hornbook.errors import RunError, SamplingError
from hornbook.inspection.inspect import Inspection
from hornbook.runs import Run
from hornbook.runs.events import Evaluated, Event, Warned
from hornbook.training.record import Record
from tests.command import typed
from tests.some_names import write_names

FAILURES = [OSError(28, "No space left on device"), MemoryError(), RunError("Cannot write it.")]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_names(tmp_path_factory.mktemp("data") / "names.txt", slice(400))


@pytest.fixture(scope="module")
def net(names: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    training = {"steps": 8, "evaluate_every": 4, "watch": True}
    out = tmp_path_factory.mktemp("net") / "run"
    return hornbook.train(names, model="bigram", out=out, training=training, baseline=False)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("json_too", [False, True])
def test_a_picture_that_fails_leaves_the_run(
    names: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    json_too: bool,
) -> None:
    def fails(*given: object) -> int:
        raise failure

    monkeypatch.setattr("hornbook.text.counts.draw_counts", fails)
    out = str(tmp_path / "run")
    words = ["train", str(names), "--model", "ngram", "--order", "2", "--out", out]
    status, said, told = typed(capsys, *words, *["--json"] * json_too)
    assert status == 0
    assert "Warning: The run is complete, but its picture cannot be drawn" in told
    assert Run(out).summary.ending == "finished"
    assert Run(out).summary.pictures == ()
    assert len(list(Run(out).sample(n=2))) == 2
    if json_too:
        assert json.loads(said)["pictures"] == []


def test_a_baseline_that_fails_leaves_the_run(
    names: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object) -> None:
        raise MemoryError

    monkeypatch.setattr("hornbook.text.task.TextTask.baselines", fails)
    heard: list[Event] = []
    run = hornbook.train(
        names, model="bigram", out=tmp_path / "run", training={"steps": 4}, listen=heard.append
    )
    assert run.summary.ending == "finished"
    assert [event for event in heard if isinstance(event, Warned)]


def test_samples_of_a_row_are_told_apart() -> None:
    record = Record(20, 1.0, 0.1, None, {}, best=True, seconds=1.0)
    assert previewed(Evaluated(record, lambda: ["ann lee", "a\nb"])) == "ann lee | a⏎b"


@pytest.mark.parametrize(
    ("split", "heads"), [("90/0/10", "train  samples"), ("80/10/10", "dev  samples")]
)
def test_a_table_has_the_columns_that_it_fills(
    names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str, heads: str
) -> None:
    words = ["train", str(names), "--model", "bigram", "--steps", "2", "--no-baseline"]
    status, _, told = typed(capsys, *words, "--split", split, "--out", str(tmp_path / "run"))
    assert status == 0
    assert heads in told
    assert told.count("* marks the best dev so far.") == (split == "80/10/10")
    assert ("*" in told.replace("* marks", "")) is (split == "80/10/10")


def test_samples_that_fail_do_not_end_training(
    names: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(self: object, model: object, data: object) -> None:
        raise SamplingError("nothing to say")

    monkeypatch.setattr("hornbook.text.task.TextTask.preview", fails)
    words = ["train", str(names), "--model", "bigram", "--steps", "4", "--no-baseline"]
    status, _, told = typed(capsys, *words, "--out", str(tmp_path / "run"))
    assert status == 0
    assert "(none: nothing to say)" in told


@pytest.mark.parametrize("failure", FAILURES)
def test_findings_come_before_a_page_that_fails(
    net: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
) -> None:
    before: list[str] = []

    def fails(self: Inspection, path: Path, wording: object = None) -> Path:
        before.append(capsys.readouterr().out)
        raise failure

    monkeypatch.setattr(Inspection, "write", fails)
    status, _, told = typed(capsys, "inspect", str(net.path))
    assert status == 0
    assert "Embedding" in before[0]
    assert "learning rate" in before[0]
    assert "Warning: the page of figures is missing." in told
    assert "Give --out" in told
    status, said, told = typed(capsys, "inspect", str(net.path), "--json")
    assert status == 0
    assert json.loads(said)["page"] is None
    assert "Warning" in told


def test_a_default_page_that_cannot_be_written_is_a_warning(
    net: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hornbook.reports.picture.embedded", lambda figure: "data:,")
    net.directory.report.mkdir()
    try:
        status, said, told = typed(capsys, "inspect", str(net.path))
        assert (status, "Embedding" in said) == (0, True)
        assert (
            f"Warning: the page of figures is missing. Cannot write {net.directory.report}" in told
        )
    finally:
        net.directory.report.rmdir()


@pytest.mark.parametrize("flag", ["--out", "--pictures"])
def test_what_was_asked_for_is_refused_before_the_work(
    net: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
) -> None:
    def fails(run: Run, **options: object) -> Inspection:
        raise AssertionError("looked at the run first")

    monkeypatch.setattr("hornbook.cli.inspect.inspect", fails)
    (tmp_path / "file").touch()
    status, said, told = typed(
        capsys, "inspect", str(net.path), flag, str(tmp_path / "file" / "x.html")
    )
    assert (status, said) == (1, "")
    assert told.startswith("hornbook: Cannot ")
