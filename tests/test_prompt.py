"""What is read before the first draw, and what may follow."""

from __future__ import annotations

import pytest

from hornbook.errors import SamplingError, UnknownTokenError
from hornbook.text.prompt import prompt_of, room_after
from hornbook.tokenizers.characters import CharTokenizer

LINES = CharTokenizer.fit(("ab",), boundary=True)
TEXT = CharTokenizer.fit(("a\nb",), boundary=False)


def test_what_is_read_for_a_beginning() -> None:
    assert prompt_of(LINES, "").tolist() == [0]
    assert prompt_of(LINES, "ab").tolist() == [0, 1, 2]
    assert prompt_of(TEXT, "").tolist() == [TEXT.start] == TEXT.encode("\n").tolist()
    assert prompt_of(TEXT, "ab").tolist() == TEXT.encode("ab").tolist()
    with pytest.raises(UnknownTokenError):
        prompt_of(LINES, "c")


def test_a_prefix_leaves_room_for_the_rest() -> None:
    assert room_after(LINES, "", longest=5, context=3, crop=False) == 5
    assert room_after(LINES, "aba", longest=5, context=3, crop=False) == 2
    assert room_after(LINES, "abab", longest=5, context=None, crop=False) == 1
    assert room_after(LINES, "abab", longest=5, context=3, crop=True) == 1
    with pytest.raises(SamplingError, match="has 4 tokens; the model's context holds 3"):
        room_after(LINES, "abab", longest=5, context=3, crop=False)
    with pytest.raises(SamplingError, match="maximum length of a sample is 4"):
        room_after(LINES, "abab", longest=4, context=None, crop=True)
