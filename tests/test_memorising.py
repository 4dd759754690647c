"""Runs that were made to memorise, runs that were not, and what is told of both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hornbook
from hornbook.errors import RunError
from hornbook.text.copied_passages import copied_passages
from hornbook.text.memorising import memorising
from hornbook.text.memorising_told import told
from tests.command import typed
from tests.some_names import BUNDLED, write_names

NAMES = (BUNDLED / "names.txt").read_text(encoding="utf-8").splitlines()
COPYING = {"order": 9, "smoothing": "mle"}
"Counts of so long contexts know nothing but what follows in train."
LEARNING = {"order": 3}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    names = write_names(folder / "some.txt", slice(0, 600))
    for name, settings in (("copies", COPYING), ("learns", LEARNING)):
        hornbook.train(names, model="ngram", settings=settings, out=folder / name)
    # Letters drawn at random: whoever writes a few of them as they stand in train has them from it.
    draw = np.random.default_rng(0)
    text = folder / "text.txt"
    text.write_text("".join(draw.choice(list("abcdefghijklmnop"), 5_000)), encoding="utf-8")
    for name, order in (("text-copies", 8), ("text-learns", 1)):
        settings = {"order": order}
        hornbook.train(text, model="ngram", mode="text", settings=settings, out=folder / name)
    return folder


def found_in(runs: Path, name: str, **how: Any) -> Any:
    return memorising(hornbook.Run(runs / name), **how)


def test_a_run_that_copies_is_told_from_one_that_does_not(runs: Path) -> None:
    copies, learns = (found_in(runs, name, n=300) for name in ("copies", "learns"))
    assert copies.verdict == "memorised"
    assert copies.memory.interval.low > 0.5
    assert learns.verdict == "none"
    assert learns.memory.interval.low == 0
    assert copies.samples.copies > 0.8 > learns.samples.copies
    assert copies.evidence()[0].edits == 0


def test_a_net_that_was_trained_far_too_long_on_a_few_names_is_told(tmp_path: Path) -> None:
    names = write_names(tmp_path / "few.txt", slice(0, 1_200, 12))
    how = {"steps": 200, "evaluate_every": 200, "batch_size": 64, "threads": 1,
           "gradients": "hand", "precision": "float32"}  # fmt: skip
    shape = {"block_size": 8, "n_embd": 8, "n_hidden": [64]}
    run = hornbook.train(
        names, model="mlp", settings=shape, out=tmp_path / "net", training=how, baseline=False
    )
    found = run.novelty(n=200)
    assert found.verdict == "memorised"
    everything = {line for name in ("train", "dev", "test") for line in run.data.splits[name]}
    assert len(everything) <= 100
    assert found.memory.memorised > 0.5


def test_the_figures_are_those_of_a_plain_count(runs: Path) -> None:
    run = hornbook.Run(runs / "copies")
    found = memorising(run, 100, 1.0, seed=3)
    made = [one.text for one in run.sample(n=100, temperature=1.0, seed=3)]
    train, held = run.data.splits.train, (*run.data.splits.dev, *run.data.splits.test)
    assert found.samples is not None
    assert found.samples.copies == pytest.approx(np.mean([one in train for one in made]))
    assert found.repeated == (len(set(made) & set(train)), len(set(made) & set(held)))
    assert found.sizes == (len(train), len(held))
    assert len(found.edits) == len(made)
    assert found.like.mean_length == pytest.approx(np.mean(list(map(len, made))))


def test_a_text_that_is_copied_is_told_from_one_that_is_learned(runs: Path) -> None:
    copies, learns = (
        found_in(runs, name, n=8, longest=200) for name in ("text-copies", "text-learns")
    )
    assert copies.verdict == "memorised"
    assert learns.verdict == "none"
    assert copies.copied.copied > 0.3
    assert copies.copied.apart.low > 3
    train = hornbook.Run(runs / "text-copies").data.splits.train[0]
    for one in copies.copied.passages:
        assert train[one.place : one.place + len(one.text)] == one.text


def test_passages_are_longer_than_usual_where_held_out_text_has_none_such() -> None:
    train = "abcdefghijklmnopqrstuvwxyz" * 2
    found = copied_passages(["abcdefghijkl", "zyxw"], ["abcz", "mnoa", "zyxw"], train)
    assert found.lengths == (12, 1)
    assert found.held_lengths == (4 - 1, 3, 1)
    assert found.usual == 3
    assert found.copied == pytest.approx(12 / 16)
    assert found.passages[0].text == "abcdefghijkl"
    alone = copied_passages(["abc"], [], train)
    assert (alone.held_longest, alone.copied, alone.usual) == (None, None, None)


def test_without_held_out_data_there_is_no_verdict(tmp_path: Path) -> None:
    names = write_names(tmp_path / "some.txt", slice(0, 50))
    run = hornbook.train(names, model="ngram", out=tmp_path / "all", split="100/0")
    found = run.novelty(n=20)
    assert found.verdict == "unknown"
    assert "Nothing was held out" in told(found)
    assert found.held is None
    text = tmp_path / "text.txt"
    text.write_text("to be or not to be that is the question " * 20, encoding="utf-8")
    run = hornbook.train(text, model="ngram", mode="text", out=tmp_path / "text", split="100/0")
    assert run.novelty(n=2).verdict == "unknown"


def test_the_verb_shows_figures_verdict_and_evidence(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["novelty", str(runs / "copies"), "-n", "100"]
    status, out, err = typed(capsys, *words)
    assert status == 0
    assert "It has memorised its training data" in out
    assert "nearest in train" in out
    assert "--only-new" in err
    status, out, _ = typed(capsys, *words, "--json")
    value = json.loads(out)
    assert value["verdict"] == "memorised"
    assert value["samples_beside_train"][0]["edits"] == 0
    assert "nearest" not in value
    status, out, _ = typed(
        capsys, "novelty", str(runs / "text-learns"), "-n", "3", "--longest", "90"
    )
    assert "No sign that it repeats" in out
    assert "passage of a sample" in out


def test_other_data_conditions_and_bytes(tmp_path: Path, runs: Path) -> None:
    rows = [f"{name},{'F' if name[-1] in 'aei' else 'M'}" for name in NAMES[:300]]
    table = tmp_path / "people.csv"
    table.write_text("\n".join(["name,sex", *rows]), encoding="utf-8")
    run = hornbook.train(
        table, model="ngram", column="name", condition=["sex"], out=tmp_path / "given"
    )
    found = run.novelty(n=50, condition=["sex=F"])
    ends = [one.text[-1:] in "aei" for one in found.nearest]
    assert sum(ends) > len(ends) / 2
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(np.random.default_rng(0).integers(0, 256, 3_000, dtype=np.uint8)))
    run = hornbook.train(raw, model="ngram", tokens="bytes", out=tmp_path / "bytes")
    found = run.novelty(n=3, longest=50)
    assert sum(found.sizes) == 3_000  # bytes
    stripped = hornbook.Run(runs / "learns").path.parent / "learns"
    hornbook.strip(stripped)
    with pytest.raises(RunError, match="no longer has it"):
        hornbook.Run(stripped).novelty()
