"""Intervals over groups: against SciPy, against theory, and by how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hornbook.statistics import (
    Interval,
    difference_interval,
    ends_of,
    holm,
    p_value,
    ratio_interval,
    standard_error,
    t_quantile,
    wilson,
)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_quantiles_of_t_are_those_of_scipy(level: float) -> None:
    for freedom in (*range(1, 30), 199, 200, 201, 1_000, 10**6):
        assert t_quantile(level, freedom) == pytest.approx(
            stats.t.ppf((1 + level) / 2, freedom), rel=1e-8
        )


def test_the_interval_of_a_difference_of_means_is_that_of_a_paired_t_test() -> None:
    random = np.random.default_rng(1)
    for groups in (2, 3, 10, 300):
        one, other = random.normal(3, 2, (2, groups))
        found = difference_interval(one, other)
        wanted = stats.ttest_rel(one, other).confidence_interval(0.95)
        assert found is not None
        assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), rel=1e-7)


def test_the_jackknife_leaves_out_whole_groups() -> None:
    sums, weights = np.array([4.0, 9, 5, 2, 7, 1, 3]), np.array([1.0, 3, 0, 2, 2, 1, 9])
    kept = weights > 0
    s, w = sums[kept], weights[kept]
    slow = [np.log(np.sqrt(np.delete(s, i).sum() / np.delete(w, i).sum())) for i in range(6)]
    reach = stats.t.ppf(0.975, 5) * np.sqrt(5 / 6 * np.square(slow - np.mean(slow)).sum())
    found = ratio_interval(sums, weights, of=np.sqrt)
    figure = np.sqrt(s.sum() / w.sum())
    assert found is not None
    assert found.low == pytest.approx(figure / np.exp(reach))
    assert found.high == pytest.approx(figure * np.exp(reach))
    assert standard_error([1.0, 2, 6]) == pytest.approx(stats.sem([1.0, 2, 6]))


@pytest.mark.parametrize("groups", [2, 3, 5, 10])
def test_intervals_over_few_groups_hold_the_true_figure_nearly_as_often_as_they_say(
    groups: int,
) -> None:
    random = np.random.default_rng(groups)
    held = apart = 0
    for _ in range(400):
        rows = np.exp(random.normal(3, 0.7, groups)).round()
        spread = np.exp(random.normal(0, 0.5, groups))
        one, other = spread * random.chisquare(rows, (2, groups))
        found, difference = ratio_interval(one, rows), difference_interval(one, other, rows)
        assert found is not None
        assert difference is not None
        held += np.exp(0.125) in found
        apart += 0 in difference
    assert held / 400 > 0.88  # of 95 %; the percentile bootstrap holds it in 47 to 85
    assert apart / 400 > 0.91


def test_one_group_tells_nothing_of_others() -> None:
    assert ratio_interval([3.0]) is None
    assert ratio_interval([3.0, 1.0], [2.0, 0.0]) is None
    assert difference_interval([3.0], [4.0]) is None
    assert np.isnan(standard_error([3.0]))
    assert ends_of(None, "rmse") == {}


def test_ends_are_within_what_a_figure_can_be() -> None:
    share = ratio_interval([0.2, 0.9], most=1)
    assert share is not None
    assert 0 < share.low < 0.55
    assert share.high == 1
    one_has_all = ratio_interval([0.0, 9.0], of=np.sqrt)
    assert one_has_all is not None
    assert one_has_all.low == 0
    nothing = ratio_interval([0.0, 0.0, 0.0])
    assert nothing is not None
    assert (nothing.low, nothing.high) == (0, 0)


def test_a_difference_is_paired() -> None:
    random = np.random.default_rng(0)
    shared = random.normal(0, 5, 400)
    better = shared + 0.2 + random.normal(0, 0.5, 400)
    found = difference_interval(better, shared)
    assert found is not None
    assert found.low > 0.1
    assert found.high < 0.3
    alone = ratio_interval(better)
    assert alone is not None
    assert alone.high - alone.low > 4 * (found.high - found.low)


def test_what_has_no_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="no group"):
        ratio_interval([])
    with pytest.raises(ValueError, match=r"both must be \(groups,\)"):
        ratio_interval([1, 2], [1])
    with pytest.raises(ValueError, match="to compare them with"):
        difference_interval([1, 2], [1])


@pytest.mark.parametrize("freedom", [1, 2, 7, 200, 201, 10_000, 10_001, 10**6])
def test_p_values_are_those_of_scipy(freedom: int) -> None:
    for t in (0.0, 0.3, -1.0, 1.96, 4.0):
        wanted = 2 * stats.t.sf(abs(t), freedom)
        assert p_value(3 * t, 3.0, freedom) == pytest.approx(wanted, rel=1e-5, abs=1e-13)
    assert 0 <= p_value(1.0, 1e-9, freedom) < 1e-6


def test_what_never_varies_is_no_chance() -> None:
    assert p_value(0.0, 0.0, 3) == 1
    assert p_value(0.1, 0.0, 3) == 0


def test_holm_is_that_of_the_paper() -> None:
    # Of p = 0.01, 0.02, 0.03, 0.04: 4 · 0.01, 3 · 0.02, then never less than the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_holm_rejects_step_by_step_as_it_is_defined() -> None:
    random = np.random.default_rng(5)
    for _ in range(50):
        chances = random.random(7) ** 3
        rejected, found = set(), holm(list(chances))
        for place, at in enumerate(np.argsort(chances)):  # stop at the first that is kept
            if chances[at] > 0.05 / (7 - place):
                break
            rejected.add(at)
        assert {at for at, one in enumerate(found) if one <= 0.05} == rejected


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (80, 100)])
def test_the_interval_of_a_share_is_wilsons(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(n, hits / n) == pytest.approx((expected.low, expected.high), abs=2e-5)
    assert hits / n in Interval(*wilson(n, hits / n))
