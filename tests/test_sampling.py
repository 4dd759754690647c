"""Temperature, top-k and top-p against their definitions; draws against the model's figures."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hornbook.errors import SamplingError, SettingsError, UnknownSymbolError
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.sampling import (
    Drawn,
    SamplingSettings,
    choose,
    prompt_of,
    sample,
    shape_probabilities,
)
from hornbook.text.stream import encode_lines, encode_text
from hornbook.tokenizers.characters import CharTokenizer

LINES = ("anna", "hanna", "johanna", "ann", "jo", "joan", "hans", "johann")


def counted(lines: tuple[str, ...] = LINES, **changes: Any) -> tuple[NGram, CharTokenizer]:
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    stream = encode_lines(lines, tokenizer)
    return NGram(NGramSettings(**changes), tokenizer.vocabulary).fit(stream), tokenizer


def texts(model: NGram, tokenizer: CharTokenizer, **changes: Any) -> list[str]:
    made = sample(model, tokenizer, SamplingSettings(**changes), longest=30)
    return [drawn.text for drawn in made]


logits_of = st.lists(st.floats(-8, 8), min_size=3, max_size=9).map(lambda x: np.array([x]))


@given(logits_of, st.floats(0.1, 5))
def test_temperature_divides_logits(logits: Any, t: float) -> None:
    p = shape_probabilities(logits, SamplingSettings(temperature=t))
    expected = np.exp(logits / t) / np.exp(logits / t).sum()
    np.testing.assert_allclose(p, expected, rtol=1e-9)


@given(logits_of, st.integers(1, 9))
def test_top_k_keeps_exactly_the_k_likeliest(logits: Any, k: int) -> None:
    p = shape_probabilities(logits, SamplingSettings(top_k=k))
    kept = np.flatnonzero(p[0])
    assert len(kept) == min(k, logits.shape[1])
    assert logits[0, kept].min() >= np.delete(logits[0], kept).max(initial=-np.inf)
    assert p.sum() == pytest.approx(1)


@given(logits_of, st.floats(0.01, 0.999))
def test_top_p_keeps_the_fewest_that_reach_the_mass(logits: Any, mass: float) -> None:
    whole = shape_probabilities(logits, SamplingSettings())[0]
    kept = np.flatnonzero(shape_probabilities(logits, SamplingSettings(top_p=mass))[0])
    assert whole[kept].sum() >= mass - 1e-12
    assert whole[kept].sum() - whole[kept].min() < mass + 1e-12


def test_temperature_zero_takes_the_likeliest() -> None:
    model, tokenizer = counted(order=3)
    assert len(set(texts(model, tokenizer, n=20, temperature=0.0))) == 1


def test_draws_have_the_models_frequencies() -> None:
    p = np.array([[0.5, 0.0, 0.3, 0.2]]).repeat(20_000, axis=0)
    counts = np.bincount(choose(p, np.random.default_rng(0)), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], [10_000, 6_000, 4_000]).pvalue > 1e-4


def test_whole_things_have_the_models_probabilities() -> None:
    model, tokenizer = counted(order=2, smoothing="mle")
    drawn = Counter(texts(model, tokenizer, n=40_000))
    for text in ("jo", "ann"):
        tokens = [0, *tokenizer.encode(text), 0]
        p = 1.0
        for before, after in itertools.pairwise(tokens):
            p *= model.probabilities(np.array([[before]]))[0, after]
        assert drawn[text] / 40_000 == pytest.approx(p, rel=0.15)


def test_a_seed_gives_the_same_things_and_another_seed_others() -> None:
    model, tokenizer = counted()
    assert texts(model, tokenizer, n=9, seed=3) == texts(model, tokenizer, n=9, seed=3)
    assert texts(model, tokenizer, n=9, seed=3) != texts(model, tokenizer, n=9, seed=4)


def test_a_prefix_begins_every_one_and_is_not_drawn_again() -> None:
    model, tokenizer = counted()
    assert all(text.startswith("jo") for text in texts(model, tokenizer, prefix="jo"))


def test_only_new_and_no_repeats() -> None:
    model, tokenizer = counted(order=2)
    found = sample(
        model, tokenizer, SamplingSettings(n=30, only_new=True, no_repeats=True),
        longest=30, known=lambda text: text in LINES,
    )  # fmt: skip
    made = [drawn.text for drawn in found]
    assert len(made) == 30 == len(set(made))
    assert not set(made) & set(LINES)


def test_what_cannot_be_found_is_not_searched_for_ever() -> None:
    model, tokenizer = counted(("ab",), order=4, smoothing="mle")
    drawn: list[Drawn] = []
    found = sample(
        model, tokenizer, SamplingSettings(n=5, no_repeats=True), longest=9, on_draw=drawn.append
    )
    assert [one.text for one in found] == ["ab"]
    assert len(drawn) == 250


def test_lengths() -> None:
    model, tokenizer = counted()
    made = sample(model, tokenizer, SamplingSettings(n=50, longest=3), longest=30)
    assert max(len(drawn.text) for drawn in made) == 3
    assert any(not drawn.ended for drawn in made)
    assert all(drawn.text for drawn in made)


def test_a_text_goes_on_to_its_length_and_never_ends_itself() -> None:
    text = "to be or not to be\n" * 5
    tokenizer = CharTokenizer.fit([text], boundary=False)
    model = NGram(NGramSettings(order=4), tokenizer.vocabulary).fit(encode_text(text, tokenizer))
    made = sample(model, tokenizer, SamplingSettings(n=3, prefix="to"), longest=40)
    assert [len(drawn.text) for drawn in made] == [40] * 3


def test_counts_without_smoothing_stop_where_the_data_does() -> None:
    text = "abcdefg" * 1
    tokenizer = CharTokenizer.fit([text], boundary=False)
    settings = NGramSettings(order=2, smoothing="mle")
    model = NGram(settings, tokenizer.vocabulary).fit(encode_text(text, tokenizer))
    (made,) = sample(
        model, tokenizer, SamplingSettings(n=1, prefix="c", crop_prefix=True), longest=40
    )
    assert made.text == "cdefg"
    assert not made.ended


def test_what_cannot_be_had_is_an_error_that_says_why() -> None:
    model, tokenizer = counted(order=3)
    with pytest.raises(SettingsError, match="top_k is 99"):
        texts(model, tokenizer, top_k=99)
    with pytest.raises(SamplingError, match="prefix has 4 symbols") as caught:
        texts(model, tokenizer, prefix="joha")
    assert "--crop-prefix" in caught.value.hint
    assert texts(model, tokenizer, n=1, prefix="joha", crop_prefix=True)[0].startswith("joha")
    with pytest.raises(SamplingError, match="longest"):
        texts(model, tokenizer, prefix="jo", longest=2)
    with pytest.raises(UnknownSymbolError, match="'z'"):
        texts(model, tokenizer, prefix="z")
    bare, tokenizer = counted(order=3, smoothing="mle")
    with pytest.raises(SamplingError, match="Nothing ever followed"):
        texts(bare, tokenizer, prefix="ss")
    wrong: list[dict[str, Any]] = [
        {"n": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"n": 10**9},
    ]  # fmt: skip
    for changes in wrong:
        with pytest.raises(SettingsError):
            SamplingSettings(**changes)


def test_what_is_read_for_a_beginning() -> None:
    lines = CharTokenizer.fit(("ab",), boundary=True)
    text = CharTokenizer.fit(("a\nb",), boundary=False)
    assert prompt_of(lines, "").tolist() == [0]
    assert prompt_of(lines, "ab").tolist() == [0, 1, 2]
    assert prompt_of(text, "").tolist() == [text.start] == text.encode("\n").tolist()
    assert prompt_of(text, "ab").tolist() == text.encode("ab").tolist()
    with pytest.raises(UnknownSymbolError):
        prompt_of(lines, "c")
