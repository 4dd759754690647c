"""A text that is cut, and split without looking ahead, has the ids that it has as a whole."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import regex
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken_ext import openai_public

from hornbook.tokenizers import byte_pair_encoders
from hornbook.tokenizers.byte_pair_encoders import by_tiktoken, by_tokenizers
from hornbook.tokenizers.splitting import LAST_WHITE, PATTERNS, next_cut, quicker

END = 999
SIGNS = "the m'S12\n\n\r\0/!. \u0301ǅ²é🙂行 \t\v\x1c\x85\xa0\u2003\u3000"
EVERY = {
    **PATTERNS,
    "published": openai_public.r50k_pat_str,
    "narrow": r"\p{L}+|\s*[\r\n]+|\s+(?!\S)|\s+",  # what is neither is a part, too
    "anchored": r"\p{L}+\z|\S|\s+(?!\S)|\s",
}
every = pytest.mark.parametrize("pattern", list(EVERY))
signs = st.text(st.sampled_from(SIGNS), max_size=60)


def made_tokens() -> list[bytes]:
    """Any two signs are a token: where a text is split between two, the ids tell."""
    every = [sign.encode() for sign in sorted(set(SIGNS))]
    begun = [sign[:n] for sign in every for n in range(2, len(sign) + 1)]
    pairs = [one + other for one in every for other in every]
    return list(dict.fromkeys([*(bytes([byte]) for byte in range(256)), *begun, *pairs]))


TOKENS = made_tokens()


@cache
def encoders(pattern: str) -> tuple[by_tiktoken, Callable[[str], list[int]]]:
    """Ours, and tiktoken's own of each part, cut by the pattern as it is.

    tiktoken itself drops what its pattern does not find.
    """
    ranks = {token: rank for rank, token in enumerate(TOKENS)}
    whole = tiktoken.Encoding("own", pat_str=r"[\s\S]+", mergeable_ranks=ranks, special_tokens={})

    def own(text: str) -> list[int]:
        places = [0, *(at for found in regex.finditer(EVERY[pattern], text) for at in found.span())]
        cuts = pairwise([*places, len(text)])
        return [token for a, b in cuts for token in whole.encode_ordinary(text[a:b])]

    return by_tiktoken(TOKENS, EVERY[pattern]), own


@pytest.fixture(autouse=True, scope="module")
def short_stretches() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_pair_encoders, "AT_ONCE", 5)
        yield


@every
@given(text=signs)
@settings(max_examples=200)
def test_a_text_in_stretches_has_the_ids_of_the_whole(pattern: str, text: str) -> None:
    ours, own = encoders(pattern)
    assert ours(text).tolist() == own(text)


@every
@given(lines=st.lists(signs.map(lambda text: text.replace("\n", " ")), max_size=8))
@settings(max_examples=100)
def test_lines_at_once_have_the_ids_of_each_alone(pattern: str, lines: list[str]) -> None:
    ours, own = encoders(pattern)
    each = [token for line in lines for token in [*own(line), END]]
    assert ours.ended("".join([f"{line}\n" for line in lines]), END).tolist() == each


@every
def test_a_corpus_has_the_ids_of_each_line_alone(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_pair_encoders, "AT_ONCE", 300)
    rng = random.Random(pattern)
    # Most lines have no two blanks in a row, so that stretches of both sorts come.
    some = [rng.choice(SIGNS.replace("\n", "")) for _ in range(4_000)]
    lines = ["".join(some[at : at + 7]) for at in range(0, 4_000, 7)]
    lines += [rng.choice(["the", "The m's", "12, 行", "é  the"]) for _ in range(1_000)]
    ours, own = encoders(pattern)
    found = ours.ended("".join([f"{line}\n" for line in lines]), ours.end)
    parts = np.split(found, np.flatnonzero(found == ours.end) + 1)[:-1]
    assert [part[:-1].tolist() for part in parts] == [own(line) for line in lines]
    quick = quicker(EVERY[pattern])
    assert quick is not None
    assert len({quick.fits(f"{line}\n", "\n") for line in lines}) == 2


def test_the_encoder_of_tokenizers_ends_lines_too() -> None:
    ours, _ = encoders("gpt4")
    text = "the theme\n\n12  !\n行 \n"
    other = by_tokenizers(TOKENS, PATTERNS["gpt4"])
    assert other.ended(text, END).tolist() == ours.ended(text, END).tolist()


@pytest.mark.parametrize("pattern", list(PATTERNS.values()))
def test_what_is_quicker_does_not_look_ahead(pattern: str) -> None:
    found = quicker(pattern)
    assert found is not None
    assert "(?!" not in found.pattern


@pytest.mark.parametrize("pattern", [r"\w+|\s+", r"a\|\s+(?!\S)|\s+", r"\s+(?!\S)|\s+x"])
def test_a_pattern_that_ends_otherwise_is_left_alone(pattern: str) -> None:
    assert quicker(pattern) is None


def test_every_white_space_of_a_pattern_is_known() -> None:
    white = [n for n in range(sys.maxunicode + 1) if chr(n).isspace()]
    assert white[-1] == LAST_WHITE
    assert set(regex.findall(r"\p{White_Space}", "".join(map(chr, range(0x20000))))) <= set(
        map(chr, white)
    )


def test_a_text_is_cut_where_a_line_begins_with_a_letter() -> None:
    text = "one\ntwo \nthree\n four\n12\nfive\n"
    cuts = [at for at in range(len(text)) if next_cut(text, at, at + 1) == at > 0]
    assert [text[a:b] for a, b in pairwise([0, *cuts, len(text)])] == [
        "one\n", "two \nthree\n four\n12\n", "five\n"
    ]  # fmt: skip
    assert next_cut(text, 5, len(text)) == text.index("five")
    assert next_cut(text, 5, 9) == 0
