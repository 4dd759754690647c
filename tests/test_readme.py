"""The docs' Python runs as it stands, and its commands are ones that there are."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ladder import LECTURE
from hornbook.cli.main import all_verbs, main
from hornbook.errors import RunError
from hornbook.runs import Run
from hornbook.sources.datasets import DATASETS, locate
from hornbook.text.models import family
from hornbook.text.models.gpt import GPTSettings
from tests.command import typed
from tests.some_films import write_films
from tests.some_names import write_names
from tests.stopping import stopped_at

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_names(Path("names"), slice(0, 9_000, 3))  # a file comes before a data set of its name
    write_films(Path())
    exec(compile(BLOCKS[number], f"README block {number}", "exec"), {})


def test_there_are_blocks_to_run() -> None:
    assert len(BLOCKS) >= 2


def test_commands_name_verbs_that_there_are() -> None:
    commands = re.findall(r"^hornbook .*$", README, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        assert shlex.split(command, comments=True)[1] in all_verbs()


def write_tables() -> None:
    """A table with a column of prices, and some rows of the bundled one."""
    rows = [f"{n % 7},{'abc'[n % 3]},{n * 37 % 101},{100 + 3 * (n * 37 % 101)}" for n in range(120)]
    Path("data.csv").write_text("\n".join(["rooms,kind,size,price", *rows]), encoding="utf-8")
    bikes = locate(DATASETS["bikeshare"]).read_text(encoding="utf-8").splitlines()
    Path("new.csv").write_text("\n".join(bikes[:5]), encoding="utf-8")


def test_the_commands_run_one_after_the_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unpainted: None,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_names(Path("my.txt"), slice(0, 3_000, 10))
    write_names(Path("names"), slice(0, 3_000, 3))  # a file comes before a data set of its name
    write_films(Path())
    write_tables()
    at_once = ["--threads", "1", "--precision", "float32", "--gradients", "hand", "--no-baseline"]
    verbs: list[str] = []
    stops = iter((6, 8))  # of those that are resumed
    for line in re.findall(r"^hornbook .*$", README, re.MULTILINE):
        _, *words = shlex.split(line, comments=True)
        resumed = "--resume" in words
        trained = (
            words[0] == "train" and not {"ngram", "ease"} & set(words) and "--steps 0 " not in line
        )
        if trained and not resumed:
            words += at_once
        if trained and "--minutes" in words:  # whose speed is measured, on a busy machine too
            name = "my-gpt" if "gpt" in words else f"{Path(words[1]).stem}-seq2seq"
            words += ["--n-layer", "1", "--n-head", "2", "--n-embd", "16", "--out", f"runs/{name}"]
        if words[0] == "best":  # which takes the time that it is given: five minutes, if none
            words += ["--minutes", "0.001"]
        with stopped_at(next(stops) if resumed else 4):
            status, _, err = typed(capsys, *words)
        assert status == (130 if trained else 0), f"{line}\n{err}"
        verbs.append(words[0])
    assert {"doctor", "train", "mix", "inspect", "sample", "score"} <= set(verbs)
    made = ("my-mlp", "my-mlp-watch", "my-gru")
    steps = [Run(Path("runs") / name).summary.steps for name in made]
    assert steps == [8, 4, 4]


def test_links_lead_to_files() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parents[1] / link).exists(), link


def test_the_lecture_s_commands_are_the_rungs_that_were_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = (Path(__file__).parents[1] / "docs" / "lecture-gpt.md").read_text()
    block = text.split("```")[1].replace("\\\n", " ")
    variables = dict(re.findall(r'^(\w+)="([^"]*)"', block, re.M))
    commands = [line for line in block.splitlines() if line.startswith("hornbook train")]
    made: list[tuple[Any, Any]] = []

    def note(data: str, *, settings: Any, training: Any, **others: Any) -> Run:
        made.append((settings, training))
        raise RunError("as far as this goes")

    monkeypatch.setattr("hornbook.cli.train.train", note)
    for command in commands:
        whole = re.sub(r"\$(\w+)", lambda found: variables[found[1]], command)
        assert main(shlex.split(whole)[1:]) == 1
    assert len(made) == len(LECTURE)
    usual = family("gpt").training_for("text")
    for (settings, training), rung in zip(made, LECTURE, strict=True):
        assert settings == GPTSettings(**rung.settings), rung.title
        assert training(usual) == replace(usual, **rung.training), rung.title
