"""The calls that made a run, told from its record: they make such a run again."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path
from typing import Any

import pytest

import hornbook
from hornbook.actions import Action
from hornbook.cli import main
from hornbook.cli.wording import command
from hornbook.runs import Run
from hornbook.runs.calls import calls_of, without_home
from tests.some_names import write_names

FAST: dict[str, Any] = {"steps": 2, "threads": 1, "precision": "float32", "gradients": "hand"}


def names(folder: Path) -> Path:
    return write_names(folder / "names.txt", slice(0, 200))


@pytest.mark.parametrize(
    "words",
    [
        "--model bigram --steps 2 --split 80/20 --watch --no-baseline --learning-rate 0.0312345678",
        "--model gru --steps 2 --n-hidden 8 --n-embd 4 --rates net.layers.0.*=0.5 --batches random",
        "--model mlp --steps 2 --n-hidden 8 9 --n-embd 4 --norm layer --seed 5 --no-baseline",
        "--model ngram --smoothing add --order 3",
    ],
)
def test_the_command_makes_such_a_run_again(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = names(tmp_path)
    assert main(["train", str(data), *words.split(), "--out", str(tmp_path / "one")]) == 0
    one = Run(tmp_path / "one")
    (call,) = calls_of(one)
    typed = shlex.split(command(call))
    assert typed[:3] == ["hornbook", "train", str(data)]
    assert typed[3:5] == words.split()[:2]
    assert main([*typed[1:], "--out", str(tmp_path / "two")]) == 0
    two = Run(tmp_path / "two")
    assert (two.record.settings, two.record.options) == (one.record.settings, one.record.options)
    assert (two.record.training, two.record.baseline) == (one.record.training, one.record.baseline)


def test_a_run_that_was_trained_longer_and_one_that_began_with_it(tmp_path: Path) -> None:
    data = names(tmp_path)
    run = hornbook.train(data, model="bigram", out=tmp_path / "a", training=FAST, baseline=False)
    run = hornbook.resume(run.path, steps=4)
    first, longer = calls_of(run)
    assert first.settings["training"] == {"steps": 2}
    assert longer == Action("resume", (str(tmp_path / "a"),), {"steps": 4})
    tuned = hornbook.train(
        data, out=tmp_path / "b", init_from=run.path, training=FAST, baseline=False
    )
    (call,) = calls_of(tuned)
    assert call.settings["init_from"] == str(run.path)
    (shown,) = calls_of(tuned, folders=False)
    assert (shown.given, shown.settings["init_from"]) == (("names.txt",), "a")


def test_a_mixture_names_its_members(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parent / "frozen" / "mixture.zip") as frozen:
        frozen.extractall(tmp_path)
    (call,) = calls_of(Run(tmp_path))
    assert (call.verb, len(call.given)) == ("mix", 2)
    assert call.settings == {"how": "average"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("runs/net", "runs/net"),
        ("/home/ann/runs/net", "net"),
        ("~/net/", "net"),
        (r"C:\Users\ann\net", "net"),
        (r"\\server\net", "net"),
    ],
)
def test_where_a_run_lies_on_a_machine_is_not_told(path: str, shown: str) -> None:
    assert without_home(path) == shown
