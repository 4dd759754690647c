"""Samples as they are drawn: against those of the first sampler, and the model's figures."""

from __future__ import annotations

import itertools
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
import torch

from hornbook.errors import SamplingError, SettingsError, UnknownTokenError
from hornbook.text import samples, sampling
from hornbook.text.batch_sampling import Places
from hornbook.text.corpus import Splits, load_corpus, split_corpus
from hornbook.text.models.contract import LanguageModel
from hornbook.text.models.gpt import GPT, GPTSettings
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.next_token import shape_probabilities
from hornbook.text.novelty import Novelty
from hornbook.text.samples import Sample
from hornbook.text.sampling import Samples, SamplingSettings, sample
from hornbook.text.stream import encode_lines, encode_split, encode_text
from hornbook.tokenizers.characters import CharTokenizer
from hornbook.tokenizers.contract import Tokenizer

LINES = ("anna", "hanna", "johanna", "ann", "jo", "joan", "hans", "johann")
TEXT = "to be or not to be\nthat is the question\n" * 5
LINES_DATA = Novelty(Splits("lines", LINES, (), ()))
TEXT_DATA = Novelty(Splits("text", (TEXT,), (), ()))


def counted(lines: tuple[str, ...] = LINES, **changes: Any) -> tuple[NGram, Tokenizer]:
    tokenizer = CharTokenizer.fit(lines, boundary=True)
    stream = encode_lines(lines, tokenizer)
    return NGram(NGramSettings(**changes), tokenizer.vocabulary).fit(stream), tokenizer


def counted_text(text: str = TEXT, **changes: Any) -> tuple[NGram, Tokenizer]:
    tokenizer = CharTokenizer.fit([text], boundary=False)
    stream = encode_text(text, tokenizer)
    return NGram(NGramSettings(**changes), tokenizer.vocabulary).fit(stream), tokenizer


def drawn_from(
    made: tuple[LanguageModel, Tokenizer],
    novelty: Novelty | None = None,
    longest: int = 30,
    **changes: Any,
) -> Samples:
    return sample(*made, SamplingSettings(**changes), longest=longest, novelty=novelty)


def texts(made: tuple[LanguageModel, Tokenizer], *rest: Any, **changes: Any) -> list[str]:
    return [one.text for one in drawn_from(made, *rest, **changes)]


# ---- the draws are those of the first sampler, which drew everything before it gave anything ----


@cache
def bundled(name: str, order: int) -> tuple[NGram, Tokenizer, Novelty]:
    splits = split_corpus(load_corpus(name))
    everything = [text for split in ("train", "dev", "test") for text in splits[split]]
    tokenizer = CharTokenizer.fit(everything, boundary=splits.mode == "lines")
    model = NGram(NGramSettings(order=order), tokenizer.vocabulary)
    return model.fit(encode_split(splits, "train", tokenizer)), tokenizer, Novelty(splits)


NAMES: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"n": 5}, "89dec81f91cca093", ["mosalandylena", "de", "artnaimyah", "ana", "rus"]),
    ({"n": 40}, "9e7fc358996902ca", ["mcketheon", "danca", "aniyah"]),
    ({"n": 6, "temperature": 0.5, "seed": 1}, "e9f8f839b743bc7f", ["jenestin", "sandrey"]),
    ({"n": 6, "top_k": 3, "seed": 2}, "08a161aba6fd9702", ["alee", "aleen", "mariana"]),
    ({"n": 6, "top_p": 0.6, "seed": 3}, "0bb0638218edc376", ["amaryanna", "dara", "mar"]),
    ({"n": 6, "prefix": "an", "seed": 4}, "42bf56c33b9484b4", ["anuravijomequanna", "ani"]),
    ({"n": 6, "only_new": True, "seed": 5}, "55be60bd1395a0a4", ["roiir", "ko", "hornx"]),
    ({"n": 40, "no_repeats": True, "top_k": 3, "seed": 6}, "59fbadc79bda3223", ["kaylee", "anah"]),
    ({"n": 30, "only_new": True, "no_repeats": True, "top_p": 0.5, "seed": 7}, "a5eac53eb6ae2555",
     ["jaydia", "darrella"]),
    ({"n": 6, "longest": 4, "seed": 8}, "a847acf92607136e", ["elen", "zahi", "eisy"]),
    ({"n": 20_000, "seed": 9}, "a28f3b2122d01ed1", ["samiellari", "elena", "lilyn"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected", "first"), NAMES, ids=[str(x[0]) for x in NAMES])
def test_a_seed_gives_the_names_that_it_always_gave(
    changes: dict[str, Any], expected: str, first: list[str]
) -> None:
    model, tokenizer, novelty = bundled("names", 4)
    found = texts((model, tokenizer), novelty, **changes)
    assert found[: len(first)] == first
    assert sha256("\n".join(found).encode()).hexdigest()[:16] == expected


POEMS: list[tuple[dict[str, Any], list[str]]] = [
    ({"n": 1}, [
        "秋夜。\n茶雨相見語，誠\n都。\n\n過渠房手。\n淚磔治大，，素猿粗木入舊業已求鞍馬散",
    ]),
    ({"n": 2, "prefix": "春", "seed": 2}, [
        "春寒賜相塞夜火桐月，採徑，強欲何初與禪棄，關遙窺正任緣關山清暮含笑。\n心星臨眺鬢",
        "春彭人茫。\n\n終德舟。\n綠顧胡人非近是無曉耕秋帆周。\n行，血天兼信難棲省食畏發列",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), POEMS)
def test_a_seed_gives_the_texts_that_it_always_gave(
    changes: dict[str, Any], expected: list[str]
) -> None:
    model, tokenizer, _ = bundled("tang", 3)
    assert texts((model, tokenizer), longest=40, **changes) == expected


# ---- what is drawn ----


@pytest.mark.parametrize("temperature", [1e-300, 5e-324, 1e-40])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e30])
def test_a_tiny_temperature_is_as_zero(temperature: float, kind: Any, scale: float) -> None:
    logits = np.array([[1, 3, 2, -np.inf], [5, -1, 0, 4]], dtype=kind) * kind(scale)
    found = shape_probabilities(logits, temperature=temperature)
    assert np.array_equal(found, shape_probabilities(logits, temperature=0))


def test_temperature_zero_takes_the_likeliest() -> None:
    assert len(set(texts(counted(order=3), n=20, temperature=0.0))) == 1


def test_whole_samples_have_the_models_probabilities() -> None:
    model, tokenizer = counted(order=2, smoothing="mle")
    drawn = Counter(texts((model, tokenizer), n=40_000))
    for text in ("jo", "ann"):
        tokens = [0, *tokenizer.encode(text), 0]
        p = 1.0
        for before, after in itertools.pairwise(tokens):
            p *= model.probabilities(np.array([[before]]))[0, after]
        assert drawn[text] / 40_000 == pytest.approx(p, rel=0.15)


def test_a_seed_gives_the_same_samples_and_another_seed_others() -> None:
    made = counted()
    assert texts(made, n=9, seed=3) == texts(made, n=9, seed=3)
    assert texts(made, n=9, seed=3) != texts(made, n=9, seed=4)


def test_a_prefix_begins_every_one_and_is_not_drawn_again() -> None:
    assert all(text.startswith("jo") for text in texts(counted(), prefix="jo"))


def test_lengths() -> None:
    made = list(drawn_from(counted(), n=50, longest=3))
    assert max(len(one.text) for one in made) == 3
    assert any(not one.ended for one in made)
    assert all(one.text for one in made)


def test_a_text_goes_on_to_its_length_and_never_ends_itself() -> None:
    made = list(drawn_from(counted_text(order=4), n=3, prefix="to", longest=40))
    assert [(len(one.text), one.ended) for one in made] == [(40, False)] * 3


def test_counts_without_smoothing_stop_where_the_data_does() -> None:
    bare = counted_text("abcdefg", order=2, smoothing="mle")
    (made,) = drawn_from(bare, n=1, prefix="c", crop_prefix=True)
    assert made == Sample("cdefg", ended=False)


def test_only_new_and_no_repeats() -> None:
    made = texts(counted(order=2), LINES_DATA, n=30, only_new=True, no_repeats=True)
    assert len(made) == 30 == len(set(made))
    assert not set(made) & set(LINES)


def test_where_samples_stand_is_told_and_counted() -> None:
    samples = drawn_from(counted(order=5), LINES_DATA, n=200)
    made = list(samples)
    assert {one.origin for one in made} == {"train", "new"}
    assert all((one.origin == "train") == (one.text in LINES) for one in made)
    counts = Counter(one.origin for one in made)
    assert samples.shares == {
        "train": counts["train"] / 200, "dev": 0, "test": 0, "new": counts["new"] / 200,
    }  # fmt: skip
    assert made[0].longest_copy is None
    assert "longest_copy" not in made[0].as_dict()
    (made_text,) = drawn_from(counted_text(order=4), TEXT_DATA, n=1)
    copied = TEXT_DATA.longest_copy(made_text.text)
    assert made_text.longest_copy == made_text.as_dict()["longest_copy"] == copied > 0


# ---- in what order it comes ----


class Trace:
    """Which step of the places each example came at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps, step = 0, Places.step

        def counting(places: Places) -> None:
            self.steps += 1
            step(places)

        monkeypatch.setattr(Places, "step", counting)


def test_a_sample_comes_as_soon_as_those_before_it_have(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace(monkeypatch)
    seen = [(one.text, trace.steps) for one in drawn_from(counted(), n=20, seed=1)]
    # Each is over a step after its last letter, and waits for those before it at most.
    least = itertools.accumulate((len(text) + 1 for text, _ in seen), max)
    assert [steps for _, steps in seen] == list(least)
    assert seen[0][1] < seen[-1][1]


@pytest.mark.parametrize("text", [False, True])
def test_pieces_come_token_by_token_and_join_to_the_samples(
    monkeypatch: pytest.MonkeyPatch, text: bool
) -> None:
    made, novelty = (counted_text(), TEXT_DATA) if text else (counted(), LINES_DATA)
    changes: dict[str, Any] = {"n": 7, "seed": 2, "prefix": "to" if text else "jo"}
    whole = list(drawn_from(made, novelty, **changes))
    trace, found, joined = Trace(monkeypatch), list[Sample](), ""
    for piece in drawn_from(made, novelty, **changes).pieces():
        joined += piece.text
        if not found and piece.sample is None:  # of the first each token comes at its step
            assert len(joined) == len("jo") + trace.steps
        if piece.sample is not None:
            assert joined == piece.sample.text
            found.append(piece.sample)
            joined = ""
    assert found == whole
    assert not joined


def test_pieces_and_samples_can_take_turns() -> None:
    made = counted_text()
    whole = texts(made, n=4)
    samples = drawn_from(made, n=4)
    pieces = samples.pieces()
    begun = next(pieces).text + next(pieces).text
    assert whole[0].startswith(begun)
    assert len(begun) == 2
    assert next(samples).text == whole[0]  # the whole of it, though some was told
    last = [piece.text for piece in samples.pieces()]
    assert "".join(last) == "".join(whole[1:])


def test_what_may_be_refused_comes_whole() -> None:
    samples = drawn_from(counted(), LINES_DATA, n=5, only_new=True)
    assert all(
        piece.sample is not None and piece.text == piece.sample.text for piece in samples.pieces()
    )


class Halves(CharTokenizer):
    """Every second token completes the one before it, as bytes do a character."""

    def decoder(self, *, begins: bool = True) -> Any:
        whole = super().decoder()

        class Held:
            held = ""

            def push(self, token: int) -> str:
                self.held += whole.push(token)
                if len(self.held) < 2:
                    return ""
                told, self.held = self.held, ""
                return told

            def end(self) -> str:
                return self.held + whole.end()

        return Held()


@pytest.mark.parametrize("longest", [6, 7])
def test_what_a_decoder_holds_back_is_told_at_the_end(longest: int) -> None:
    model, _ = counted_text()
    tokenizer = Halves.fit([TEXT], boundary=False)
    pieces = list(drawn_from((model, tokenizer), n=1, longest=longest, prefix="t").pieces())
    assert all(piece.text for piece in pieces[:-1])
    assert pieces[-1].sample is not None
    assert "".join(piece.text for piece in pieces) == pieces[-1].sample.text
    assert len(pieces[-1].sample.text) == longest


# ---- how it ends ----


def test_samples_are_an_iterator_as_a_file_is() -> None:
    made = counted()
    samples = drawn_from(made, n=9)
    assert (samples.asked, samples.kept, samples.drawn, samples.ended_because) == (9, 0, 0, None)
    first = [one.text for one in itertools.islice(samples, 4)]
    assert (samples.kept, samples.ended_because) == (4, None)
    assert first + [one.text for one in samples] == texts(made, n=9)
    assert list(samples) == []
    assert list(samples.pieces()) == []
    assert (samples.kept, samples.ended_because, samples.shortfall) == (9, "complete", "")


def test_no_more_is_drawn_than_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace(monkeypatch)
    samples = drawn_from(counted_text(), n=1, longest=10_000)
    pieces = samples.pieces()
    for _ in range(5):
        next(pieces)
    assert trace.steps == 5
    samples.close()
    assert samples.ended_because == "stopped"
    assert next(samples, None) is None
    unused = drawn_from(counted(), n=1)
    unused.close()
    assert unused.ended_because == "stopped"
    assert list(unused) == []


def test_an_interruption_keeps_what_came_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counted()
    whole = texts(made, n=30)
    steps, step = itertools.count(), Places.step

    def interrupted(places: Places) -> None:
        if next(steps) == 7:
            raise KeyboardInterrupt
        step(places)

    monkeypatch.setattr(Places, "step", interrupted)
    samples, kept = drawn_from(made, n=30), list[str]()
    with pytest.raises(KeyboardInterrupt):
        kept.extend(one.text for one in samples)
    assert 0 < samples.kept < 30
    assert kept == whole[: samples.kept]
    assert list(samples) == []
    assert (samples.ended_because, samples.shortfall) == ("stopped", "")


@pytest.mark.parametrize("by_token", [False, True])
def test_nothing_stays_changed_while_samples_wait(by_token: bool) -> None:
    model, tokenizer = counted()
    inside = [0]

    @contextmanager
    def stepping(count: int) -> Iterator[None]:
        inside[0] += 1
        try:
            yield
        finally:
            inside[0] -= 1

    model.stepping = stepping  # type: ignore[method-assign]
    samples = drawn_from((model, tokenizer), n=5)
    for _ in samples.pieces() if by_token else samples:
        assert inside == [0]


def test_threads_are_as_they_were_between_samples() -> None:
    tokenizer = CharTokenizer.fit(LINES, boundary=True)
    net = GPT(GPTSettings(block_size=4, n_layer=1, n_embd=8, n_head=1), tokenizer.vocabulary)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        one, other = (drawn_from((net, tokenizer), n=1).pieces() for _ in range(2))
        for _ in zip(one, other, strict=False):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_what_cannot_be_found_is_not_searched_for_ever() -> None:
    samples = drawn_from(counted(("ab",), order=4, smoothing="mle"), n=5, no_repeats=True)
    assert [one.text for one in samples] == ["ab"]
    assert (samples.drawn, samples.ended_because) == (250, "draws used up")
    assert samples.shortfall.startswith("Only 1 of the 5 samples asked for were found in 250 draws")


CERTAIN: list[tuple[dict[str, Any], str]] = [
    ({"temperature": 0.0}, "temperature=0"),
    ({"top_k": 1}, "top_k=1"),
    ({"top_p": 0.01}, "top_p=0.01"),
]


@pytest.mark.parametrize(("changes", "setting"), CERTAIN)
def test_where_every_draw_is_the_same_no_other_is_searched(
    changes: dict[str, Any], setting: str
) -> None:
    made = counted(order=3)
    (always,) = set(texts(made, n=50, **changes))
    samples = drawn_from(made, n=10**6, no_repeats=True, **changes)
    assert [one.text for one in samples] == [always]
    assert (samples.drawn, samples.ended_because) == (1, "nothing else possible")
    assert f"with `{setting}` every draw is the same, and there is no other" in samples.shortfall
    known = Novelty(Splits("lines", (always,), (), ()))
    samples = drawn_from(made, known, n=10**6, only_new=True, **changes)
    assert list(samples) == []
    assert (samples.drawn, samples.ended_because) == (1, "nothing else possible")
    assert "None of the 1,000,000" in samples.shortfall
    assert "occurs in the data" in samples.shortfall
    # A new one is always new, so there are as many as are asked for.
    samples = drawn_from(made, Novelty(Splits("lines", ("x",), (), ())), n=9, only_new=True,
                         **changes)  # fmt: skip
    assert [one.text for one in samples] == [always] * 9
    assert samples.ended_because == "complete"


@pytest.mark.parametrize("top_p", [0.2, 0.5, 1.0])
def test_only_what_is_certain_is_called_so(top_p: float) -> None:
    logits = np.zeros((1, 5))  # the flattest there are: one token has a fifth
    p = shape_probabilities(logits, top_p=0.199)
    assert np.count_nonzero(p) == 1
    assert SamplingSettings(top_p=0.199).certainty(5) == "top_p=0.199"
    assert not SamplingSettings(top_p=top_p).certainty(5)
    assert not SamplingSettings(temperature=0.01, top_k=2).certainty(5)


# ---- how much room it takes ----


def endless() -> tuple[NGram, Tokenizer]:
    return counted_text("ab" * 50, order=2)


def side_by_side(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many places there are at each step."""
    found, step = list[int](), Places.step

    def noting(places: Places) -> None:
        found.append(places.tokens.places)
        step(places)

    monkeypatch.setattr(Places, "step", noting)
    return found


def test_as_many_are_side_by_side_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = endless()
    found = side_by_side(monkeypatch)
    list(drawn_from(made, n=7, longest=3))
    assert found == [7] * 3
    found.clear()
    monkeypatch.setattr(sampling, "AT_ONCE", 5)
    list(drawn_from(made, n=7, longest=3))
    assert found == [5] * 3 + [2] * 3
    found.clear()
    monkeypatch.setattr(sampling, "LOGITS", 8)  # of 2 tokens
    list(drawn_from(made, n=7, longest=3))
    assert found == [4] * 3 + [3] * 3
    found.clear()
    monkeypatch.setattr(sampling, "TOKENS", 9)
    list(drawn_from(made, n=7, longest=3))
    assert found == [3] * 6 + [1] * 3
    found.clear()
    list(drawn_from(made, n=2, longest=30))
    assert found == [1] * 60  # one there always is


def test_what_a_model_remembers_limits_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = CharTokenizer.fit(["abc"], boundary=False)
    settings = GPTSettings(block_size=16, n_layer=2, n_embd=8, n_head=1)
    made = GPT(settings, tokenizer.vocabulary), tokenizer
    row = 16 * 2 * 2 * 8 * 4  # bytes: positions, layers, keys and values, features, float32
    found = side_by_side(monkeypatch)
    texts(made, n=7, longest=20)
    assert found == [7] * 20
    found.clear()
    monkeypatch.setattr(sampling, "STATE", 4 * row)
    texts(made, n=7, longest=20)
    assert found == [4] * 20 + [3] * 20
    found.clear()
    texts(made, n=7, longest=4)  # of a short one there is less to remember
    assert found == [7] * 4


def peak(made: tuple[NGram, Tokenizer], novelty: Novelty, **changes: Any) -> int:
    """Bytes that drawing takes at most, when nobody keeps what was drawn."""
    tracemalloc.start()
    for _ in drawn_from(made, novelty, **changes):
        pass
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_does_not_grow_with_how_many_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "AT_ONCE", 64)
    monkeypatch.setattr(samples, "MOST", 64)
    made = counted(order=2)
    peak(made, LINES_DATA, n=64)
    few, many = (peak(made, LINES_DATA, n=n) for n in (100, 1_000))
    assert many < 1.2 * few
    # What must be known again takes some bytes each: the set, and a number of 64 bits.
    repeats = peak(made, LINES_DATA, n=500, no_repeats=True)
    assert repeats < few + 500 * 150


def test_memory_does_not_grow_with_the_longest_sample() -> None:
    made = counted()
    few, many = (peak(made, LINES_DATA, n=100, longest=longest) for longest in (100, 100_000))
    assert many < 1.2 * few


def test_memory_of_what_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "TOKENS", 2**12)
    monkeypatch.setattr(samples, "MOST", 4)
    made = endless()
    novelty = Novelty(Splits("lines", ("ab",), (), ()))
    peak(made, novelty, n=8, longest=200)  # what is loaded and kept at the first call
    few, many = (peak(made, novelty, n=n, longest=200) for n in (16, 64))
    # The first sampler kept them all: 8 · 48 · 200 bytes more.
    assert many < few + 3 * 2**12


# ---- what cannot be had ----


def test_what_cannot_be_had_is_an_error_that_says_why() -> None:
    made = counted(order=3)
    with pytest.raises(SettingsError, match="`top_k` is 99"):
        drawn_from(made, top_k=99)
    with pytest.raises(SamplingError, match="prefix has 4 tokens") as caught:
        drawn_from(made, prefix="joha")
    assert "`crop_prefix`" in caught.value.hint
    assert texts(made, n=1, prefix="joha", crop_prefix=True)[0].startswith("joha")
    with pytest.raises(SamplingError, match="longest"):
        drawn_from(made, prefix="jo", longest=2)
    with pytest.raises(UnknownTokenError, match="'z'"):
        drawn_from(made, prefix="z")
    with pytest.raises(SettingsError, match="only_new"):
        drawn_from(made, only_new=True)
    with pytest.raises(SamplingError, match="was never followed by anything"):
        drawn_from(counted(order=3, smoothing="mle"), prefix="ss")
    wrong: list[dict[str, Any]] = [
        {"n": 0}, {"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"n": 10**9},
    ]  # fmt: skip
    for changes in wrong:
        with pytest.raises(SettingsError):
            SamplingSettings(**changes)
