"""Pairs: the lecture's N and P, and which are the most frequent."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.errors import SettingsError
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from tests.command import typed
from tests.some_names import write_names


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> hornbook.Run:
    names = write_names(tmp_path_factory.mktemp("pairs") / "names.txt", slice(0, 400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hornbook.text.counts.draw_counts", lambda *given: 0)  # takes a second
        return hornbook.train(
            names, model="ngram", settings={"order": 2}, out=names.parent / "counts"
        )


def counted(run: hornbook.Run) -> Counter[tuple[str, str]]:
    """As the lecture counts them."""
    return Counter(pair for word in run.data.splits.train for pair in pairwise([".", *word, "."]))


def test_n_is_the_lecture_s(run: hornbook.Run) -> None:
    n, size = run.model.N, run.data.shape.size
    assert n.shape == (size, size)
    assert n.dtype.kind == "i"
    labels = [".", *run.data.tokenizer.characters]
    expected = counted(run)
    assert n.sum() == sum(expected.values())
    for i, first in enumerate(labels):
        for j, then in enumerate(labels):
            assert n[i, j] == expected[first, then]


@pytest.mark.parametrize("settings", [
    {"smoothing": "mle"}, {"smoothing": "add"}, {"smoothing": "add", "added": 0.3}
])  # fmt: skip
def test_p_is_n_normalised_with_the_smoothing_in_use(settings: dict[str, Any]) -> None:
    words = ("emma", "olivia", "ava")
    tokenizer = CharTokenizer.fit(words, boundary=True)
    model = NGram(NGramSettings.from_dict({"order": 2, **settings}), tokenizer.vocabulary)
    model.fit(encode_lines(words, tokenizer))
    n = torch.from_numpy(
        model.N + (settings.get("added", 1.0) if settings["smoothing"] == "add" else 0.0)
    )
    np.testing.assert_allclose(model.P, (n / n.sum(1, keepdim=True)).numpy(), rtol=1e-14)


def test_p_of_kneser_ney_sums_to_one(run: hornbook.Run) -> None:
    assert run.model.settings.smoothing == "kneser-ney"
    np.testing.assert_allclose(run.model.P.sum(1), 1, rtol=1e-12)
    assert (run.model.P > 0).all()


def test_the_p_of_the_net_is_softmax_of_its_matrix(run: hornbook.Run, tmp_path: Path) -> None:
    net = hornbook.train(
        run.path.parent / "names.txt", model="bigram", out=tmp_path / "net", baseline=False,
        training={"steps": 3, "threads": 1},
    )  # fmt: skip
    expected = torch.softmax(net.model.matrix().double(), 1).numpy()
    np.testing.assert_array_equal(net.model.P, expected)
    assert net.bigrams(n=3) == run.bigrams(n=3)  # counted in its train split


def test_other_orders_have_no_n(run: hornbook.Run) -> None:
    model = NGram(NGramSettings(order=3), run.data.shape).fit(run.data.stream("train"))
    for name in ("N", "P"):
        with pytest.raises(SettingsError, match="by a model of order 2; this one has order 3"):
            getattr(model, name)


def test_the_most_frequent_pairs(run: hornbook.Run) -> None:
    expected = counted(run)
    found = run.bigrams(n=7)
    assert [pair.count for pair in found] == [count for _, count in expected.most_common(7)]
    first = found[0]
    assert expected[first.first, first.next] == first.count
    begun = sum(count for (one, _), count in expected.items() if one == first.first)
    assert first.share == first.count / begun
    assert [pair.count for pair in run.bigrams(n=2, rarest=True)] == [1, 1]
    assert len(run.bigrams(n=10**6)) == len(expected)


def test_pairs_are_a_verb_and_inspect_tells_them(
    run: hornbook.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = typed(capsys, "bigrams", str(run.path), "-n", "2", "--json")
    assert status == 0, err
    rows = json.loads(out)
    assert [row["count"] for row in rows] == [pair.count for pair in run.bigrams(n=2)]
    assert rows[0].keys() == {"first", "next", "count", "share"}
    status, out, _ = typed(capsys, "inspect", str(run.path), "--no-page")
    assert status == 0
    top = run.bigrams(n=1)[0]
    assert (
        f"The most frequent pairs of tokens in train:\n  {top.first} {top.next} {top.count}" in out
    )
