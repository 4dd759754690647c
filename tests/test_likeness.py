"""Distances of lengths and tokens, against SciPy and what they are without each text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from hornbook.statistics import left_out_interval
from hornbook.text.likeness import lengths_apart, likeness, tokens_apart

DRAW = np.random.default_rng(0)
SOME = [DRAW.integers(0, 9, size=n) for n in DRAW.integers(0, 12, size=25)]
LENGTHS = DRAW.integers(0, 15, size=200)
COUNTS = DRAW.integers(0, 50, size=9)


def test_lengths_are_as_far_apart_as_scipy_says() -> None:
    own = np.array([len(ids) for ids in SOME])

    def distance(lengths: npt.NDArray[np.int64]) -> float:
        return float(stats.wasserstein_distance(lengths, LENGTHS))

    found = lengths_apart(own, LENGTHS)
    assert found.distance == pytest.approx(distance(own))
    without = [distance(np.delete(own, place)) for place in range(len(own))]
    expected = left_out_interval(found.distance, without)
    assert found.interval is not None
    assert expected is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    assert lengths_apart(LENGTHS, LENGTHS).distance == 0
    assert lengths_apart(own[:1], LENGTHS).interval is None


def test_tokens_are_as_far_apart_as_their_shares() -> None:
    def distance(texts: list[npt.NDArray[np.int64]]) -> float:
        counts = np.bincount(np.concatenate(texts), minlength=9)
        return float(np.abs(counts / counts.sum() - COUNTS / COUNTS.sum()).sum() / 2)

    found = tokens_apart(SOME, COUNTS)
    assert found.distance == pytest.approx(distance(SOME))
    without = [distance(SOME[:place] + SOME[place + 1 :]) for place in range(len(SOME))]
    expected = left_out_interval(found.distance, without, most=1.0)
    assert found.interval is not None
    assert expected is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    nothing = [np.zeros(0, np.int64)] * 2
    assert tokens_apart(nothing, COUNTS).distance == pytest.approx(0.5)


def test_texts_that_are_cut_have_no_distance_of_lengths() -> None:
    assert likeness(SOME, None, COUNTS).lengths is None
    assert likeness(SOME, LENGTHS, COUNTS).mean_length == np.mean([len(ids) for ids in SOME])
