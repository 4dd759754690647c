"""Counting some places at a time, with arrays in files: the same as all at once in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.errors import DataError
from hornbook.text.models import spilled, trie_growth
from hornbook.text.models.count_trie import PARTS, Level, of_keys
from hornbook.text.models.looking_up import locate
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.models.trie_growth import growing, sorted_by
from hornbook.text.stream import Stream, encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer

TEXT = "the cat sat on the mat; the rat sat on the cat and the mat sat on that cat " * 3


def streams() -> list[tuple[Stream, int]]:
    lines = tuple(TEXT.split(" "))
    listed = CharTokenizer.fit(lines, boundary=True)
    whole = CharTokenizer.fit([TEXT], boundary=False)
    return [
        (encode_lines(lines, listed), listed.vocabulary.size),
        (encode_text(TEXT[50:], whole, TEXT[:50]), whole.vocabulary.size),
    ]


def counted(stream: Stream, v: int, adjusted: bool) -> list[Level]:
    *_, last = growing(stream, v, 5, adjusted=adjusted)
    return last


@pytest.mark.parametrize("most", [1, 7, 60])
@pytest.mark.parametrize("adjusted", [True, False])
def test_pieces_in_files_give_the_same(
    most: int, adjusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stream, v in streams():
        whole = counted(stream, v, adjusted)
        monkeypatch.setattr(trie_growth, "SORTED", most)
        monkeypatch.setattr(trie_growth, "SPILLED", 0)
        pieces = counted(stream, v, adjusted)
        monkeypatch.undo()
        assert len(whole) == len(pieces) == 5
        for ours, theirs in zip(whole, pieces, strict=True):
            assert isinstance(theirs.tokens, np.memmap)
            for part in PARTS:
                np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part))


def test_every_n_gram_is_counted() -> None:
    for stream, v in streams():
        level = counted(stream, v, adjusted=False)[1]
        pairs = np.zeros((v, v), dtype=int)
        before, after = stream.ids[stream.first - 1 : -1], stream.ids[stream.first :]
        np.add.at(pairs, (before, after), 1)
        ours = np.zeros_like(pairs)
        ours[np.repeat(level.older, np.diff(level.offsets)), level.tokens] = level.counts
        np.testing.assert_array_equal(ours, pairs)


def test_counts_kept_as_keys_are_read() -> None:
    tokenizer = CharTokenizer.fit(["abab"], boundary=True)
    stream = encode_lines(("abab",), tokenizer)
    new = NGram(NGramSettings(order=2), tokenizer.vocabulary).fit(stream)
    old = {  # as files had them before
        f"{name}.{length}": keys
        for length, level in enumerate(new.levels)
        for name, keys in level_keys(level, tokenizer.vocabulary.size).items()
    }
    read = NGram(NGramSettings(order=2), tokenizer.vocabulary)
    read.load_arrays(old)
    for name, array in new.arrays().items():
        np.testing.assert_array_equal(read.arrays()[name], array)
    assert read.arrays()["tokens.1"].dtype == np.uint8
    assert of_keys(np.array([0]), np.array([3, 1]), np.array([1, 1]), 0, 4) is None


def level_keys(level: Level, v: int) -> dict[str, npt.NDArray[np.int64]]:
    parents = np.repeat(np.arange(len(level.begins) - 1), np.diff(level.begins))
    nodes = np.repeat(np.arange(len(level.older)), np.diff(level.offsets))
    return {"contexts": parents * v + level.older, "entries": nodes * v + level.tokens,
            "counts": level.counts.astype(np.int64)}  # fmt: skip


@given(st.lists(st.sets(st.integers(0, 20)), min_size=1, max_size=6), st.data())
def test_locate_finds_what_is_there(nodes: list[set[int]], data: st.DataObject) -> None:
    values = np.array([n for node in nodes for n in sorted(node)], dtype=np.uint8)
    offsets = np.cumsum([0, *map(len, nodes)]).astype(np.uint16)
    asked = data.draw(
        st.lists(st.tuples(st.integers(0, len(nodes) - 1), st.integers(0, 20)), max_size=8)
    )
    rows = np.array(asked, dtype=np.int64).reshape(-1, 2)
    found = locate(values, offsets, rows[:, 0], rows[:, 1])
    for (node, wanted), at in zip(asked, found.tolist(), strict=True):
        assert (at >= 0) == (wanted in nodes[node])
        assert at < 0 or (values[at] == wanted and offsets[node] <= at < offsets[node + 1])


@pytest.mark.parametrize("large", [1, 2**58])
def test_places_are_sorted_by_keys_of_any_size(large: int) -> None:
    keys = np.array([3, 1, 3, 0, 1, 3] * 4) * large
    values = np.arange(24, dtype=np.uint8)
    order, found, times = sorted_by(keys, values)
    np.testing.assert_array_equal(order, values[np.argsort(keys, kind="stable")])
    assert found.tolist() == [0, large, 3 * large]
    assert times.tolist() == [4, 8, 12]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    column = spilled.Column(np.uint8, spilled=True)
    assert column.file is not None
    with column.file, Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(column, "file", full)
        with pytest.raises(DataError, match="No space left"):
            column.append(np.zeros(10, dtype=np.uint8))
