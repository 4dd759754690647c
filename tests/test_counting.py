"""The order of the n-grams is chosen on dev."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from hornbook.sources.source import Source
from hornbook.text.counting import Counted, best_counts
from hornbook.text.data import TextData, TextOptions
from hornbook.text.loading import load_text
from hornbook.text.losses import mean_loss
from hornbook.text.models.count_trie import PARTS
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.trie_growth import growing
from tests.some_names import write_names


def loaded(path: Path, **options: str) -> TextData:
    return load_text(Source(path), TextOptions.from_dict(dict(options)))


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> TextData:
    return loaded(write_names(tmp_path_factory.mktemp("data") / "some.txt", slice(0, 3000)))


@pytest.mark.parametrize("smoothing", ["kneser-ney", "add"])
def test_growing_gives_every_order_as_if_it_were_the_last(smoothing: str, names: TextData) -> None:
    train, v = names.stream("train"), names.shape.size
    grown = list(growing(train, v, 5, adjusted=smoothing == "kneser-ney"))
    for order, levels in enumerate(grown, start=1):
        how = NGramSettings.from_dict({"order": order, "smoothing": smoothing})
        alone = NGram(how, names.shape).fit(train).levels
        assert len(levels) == len(alone) == order
        for ours, theirs in zip(levels, alone, strict=True):
            for part in PARTS:
                assert np.array_equal(getattr(ours, part), getattr(theirs, part))


def test_the_order_is_the_best_of_those_around_it(names: TextData) -> None:
    found = best_counts(names, smoothings=False)
    assert found.settings.smoothing == "kneser-ney"
    losses = [
        mean_loss(NGram(NGramSettings(order=n), names.shape).fit(names.stream("train")),
                  names.stream("dev"))
        for n in range(1, found.settings.order + 3)
    ]  # fmt: skip
    assert found.loss == pytest.approx(losses[found.settings.order - 1])
    assert losses[found.settings.order - 1] <= min(losses) / 0.998
    assert [loss for _, loss in found.tried] == pytest.approx(losses)
    assert found.words in dict(found.tried)


def test_long_contexts_are_found_where_they_help(tmp_path: Path) -> None:
    # Each line is one of two long words after a letter that says which: only the whole past tells.
    chance = random.Random(0)
    lines = [f"{c}mmmmmmmm{c}" for c in chance.choices("abcdefgh", k=600)]
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines) + "\n")
    assert best_counts(loaded(path), smoothings=False).settings.order >= 10


def test_added_constants_are_tried_beside_it(names: TextData) -> None:
    found = best_counts(names)
    assert any("0.1 added" in words for words, _ in found.tried)
    assert found.loss is not None
    assert found.loss == min(loss for words, loss in found.tried if words == found.words)


def test_without_dev_there_is_nothing_to_choose_by(tmp_path: Path) -> None:
    path = write_names(tmp_path / "some.txt", slice(0, 200))
    assert best_counts(loaded(path, split="100/0/0")) == Counted(NGramSettings(), None)
