"""Longest passages against a search place by place."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hornbook.text.matching import longest_passages


def by_search(text: str, other: str) -> list[int]:
    """How much of a text from each place on occurs in another, tried length by length."""
    found = []
    for begin in range(len(text)):
        length = 0
        while begin + length < len(text) and text[begin : begin + length + 1] in other:
            length += 1
        found.append(length)
    return found


def made(letters: str, length: int, seed: int) -> str:
    draw = random.Random(seed)
    return "".join(draw.choice(letters) for _ in range(length))


@pytest.mark.parametrize(
    ("texts", "other"),
    [
        (["banana", "nab", "", "xyz"], "bananaban"),
        (["aaaa"], "a"),
        (["a"], "aaaa"),
        (["aaaaaaaaaaaaaaaa"], "aaaaaaa"),
        (["abc"], ""),
        ([], "abc"),
        (["über 日本😀日"], "日本😀 über"),
        (["the same text"], "the same text"),
        ([made("ab", 40, 1), made("ab", 90, 2)], made("ab", 300, 3)),
        ([made("abcd", 200, 4), made("abcd", 1, 5)], made("abcd", 2_000, 6)),
        ([made("ab", 50, 7) * 3], made("ab", 50, 7) * 2),
    ],
)
def test_each_place_has_the_longest_passage(texts: list[str], other: str) -> None:
    found = longest_passages(texts, other)
    assert len(found) == len(texts)
    for text, (lengths, places) in zip(texts, found, strict=True):
        assert lengths.tolist() == by_search(text, other)
        for begin, (length, place) in enumerate(zip(lengths, places, strict=True)):
            assert text[begin : begin + length] == other[place : place + length]


def test_nothing_agrees_across_the_ends_of_texts() -> None:
    (one, _), (two, _) = longest_passages(["ab", "cd"], "xabcdx")
    assert np.array_equal(one, [2, 1])
    assert np.array_equal(two, [2, 1])
