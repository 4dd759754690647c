"""Byte pairs from nothing, against the library."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.lessons.byte_pairs import (
    NUMBERS,
    Merge,
    decode,
    encode,
    learn,
    merged,
    pairs,
    words_of,
)

TEXT = (
    "the cat sat on the mat; the other cats sat on other mats, 2024 and 2025.\n\n  Then the "
    "thing: 3.14159, naïve café, 東京へ行く 東京, 👨‍👩‍👧 👨‍👩‍👧! aaaa aaaaa don't, can't_stop\n"
)


def test_of_equally_frequent_pairs_the_smaller_numbers_are_taken() -> None:
    first, second, third = learn(["aaabdaaabac"], 3)
    assert (first.spelled, first.times) == (b"aa", 4)
    assert (second.spelled, second.times) == (b"ab", 2)  # aa·a, too, is there twice
    assert (third.spelled, third.times) == (b"aaab", 2)


def test_a_pair_is_merged_from_the_left() -> None:
    assert merged([1, 1, 1], (1, 1), 9) == [9, 1]
    assert merged([1, 1, 1, 1, 2], (1, 1), 9) == [9, 9, 2]
    assert pairs([1, 1, 1]) == {(1, 1): 2}


def test_it_ends_where_nothing_is_left_to_merge() -> None:
    assert [merge.spelled for merge in learn(["ab", "ab"], 9)] == [b"ab"]


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_no_text_is_unknown(text: str) -> None:
    text = text.encode(errors="replace").decode()
    assert "".join(words_of(text)) == text
    assert decode(encode(text, MERGES), MERGES) == text


def test_half_a_character_is_said_to_be_unreadable() -> None:
    ids = encode("é", [])
    assert decode(ids[:1], []) == "\ufffd"


MERGES: list[Merge] = list(learn(words_of(TEXT * 2), 60))


def library_merges(words: list[str], merges: int) -> tuple[list[str], Any]:
    """What the library learns of words, each for itself."""
    tokenizers = pytest.importorskip("tokenizers", reason="the extra `tokens` is not installed")
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = byte_level
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=256 + merges, initial_alphabet=byte_level.alphabet(), show_progress=False
    )
    made.train_from_iterator(words, trainer)
    vocabulary = made.get_vocab()
    order = sorted(vocabulary, key=vocabulary.get)
    return order[256:], made


def printed(merge: Merge) -> str:
    """A token as the library writes it: each byte as a character that can be printed."""
    shown = [chr(byte) for byte in range(33, 127)]
    shown += [chr(byte) for byte in (*range(161, 173), *range(174, 256))]
    shown += [chr(256 + n) for n in range(256 - len(shown))]
    return "".join(shown[NUMBERS[byte]] for byte in merge.spelled)


def test_the_library_finds_the_same_merges() -> None:
    words = words_of(TEXT * 2)
    theirs, made = library_merges(words, 60)
    assert [printed(merge) for merge in MERGES] == theirs
    for word in words:
        assert encode(word, MERGES) == made.encode(word).ids


@settings(max_examples=40)
@given(st.lists(st.text("abcé ", min_size=1, max_size=8), min_size=1, max_size=12))
def test_the_library_finds_the_same_merges_of_any_words(words: list[str]) -> None:
    theirs, _ = library_merges(words, 12)
    assert [printed(merge) for merge in learn(words, 12)] == theirs
