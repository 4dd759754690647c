"""Temperature, top-k and top-p against their definitions; draws against their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hornbook.text.next_token import choose, shape_probabilities

logits_of = st.lists(st.floats(-8, 8), min_size=3, max_size=9).map(lambda x: np.array([x]))


@given(logits_of, st.floats(0.1, 5))
@settings(deadline=None)
def test_temperature_divides_logits(logits: Any, t: float) -> None:
    p = shape_probabilities(logits, temperature=t)
    expected = np.exp(logits / t) / np.exp(logits / t).sum()
    np.testing.assert_allclose(p, expected, rtol=1e-9)


@given(logits_of, st.integers(1, 9))
@settings(deadline=None)
def test_top_k_keeps_exactly_the_k_likeliest(logits: Any, k: int) -> None:
    p = shape_probabilities(logits, top_k=k)
    kept = np.flatnonzero(p[0])
    assert len(kept) == min(k, logits.shape[1])
    assert logits[0, kept].min() >= np.delete(logits[0], kept).max(initial=-np.inf)
    assert p.sum() == pytest.approx(1)


@given(logits_of, st.floats(0.01, 0.999))
@settings(deadline=None)
def test_top_p_keeps_the_fewest_that_reach_the_mass(logits: Any, mass: float) -> None:
    whole = shape_probabilities(logits)[0]
    kept = np.flatnonzero(shape_probabilities(logits, top_p=mass)[0])
    assert whole[kept].sum() >= mass - 1e-12
    assert whole[kept].sum() - whole[kept].min() < mass + 1e-12


@given(logits_of)
@settings(deadline=None)
def test_temperature_zero_takes_the_likeliest(logits: Any) -> None:
    p = shape_probabilities(logits, temperature=0)
    assert p.tolist() == [np.eye(logits.shape[1])[logits[0].argmax()].tolist()]


def test_draws_have_the_frequencies_of_their_probabilities() -> None:
    p = np.array([[0.5, 0.0, 0.3, 0.2]]).repeat(20_000, axis=0)
    counts = np.bincount(choose(p, np.random.default_rng(0)), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], [10_000, 6_000, 4_000]).pvalue > 1e-4
