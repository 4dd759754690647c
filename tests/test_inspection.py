"""The picture of the counts."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from hornbook.text import counts
from hornbook.text.counts import draw_counts
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer


def counts_of(lines: tuple[str, ...]) -> tuple[PairCounts, CharTokenizer]:
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    model = NGram(NGramSettings(order=2), tokenizer.vocabulary)
    return model.fit(encode_lines(lines, tokenizer)).pair_counts(), tokenizer


def test_the_matrix_counts_pairs() -> None:
    counts, tokenizer = counts_of(("ab", "abb", "b"))
    matrix = counts.matrix()
    a, b = tokenizer.encode("ab")
    assert matrix[0, a] == 2
    assert matrix[a, b] == 2
    assert matrix[b, b] == 1
    assert matrix[b, 0] == 3
    assert matrix.sum() == counts.total == 9
    np.testing.assert_array_equal(counts.matrix(np.array([0, b])), matrix[np.ix_([0, b], [0, b])])


def test_a_picture_of_many_tokens_takes_the_memory_of_what_it_shows(tmp_path: Path) -> None:
    ids = np.arange(20_000)
    held = PairCounts(20_000, ids, np.roll(ids, 1), np.ones(20_000, dtype=np.int64))
    tracemalloc.start()
    try:
        part = held.matrix(held.most_frequent(50))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert part.shape == (50, 50)
    assert peak < 20_000 * 100  # a matrix of all would take 8 * 20,000 ** 2


def test_a_square_for_each_pair(tmp_path: Path) -> None:
    held, tokenizer = counts_of(("emma", "ava"))
    assert draw_counts(held, tokenizer, tmp_path / "c.png") == tokenizer.vocab_size
    picture = imread(tmp_path / "c.png")
    assert picture.shape[0] > 200
    assert picture[..., :3].std() > 0.02  # something is drawn


def test_a_large_vocabulary_shows_its_most_frequent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(chr(0x4E00 + i) * (1 + (i < 5)) for i in range(300))
    held, tokenizer = counts_of(lines)
    monkeypatch.setattr(counts, "MOST", 8)  # few squares, each of which takes time
    # No warning of a missing glyph, which the checks would make an error.
    assert draw_counts(held, tokenizer, tmp_path / "c.png") == 8


def test_dollars_and_spaces_are_characters_like_any_other(tmp_path: Path) -> None:
    held, tokenizer = counts_of(("$ $", "a$$\\", "_ ^{"))
    assert draw_counts(held, tokenizer, tmp_path / "c.png") == tokenizer.vocab_size
