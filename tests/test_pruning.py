"""Pruned n-grams have the probabilities that the slow definition gives them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hornbook
from hornbook.errors import RunError, SettingsError
from hornbook.runs.events import Event, Warned
from hornbook.text.corpus import load_corpus
from hornbook.text.models.ngram import NGram, NGramSettings
from hornbook.text.stream import encode_lines
from hornbook.tokenizers.characters import CharTokenizer
from tests.command import typed
from tests.kneser_ney_reference import KneserNey
from tests.test_ngram import (
    by_the_book,
    corpora,
    sequences_of,
    some,
    some_contexts,
    stream_of,
    tokenizer_of,
    windows,
)

thresholds = st.lists(st.integers(0, 3), max_size=4).map(lambda some: (0, *sorted(some)))


@some
@given(corpora, st.integers(1, 5), thresholds)
def test_it_is_the_slow_definition(
    corpus: list[str] | str, order: int, prune: tuple[int, ...]
) -> None:
    prune = prune[:order]
    vocabulary = tokenizer_of(corpus).vocabulary
    model = NGram(NGramSettings(order=order, prune=prune), vocabulary).fit(stream_of(corpus))
    bounded = vocabulary.boundary is not None
    reference = KneserNey(
        sequences_of(corpus), order, vocabulary.size, boundary=bounded, prune=prune
    )
    seen, targets = windows(stream_of(corpus), model.block_size)
    contexts = np.concatenate([some_contexts(vocabulary.size, model.block_size, 0, n=20), seen])
    p = model.probabilities(contexts)
    np.testing.assert_allclose(p, by_the_book(reference, contexts), rtol=0, atol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-12)
    losses = model.token_losses(seen, targets)
    expected = -np.log(p[len(p) - len(seen) :][np.arange(len(seen)), targets])
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    again = NGram(model.settings, vocabulary)
    again.load_arrays(model.arrays())
    np.testing.assert_array_equal(again.probabilities(contexts), p)
    left = {gram for gram, times in reference.times.items() if gram not in reference.gone}
    assert model.n_parameters == len(left)


def test_it_is_the_slow_definition_with_estimated_discounts() -> None:
    names = load_corpus("names").lines[:1_500]
    tokenizer = CharTokenizer.fit(names, boundary=True)
    model = NGram(NGramSettings(order=4, prune=(0, 0, 1)), tokenizer.vocabulary)
    model.fit(encode_lines(tuple(names), tokenizer))
    assert model.fallbacks == (1,)  # letters: none occurs once, or twice
    examples = [[0, *tokenizer.encode(word).tolist(), 0] for word in names]
    reference = KneserNey(examples, 4, tokenizer.vocab_size, boundary=True, prune=(0, 0, 1))
    contexts, _ = windows(encode_lines(tuple(names[:30]), tokenizer), 3)
    np.testing.assert_allclose(
        model.probabilities(contexts), by_the_book(reference, contexts), rtol=0, atol=1e-12
    )
    whole = NGram(NGramSettings(order=4), tokenizer.vocabulary)
    whole.fit(encode_lines(tuple(names), tokenizer))
    assert model.n_parameters < 0.7 * whole.n_parameters


@pytest.mark.parametrize(
    ("prune", "told"),
    [
        ((1,), "begins with 1"),
        ((0, 2, 1), "falls: 0 2 1"),
        ((0, 0, 0, 1), "has 4 numbers"),
    ],
)
def test_thresholds_that_mean_nothing_are_refused(prune: tuple[int, ...], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        NGramSettings(order=3, prune=prune)
    with pytest.raises(SettingsError, match="`prune` has no effect here"):
        NGramSettings(order=3, smoothing="mle", prune=(0, 1))


def test_arrays_that_do_not_fit_are_refused() -> None:
    vocabulary = tokenizer_of(["ab"]).vocabulary
    model = NGram(NGramSettings(order=3, prune=(0, 1)), vocabulary)
    model.fit(stream_of(["abab", "ab", "cab"]))
    arrays = model.arrays()
    for name, wrong in (
        ("whole.1", arrays["whole.1"] * 0),
        ("whole.1", arrays["whole.1"][:-1]),
        ("numbers.0", arrays["numbers.0"][:-1]),
        ("numbers.0", -arrays["numbers.0"]),
    ):
        with pytest.raises(RunError):
            NGram(model.settings, vocabulary).load_arrays({**arrays, name: wrong})
    with pytest.raises(RunError):
        NGram(NGramSettings(order=3), vocabulary).load_arrays(arrays)


def test_fixed_discounts_are_told_in_training_and_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("\n".join(["abc", "bcd", "cda"] * 40) + "\n")
    events: list[Event] = []
    run = hornbook.train("a.txt", model="ngram", settings={"order": 3}, baseline=False,
                         listen=events.append, mode="lines")  # fmt: skip
    (told,) = [event.message for event in events if isinstance(event, Warned)]
    assert "of orders 1, 2 and 3 cannot be estimated" in told
    assert "0.5, 1 and 1.5" in told
    assert run.summary.remarks == (told,)
    status, out, _ = typed(capsys, "inspect", str(run.path))
    assert status == 0
    assert "cannot be estimated" in " ".join(out.split())


def test_a_command_prunes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ("train", "names", "--model", "ngram", "--order", "4")
    sizes = []
    for name, more in (("whole", ()), ("less", ("--prune", "0", "0", "1"))):
        status, _, err = typed(capsys, *line, "--out", name, *more)
        assert status == 0, err
        sizes.append(json.loads(Path(name, "summary.json").read_text())["parameters"])
    assert sizes[1] < 0.8 * sizes[0]
    assert list(hornbook.runs.Run(Path("less")).sample(n=2))
