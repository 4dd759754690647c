"""Intervals by the bootstrap: against theory, and against a slow loop."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.statistics import Interval, difference_interval, ratio_interval


def test_the_interval_of_a_mean_is_about_two_standard_errors() -> None:
    values = np.random.default_rng(1).normal(3, 2, 900)
    found = ratio_interval(values, draws=2_000)
    error = values.std() / 30
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.012)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.012)
    assert values.mean() in found


def test_groups_are_drawn_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hornbook.statistics.AT_ONCE", 21)  # three draws at a time
    sums, weights = np.array([4.0, 9, 0, 2, 7, 1, 3]), np.array([1.0, 3, 0, 2, 2, 1, 9])
    found = ratio_interval(sums, weights, of=np.sqrt, draws=200, seed=5)
    kept = weights > 0
    rows = np.random.default_rng(5).integers(0, 6, (200, 6))
    slow = []
    for draw in rows:
        total = sum(sums[kept][i] for i in draw)
        slow.append((total / sum(weights[kept][i] for i in draw)) ** 0.5)
    low, high = np.quantile(slow, [0.025, 0.975])
    assert found == Interval(float(low), float(high), 0.95)
    assert found == ratio_interval(sums, weights, of=np.sqrt, draws=200, seed=5)


def test_a_difference_is_paired() -> None:
    random = np.random.default_rng(0)
    shared = random.normal(0, 5, 400)
    better = shared + 0.2 + random.normal(0, 0.5, 400)
    found = difference_interval(better, shared)
    assert found.low > 0.1
    assert found.high < 0.3
    alone = ratio_interval(better)
    assert alone.high - alone.low > 4 * (found.high - found.low)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="no group"):
        ratio_interval([])
    with pytest.raises(ValueError, match=r"both must be \(groups,\)"):
        ratio_interval([1, 2], [1])
    with pytest.raises(ValueError, match="to compare them with"):
        difference_interval([1, 2], [1])
