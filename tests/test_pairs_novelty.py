"""Runs on pairs that say targets of train where they are not right, and runs that do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import hornbook
from hornbook.errors import QuestionError, RunError
from tests.command import typed


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What takes the target of the nearest source, and what says the source itself."""
    folder = tmp_path_factory.mktemp("repeated")
    draw = np.random.default_rng(0)
    words = sorted({"".join(draw.choice(list("abcdefgh"), 6)) for _ in range(300)})
    pairs = folder / "pairs.tsv"
    pairs.write_text("\n".join(f"{one}\t{one[::-1]}" for one in words), encoding="utf-8")
    for name in ("nearest-source", "copy"):
        hornbook.train(pairs, task="pairs", model=name, out=folder / name)
    alike = folder / "alike.tsv"  # every right answer is a target of train
    rows = ["word\tfirst", *(f"{one}\t{one[0]}x" for one in words)]
    alike.write_text("\n".join(rows), encoding="utf-8")
    hornbook.train(
        alike, task="pairs", model="nearest-source", source_column="word", target_column="first",
        out=folder / "alike",
    )  # fmt: skip
    return folder


def test_what_looks_up_is_told_from_what_does_not(runs: Path) -> None:
    run = hornbook.Run(runs / "nearest-source")
    found = run.novelty()
    assert found.verdict == "memorised"
    assert (found.answers.copies, found.right.copies, found.apart) == (1, 0, 1)
    assert found.sources == len(run.data.side("dev"))
    train = dict(zip(run.data.side("train").sources, run.data.side("train").targets, strict=True))
    assert len(found.wrong) == found.sources
    assert all(train[one.of] == one.said != one.right for one in found.wrong)
    copies = hornbook.Run(runs / "copy").novelty()
    assert copies.verdict == "none"
    assert copies.answers.copies == 0


def test_right_answers_that_train_has_are_no_fault(runs: Path) -> None:
    found = hornbook.Run(runs / "alike").novelty(n=20)
    assert found.answers.copies == found.right.copies == 1
    assert found.verdict == "none"
    assert found.sources == 20


def test_the_verb_answers_for_pairs_too(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(runs / "nearest-source")
    status, out, _ = typed(capsys, "novelty", run)
    assert status == 0
    assert "It repeats targets of its training data where they are not right." in out
    assert "said: a target of train" in out
    status, out, _ = typed(capsys, "novelty", run, "-n", "5", "--json")
    (value,) = json.loads(out)
    assert (value["verdict"], value["sources"]) == ("memorised", 5)
    assert "--temperature" not in typed(capsys, "novelty", run, "--help")[1]


def test_runs_that_cannot_be_asked_say_why(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    rows = [f"{'ab'[n % 2]}{n}\t{'yes' if n % 2 else 'no'}" for n in range(60)]
    labels.write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
    run = hornbook.train(labels, task="pairs", model="naive-bayes", label_column="label",
                         source_column="text", out=tmp_path / "labels")  # fmt: skip
    with pytest.raises(QuestionError, match="says one of 2 labels"):
        run.novelty()
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("\n".join(f"{n}\t{n}{n}" for n in range(100, 150)), encoding="utf-8")
    run = hornbook.train(pairs, task="pairs", model="copy", split="100/0", out=tmp_path / "all")
    with pytest.raises(RunError, match="Nothing was held out"):
        run.novelty()
