"""The picture of the counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from hornbook.text import counts
from hornbook.text.counts import draw_counts
from hornbook.text.models.contract import Ids
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer


def matrix_of(lines: tuple[str, ...]) -> tuple[Ids, CharTokenizer]:
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    model = NGram(NGramSettings(order=2), tokenizer.vocabulary)
    return model.fit(encode_lines(lines, tokenizer)).count_matrix(), tokenizer


def test_the_matrix_counts_pairs() -> None:
    matrix, tokenizer = matrix_of(("ab", "abb", "b"))
    a, b = tokenizer.encode("ab")
    assert matrix[0, a] == 2
    assert matrix[a, b] == 2
    assert matrix[b, b] == 1
    assert matrix[b, 0] == 3
    assert matrix.sum() == 9


def test_a_square_for_each_pair(tmp_path: Path) -> None:
    matrix, tokenizer = matrix_of(("emma", "ava"))
    assert draw_counts(matrix, tokenizer, tmp_path / "c.png") == tokenizer.vocab_size
    picture = imread(tmp_path / "c.png")
    assert picture.shape[0] > 200
    assert picture[..., :3].std() > 0.02  # something is drawn


def test_a_large_vocabulary_shows_its_most_frequent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(chr(0x4E00 + i) * (1 + (i < 5)) for i in range(300))
    matrix, tokenizer = matrix_of(lines)
    monkeypatch.setattr(counts, "MOST", 8)  # few squares, each of which takes time
    # No warning of a missing glyph, which the checks would make an error.
    assert draw_counts(matrix, tokenizer, tmp_path / "c.png") == 8


def test_dollars_and_spaces_are_characters_like_any_other(tmp_path: Path) -> None:
    matrix, tokenizer = matrix_of(("$ $", "a$$\\", "_ ^{"))
    assert draw_counts(matrix, tokenizer, tmp_path / "c.png") == tokenizer.vocab_size
