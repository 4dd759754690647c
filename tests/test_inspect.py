"""`--watch` and `hornbook inspect`: from a training to verdicts, a page and pictures."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.cli import main
from hornbook.errors import UnknownTokenError
from hornbook.inspection.inspect import inspect
from hornbook.runs import Run
from hornbook.text.models import family
from tests.stopping import stopped_at

LINES = "\n".join(["anna", "hanna", "johanna", "hans", "joan", "otto", "ida", "ada"] * 30)
SMALL: dict[str, Any] = {"block_size": 4, "n_embd": 4, "n_hidden": (16,)}


def train(path: Path, **training: Any) -> Run:
    source = path / "names.txt"
    source.write_text(LINES)
    settings = family("mlp").load().Settings(**SMALL)
    return hornbook.train(
        source, settings=settings, out=path / "run", baseline=False,
        training={"steps": 60, "batch_size": 32, "watch": True, **training},
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("inspect"), watch_every=20)


def test_what_is_watched_is_in_the_run_directory(run: Run) -> None:
    steps = [record.step for record in run.directory.read_health()]
    assert steps == [0, 1, 2, 5, 10, 20, 40, 59]


def test_the_page_stands_by_itself(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(run.path)]) == 0
    told = capsys.readouterr().out
    assert "BatchNorm1d" in told
    assert "8.weight" not in told  # this net has but one hidden layer
    html = (run.path / "report.html").read_text()
    assert not re.search(r'(src|srcset|href)="(?!data:|#)', html)
    pictures = re.findall(r' src="data:image/png;base64,([^"]+)"', html)
    assert len(pictures) >= 10
    assert all(base64.b64decode(data).startswith(b"\x89PNG") for data in pictures)
    assert "<h3>Embeddings</h3>" in html
    assert "<h3>Attention</h3>" not in html
    hornbook.train(  # the run is still one that may be replaced
        run.path.parent / "names.txt", model="ngram", out=run.path.parent / "copy"
    )


@pytest.mark.usefixtures("unpainted")  # as PNGs; as SVGs they are
def test_json_text_prefix_and_pictures(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--json",
        "--out",
        str(tmp_path / "page.html"),
        "--text",
        "hanna",
        "--prefix",
        "jo",
    ]
    arguments += ["--pictures", str(tmp_path / "deep" / "pictures")]
    assert main(["inspect", str(run.path), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"run", "watched", "measured", "findings", "page"}
    assert told["watched"] == 8
    assert told["measured"] == ["dev", "test", "train"]
    for finding in told["findings"]:
        assert finding.keys() == {"name", "severity", "title", "detail", "advice"}
    assert told["page"] == str(tmp_path / "page.html")
    assert (
        "most likely continuations of the prefix &#x27;jo&#x27;"
        in (tmp_path / "page.html").read_text()
    )
    drawn = {path.name for path in (tmp_path / "deep" / "pictures").iterdir()}
    assert drawn >= {"embeddings.svg", "matrix.svg", "tree.svg", "activations.svg", "loss.svg"}
    assert "gradients-of-the-matrices.svg" in drawn
    assert not any("attention" in name for name in drawn)


@pytest.mark.usefixtures("unpainted")
def test_a_fault_is_told_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = train(tmp_path, learning_rate=1e-7)
    assert main(["inspect", str(made.path), "--no-page"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "problem The learning rate is far too low" in told
    assert "→ Raise --learning-rate" in told
    assert not made.directory.report.exists()
    assert "far too low" in inspect(made).page().html()


def test_a_resumed_run_is_watched_as_if_it_had_not_stopped(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "names.txt"
    source.write_text(LINES)
    settings = family("mlp").load().Settings(**SMALL)
    with stopped_at(33):
        stopped = hornbook.train(
            source, settings=settings, out=tmp_path / "run", baseline=False,
            training={"steps": 60, "batch_size": 32, "watch": True, "watch_every": 20},
        )  # fmt: skip
    assert stopped.summary.ending == "interrupted"
    # One that a kill between the checkpoint and the end left behind.
    stopped.directory.append_health(replace(stopped.directory.read_health()[-1], step=40))
    resumed = hornbook.resume(stopped.path)
    assert resumed.directory.read_health() == run.directory.read_health()


@pytest.mark.usefixtures("unpainted")
def test_runs_that_were_not_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = train(tmp_path, watch=False)
    assert not plain.directory.health.exists()
    assert main(["inspect", str(plain.path)]) == 0
    assert "train with --watch" in " ".join(capsys.readouterr().out.split())
    counted = hornbook.train(tmp_path / "names.txt", model="ngram", out=tmp_path / "counts")
    assert main(["inspect", str(counted.path)]) == 0
    told = capsys.readouterr().out
    assert "without gradients" in told
    assert re.search("After '..':", told)


@pytest.mark.usefixtures("unpainted")
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("gpt", {"block_size": 4, "n_layer": 1, "n_head": 2, "n_embd": 8}),
        ("gru", {"n_hidden": 8, "n_embd": 4}),
        ("ngram", {"smoothing": "mle", "order": 3}),
        ("mlp", {"block_size": 1, "n_embd": 4, "n_hidden": (8,)}),
    ],
)
def test_without_options_every_family_is_shown(
    name: str, settings: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "names.txt"
    source.write_text(LINES + "\nxaz\nqaz\n")
    line = family(name)
    how = None if line.fitted else {"steps": 10, "batch_size": 8, "watch": True}
    made = hornbook.train(
        source, model=name, settings=line.load().Settings(**settings), training=how,
        out=tmp_path / "run", baseline=False,
    )  # fmt: skip
    assert main(["inspect", str(made.path)]) == 0
    html = made.directory.report.read_text()
    assert ("<h3>Attention</h3>" in html) == (name == "gpt")
    assert ("<h3>Traces</h3>" in html) == (name == "gru")
    assert "cannot be drawn" not in html
    if name in ("gpt", "ngram"):  # a text too long for the one, a context unknown to the other
        made.directory.health.unlink(missing_ok=True)  # its pictures have no part in what follows
        assert main(["inspect", str(made.path), "--text", "anna" * 20, "--prefix", "qzx"]) == 0
        assert "cannot be drawn" in made.directory.report.read_text()


@pytest.mark.usefixtures("unpainted")
def test_mistakes_are_told(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(tmp_path / "none")]) == 1
    assert main(["inspect", str(run.path), "--text", "Ω"]) == 1
    assert main(["inspect", str(run.path), "--out", str(tmp_path / "no" / "such" / "x.html")]) == 1
    assert main(["inspect", str(run.path), "--pictures", str(run.path / "run.json")]) == 1
    told = capsys.readouterr().err
    assert "does not exist" in told
    assert "vocabulary" in told
    assert "Traceback" not in told
    with pytest.raises(UnknownTokenError):
        inspect(run, prefix="?")
    damaged = train(tmp_path)
    damaged.directory.health.write_text('{"step": 0, "loss": 1}\n')
    told = inspect(damaged).unwatched
    assert "health.jsonl, line 1, is damaged: layers: is missing" in told
    assert "Views of the trained model are still available" in told
    assert main(["inspect", str(damaged.path)]) == 0
    damaged.directory.health.write_text('{"step": 0, "lo')
    assert "no complete record" in inspect(damaged).unwatched
