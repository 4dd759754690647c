"""The plain models of labels, held against scikit-learn's on the same features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from hornbook.errors import RunError, SettingsError
from hornbook.pairs.data import PairData
from hornbook.pairs.gradient_case import made_up
from hornbook.pairs.models.log_linear import LogLinear, LogLinearSettings
from hornbook.pairs.models.naive_bayes import NaiveBayes, NaiveBayesSettings
from hornbook.pairs.models.ngram_features import NgramFeatures
from hornbook.pairs.models.ngram_labeller import held_out_fifth

DATA = made_up(3, labels=True, pairs=90)


def vectorized(data: PairData, longest: int, least: int = 1) -> tuple[Any, Any]:
    """scikit-learn's counts of train and dev, with # as the boundary."""
    texts = {split: [f"#{text}#" for text in data.side(split).sources] for split in data.sizes}
    counter = CountVectorizer(analyzer="char", ngram_range=(1, longest), lowercase=False)
    train, dev = counter.fit_transform(texts["train"]), counter.transform(texts["dev"])
    often = np.flatnonzero(np.asarray(train.sum(0)).ravel() >= least)
    return train[:, often], dev[:, often]


@pytest.mark.parametrize(("longest", "least"), [(1, 1), (3, 1), (4, 3), (9, 1)])
def test_counts_are_scikit_learns(longest: int, least: int) -> None:
    features = NgramFeatures(DATA.shape.source.size, longest)
    own = features.fit(DATA.sources("train"), least)
    train, dev = vectorized(DATA, longest, least)
    assert features.size == train.shape[1]
    weights = np.random.default_rng(0).normal(size=(features.size, 2))
    for counts, theirs in ((own, train), (features.count(DATA.sources("dev")), dev)):
        dense = counts.times(np.eye(features.size))
        # Columns are in another order: each is held by what it counts in all texts.
        assert sorted(map(tuple, dense.T.tolist())) == sorted(map(tuple, theirs.toarray().T))
        np.testing.assert_allclose(counts.times(weights), dense @ weights, rtol=1e-12)
        right = np.random.default_rng(1).normal(size=(len(counts), 3))
        np.testing.assert_allclose(counts.transposed_times(right), dense.T @ right, atol=1e-12)
        some = np.array([4, 0, 4])
        np.testing.assert_array_equal(counts.take(some).times(np.eye(features.size)), dense[some])


def probabilities(model: NaiveBayes | LogLinear, split: str) -> npt.NDArray[np.float64]:
    return np.exp(model.log_probabilities(DATA.sources(split)))


@pytest.mark.parametrize("added", [0.05, 1.0])
def test_naive_bayes_is_scikit_learns(added: float) -> None:
    model = NaiveBayes(NaiveBayesSettings(longest=3, added=added), DATA.shape)
    model.fit(DATA)
    train, dev = vectorized(DATA, 3)
    theirs = MultinomialNB(alpha=added).fit(train, DATA.numbers("train"))
    np.testing.assert_allclose(probabilities(model, "dev"), theirs.predict_proba(dev), rtol=1e-9)


@pytest.mark.parametrize("ridge", [0.3, 3.0])
def test_the_log_linear_model_is_scikit_learns(ridge: float) -> None:
    model = LogLinear(LogLinearSettings(longest=3, ridge=ridge), DATA.shape)
    model.fit(DATA)
    train, dev = vectorized(DATA, 3)
    theirs = LogisticRegression(C=1 / ridge, tol=1e-8, max_iter=2_000)
    theirs.fit(train.astype(np.float64), DATA.numbers("train"))
    np.testing.assert_allclose(probabilities(model, "dev"), theirs.predict_proba(dev), atol=1e-4)


@pytest.mark.parametrize("kind", [NaiveBayes, LogLinear])
def test_what_is_left_open_is_chosen_on_a_fifth_of_train(kind: Any) -> None:
    chosen, known = kind(kind.Settings(longest=2), DATA.shape), []
    chosen.fit(DATA)
    name = "added" if kind is NaiveBayes else "ridge"
    values = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0) if kind is NaiveBayes else (
        30.0, 10.0, 3.0, 1.0, 0.3, 0.1
    )  # fmt: skip
    for value in values:
        model = kind(kind.Settings.from_dict({"longest": 2, name: value}), DATA.shape)
        model.fit(DATA)
        known.append(np.allclose(model.weights, chosen.weights, atol=1e-4))
    assert sum(known) == 1


def test_the_fifth_parts_no_text() -> None:
    texts = np.arange(200) % 40
    held = held_out_fifth(texts)
    assert held.sum() == 40
    assert not {t for t, h in zip(texts, held, strict=True) if h} & {
        t for t, h in zip(texts, held, strict=True) if not h
    }
    assert not held_out_fifth(np.array([0, 1] * 20)).any()


@pytest.mark.parametrize("kind", [NaiveBayes, LogLinear])
def test_damaged_arrays_are_told(kind: Any) -> None:
    model = kind(kind.Settings(longest=2), DATA.shape)
    model.fit(DATA)
    arrays = model.arrays()
    kind(kind.Settings(longest=2), DATA.shape).load_arrays(arrays)
    for name, value in (
        ("ngrams.2", arrays["ngrams.2"][::-1].copy()),
        ("ngrams.1", arrays["ngrams.1"] + 99),
        ("weights", arrays["weights"][1:]),
        ("bias", arrays["bias"] * np.nan),
        ("temperature", np.zeros((2,))),
    ):
        with pytest.raises(RunError, match="do not match"):
            kind(kind.Settings(longest=2), DATA.shape).load_arrays({**arrays, name: value})


def test_a_text_without_a_known_n_gram_gets_the_shares_of_the_labels() -> None:
    model = NaiveBayes(NaiveBayesSettings(longest=1, added=1.0), DATA.shape)
    model.fit(DATA)
    model.features.keys[0] = model.features.keys[0][:0]
    model.weights = model.weights[:0]
    shares = np.bincount(DATA.numbers("train")) / DATA.sizes["train"]
    found = probabilities(model, "dev")
    np.testing.assert_allclose(found, np.tile(shares, (len(found), 1)))


def test_n_grams_that_are_too_rare_are_refused() -> None:
    model = NaiveBayes(NaiveBayesSettings(least=10**6), DATA.shape)
    with pytest.raises(SettingsError, match="No n-gram occurs 1,000,000 times"):
        model.fit(DATA)
