"""The lecture's table, its comparison in a line, and the picture of the logits' gradient."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread

import hornbook
from hornbook.lessons import Comparison, compare_gradients
from hornbook.lessons.derivations import DERIVATIONS
from hornbook.lessons.derivations.net import BACKPROP
from hornbook.lessons.gradient_table import batch_of
from hornbook.lessons.logit_gradients import MOST, draw_push_and_pull, forces_of
from hornbook.text.corpus import Corpus, load_corpus
from hornbook.tokenizers.characters import CharTokenizer
from tests.command import typed


def test_a_comparison_says_what_the_lecture_s_does(capsys: pytest.CaptureFixture[str]) -> None:
    one = torch.tensor([1.0, 2.0])
    hornbook.compare_gradients("probs", one, one.clone())
    same = Comparison.of("probs", one, one.clone())
    assert (same.exact, same.approximate, same.maxdiff) == (True, True, 0.0)
    near = Comparison.of("probs", one + 1e-6, one)
    assert (near.exact, near.approximate) == (False, True)
    far = Comparison.of("probs", one.numpy(), [1.0, 3.0])
    assert (far.exact, far.approximate, far.maxdiff) == (False, False, 1.0)
    out = capsys.readouterr().out.splitlines()
    assert out[0].split("|")[1:] == [" exact: True  ", " approximate: True  ", " maxdiff: 0"]
    assert len(out) == 1


def test_a_comparison_in_a_notebook_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    call: Any = compare_gradients
    assert call("probs", 1.0, 2.0) is None  # a cell that ends with it shows nothing more
    assert capsys.readouterr().out.count("probs") == 1


def test_a_comparison_of_what_cannot_be_compared() -> None:
    one = torch.ones(3, 1)
    for mine, reference, said in (
        (one, torch.ones(3, 2), "its shape is (3, 1), the reference's shape is (3, 2)"),
        (None, one, "not filled in yet"),
        (one, None, "retain_grad()"),
        ("x", one, "not str and Tensor"),
    ):
        found = Comparison.of("x", mine, reference)
        assert said in found.problem
        assert said in str(found)
        assert not found.approximate
        assert math.isnan(found.maxdiff)


def test_the_table_has_every_atom(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    status, out, _ = typed(capsys, "gradients")
    assert status == 0
    assert "32 examples of data set names" in out
    for name in BACKPROP.order:
        assert f"\nd{name} " in out
    assert out.index("\ndlogprobs") < out.index("\ndprobs") < out.index("\ndC")
    assert "dhprebn, closed form " in out
    for step in BACKPROP.steps:
        assert all(code in out for code in step.backward.values())
    # Nothing differs by more than rounding.
    assert " no           no " not in out


@pytest.mark.parametrize("exercise", DERIVATIONS)
def test_the_table_as_json(capsys: pytest.CaptureFixture[str], exercise: str) -> None:
    status, out, _ = typed(capsys, "gradients", "--exercise", exercise, "--json", "--seed", "3")
    assert status == 0
    rows = json.loads(out)
    made = DERIVATIONS[exercise]
    assert [row["name"] for row in rows] == [*made.order, *made.closed]
    assert [row["closed"] for row in rows].count(True) == len(made.closed)
    assert all(row["approximate"] and row["maxdiff"] < 1e-13 for row in rows)
    assert rows[0]["formula"]


def test_the_data_and_the_seed_have_an_effect() -> None:
    names = load_corpus("names")
    first, again, other = (batch_of(BACKPROP, names, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first["Xb"], again["Xb"])
    assert not torch.equal(first["Xb"], other["Xb"])
    for made in DERIVATIONS.values():
        batch, _ = batch_of(made, names, 1)
        assert made.forward(made.start(1, batch))["loss"] != made.forward(made.start(1))["loss"]


def test_a_small_corpus_makes_a_small_batch() -> None:
    corpus = Corpus("few", "few", "lines", "", "abc\nabd\nb\nca\nd", "utf-8", "LF")
    batch, _ = batch_of(BACKPROP, corpus, 0)
    assert batch["n"] == len(batch["Yb"]) == 15  # ten letters, five ends
    values = BACKPROP.forward(BACKPROP.start(0, batch))
    assert values["logits"].shape == (15, 5)


def test_the_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "logits.png"
    status, out, _ = typed(capsys, "gradients", "--picture", str(path))
    assert status == 0
    assert "Saved to" in out
    picture = imread(path)
    height, width, _ = picture.shape
    assert height / 32 > 20  # pixels a row
    assert width / 27 > 20
    status, _, err = typed(
        capsys, "gradients", "--exercise", "lstm", "--picture", str(tmp_path / "no.png")
    )
    assert status == 1
    assert "has no logits" in err
    assert not (tmp_path / "no.png").exists()
    # Said before the work, and so before the data is missed.
    status, _, err = typed(capsys, "gradients", "--data", "nowhere.txt", "--picture", "logits.pdf")
    assert status == 1
    assert "must end in .png or .svg" in err
    status, _, err = typed(capsys, "gradients", "--seed", "-1")
    assert status == 1
    assert "seed must be" in err


@pytest.mark.parametrize("exercise", ["backprop", "cross-entropy"])
def test_the_forces_are_probabilities_minus_one_hot(exercise: str) -> None:
    made = DERIVATIONS[exercise]
    batch, _ = batch_of(made, load_corpus("names"), 3)
    values = made.forward(made.start(3, batch))
    logits, targets = values["logits"], batch["Yb"]
    expected = logits.softmax(1) - torch.nn.functional.one_hot(targets, logits.shape[1])
    np.testing.assert_allclose(forces_of(made, values), expected.numpy(), rtol=0, atol=1e-13)


def test_the_target_is_blue_and_the_rest_is_not(tmp_path: Path) -> None:
    tokenizer = CharTokenizer.fit(["ab"], boundary=True)
    forces = np.array([[0.5, -0.9, 0.4], [0.3, 0.3, -0.6]])
    targets, contexts = np.array([1, 2]), np.array([[0, 1], [1, 2]])
    draw_push_and_pull(forces, targets, contexts, tokenizer, tmp_path / "p.png")
    drawn = imread(tmp_path / "p.png")[..., :3]
    # Among the squares, without the colour bar: a third of the first row is strongly blue.
    blue = (drawn[..., 2] > 0.6) & (drawn[..., 0] < 0.2)
    red = (drawn[..., 0] > 0.8) & (drawn[..., 2] < 0.6)
    assert blue[:, : drawn.shape[1] * 3 // 4].mean() > 0.1
    assert red[:, : drawn.shape[1] * 3 // 4].mean() > 0.1


def test_a_large_vocabulary_shows_its_strongest(tmp_path: Path) -> None:
    characters = [chr(0x4E00 + i) for i in range(200)]
    tokenizer = CharTokenizer.fit(characters, boundary=False)
    rng = np.random.default_rng(0)
    n = MOST + 5
    probs = rng.dirichlet(np.ones(200) * 0.1, n)
    targets = rng.integers(0, 200, n)
    probs[np.arange(n), targets] -= 1
    # No warning of a missing glyph, which the checks would make an error.
    draw_push_and_pull(probs, targets, targets[:, None], tokenizer, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 10_000
