"""Verdicts on differences: against SciPy where one kind of luck is alone, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.verdict_errors import World, errors
from hornbook.experiments.compare.significance import (
    KindRuns,
    corrected,
    difference,
    errors_aside,
)
from hornbook.tasks import Grouped


def runs(*values: float, groups: int = 4) -> tuple[Grouped, ...]:
    """Runs that have the same figure on every group."""
    ones = np.ones(groups)
    return tuple(Grouped(value * ones, ones, "made up") for value in values)


def test_without_seeds_it_is_the_paired_t_test() -> None:
    random = np.random.default_rng(1)
    one, other = random.normal(3, 1, 40), random.normal(3.2, 1, 40)
    samples = [KindRuns((Grouped(v, np.ones(40), "rows"),), seeded=False) for v in (one, other)]
    found = difference(*samples)
    wanted = stats.ttest_rel(one, other)
    assert found.p == pytest.approx(wanted.pvalue, rel=1e-9)
    ends = wanted.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-8)
    assert found.seeds == 0


def test_where_examples_are_alike_it_is_welchs_t_test() -> None:
    one, other = (2.0, 2.3, 2.6, 1.9), (2.9, 3.0, 3.4)
    found = difference(KindRuns(runs(*one)), KindRuns(runs(*other)))
    wanted = stats.ttest_ind(one, other, equal_var=False)
    assert found.value == pytest.approx(np.mean(one) - np.mean(other))
    assert found.freedom == int(wanted.df)
    error = abs(found.value / wanted.statistic)
    assert found.seeds == pytest.approx(error)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(wanted.statistic), int(wanted.df)))


def test_variances_of_both_add_up() -> None:
    random = np.random.default_rng(2)
    sums, ones = random.normal(5, 1, (2, 3, 50)), np.ones(50)
    one, other = (KindRuns(tuple(Grouped(s, ones, "rows") for s in kind)) for kind in sums)
    found = difference(one, other)
    apart = sums[0].mean(0) - sums[1].mean(0)
    assert found.examples == pytest.approx(apart.std(ddof=1) / math.sqrt(50))
    figures = sums.mean(2)
    spread = math.sqrt((figures.var(1, ddof=1) / 3).sum())
    assert found.seeds == pytest.approx(spread)
    error = math.hypot(found.examples, spread)
    reach = stats.t.ppf(0.975, found.freedom) * error
    assert found.high - found.value == pytest.approx(reach, rel=1e-7)


def test_a_root_is_compared_as_a_root() -> None:
    squares, counts = np.array([[4.0, 9, 1], [1, 4, 9]]), np.array([1.0, 2, 3])
    one, other = (KindRuns((Grouped(s, counts, "users", root=True),), False) for s in squares)
    assert difference(one, other).value == pytest.approx(one.figure - other.figure)
    assert one.figure == pytest.approx(math.sqrt(14 / 6))


def test_one_seed_of_a_net_tells_of_these_runs_only() -> None:
    found = difference(KindRuns(runs(1.0)), KindRuns(runs(2.0), seeded=False))
    assert found.seeds is None
    assert "of these runs" in found.verdict


def test_one_group_tells_nothing() -> None:
    found = difference(KindRuns(runs(1.0, groups=1)), KindRuns(runs(2.0, groups=1)))
    assert math.isnan(found.p)
    assert "cannot be told" in found.verdict
    assert not corrected([found])[0].sure


def test_other_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="4 groups, and 5"):
        difference(KindRuns(runs(1.0)), KindRuns(runs(1.0, groups=5)))


def test_several_are_corrected_and_what_cannot_be_told_counts_for_none() -> None:
    random = np.random.default_rng(3)
    ones = np.ones(30)
    samples = [
        KindRuns((Grouped(random.normal(at, 1, 30), ones, "rows"),), False) for at in (0, 0.6, 3)
    ]
    two = [difference(samples[0], samples[1]), difference(samples[1], samples[2])]
    lone = difference(KindRuns(runs(1.0, groups=1)), KindRuns(runs(2.0, groups=1)))
    found = corrected([lone, *two])
    assert found[1].corrected == pytest.approx(max(two[0].p, 2 * two[1].p))
    assert found[2].corrected == pytest.approx(2 * two[1].p)
    assert math.isnan(found[0].corrected)


def test_a_mean_over_seeds_has_an_interval_of_both() -> None:
    lone = KindRuns(runs(1.0, 2.0))
    assert lone.interval is not None
    assert 0 == lone.interval.low < 1.5 < lone.interval.high  # it cannot be below 0
    assert KindRuns(runs(1.0)).interval == runs(1.0)[0].interval


@pytest.mark.parametrize("spread", [0.02, 0.5])
def test_verdicts_err_no_more_often_than_they_say(spread: float) -> None:
    chance, naive, _, held, found = errors(World(30, 3, spread), 300)
    # Of 300 repetitions, 5 % are 15 ± 3.8.
    assert chance <= 0.05 + 2.5 * 0.0126
    assert held >= 0.95 - 2.5 * 0.0126
    assert found > 0.4  # and they do tell what is there
    if spread == 0.5:
        assert naive > 0.3  # looking at examples alone would not do


def test_two_seeds_are_taken_with_more_caution() -> None:
    two = difference(KindRuns(runs(1.0, 1.1)), KindRuns(runs(1.5, 1.7)))
    error = math.sqrt(0.05**2 + 0.1**2)
    assert two.seeds == pytest.approx(error)
    assert two.freedom == 1
    assert two.p == pytest.approx(3 * 2 * stats.t.sf(0.55 / error, 1))
    assert two.high - two.value == pytest.approx(stats.t.ppf(1 - 0.025 / 3, 1) * error)
    assert two.few
    assert two.verdict.endswith(", two seeds)")
    assert errors_aside(2) == pytest.approx(stats.t.ppf(1 - 0.025 / 3, 1))
    assert errors_aside(3) == pytest.approx(stats.t.ppf(0.975, 2))


@pytest.mark.parametrize(
    ("figures", "too_few"),
    [((1.0, 1.1), True), ((1.0, 1.00001), False), ((1.0, 1.1, 1.2), False), ((1.0,), False)],
)
def test_two_seeds_far_apart_are_too_few_for_an_interval(
    figures: tuple[float, ...], too_few: bool
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 40)
    made = KindRuns(tuple(Grouped(at + noise, np.ones(40), "rows") for at in figures))
    assert made.too_few == too_few
    other = KindRuns((Grouped(3 + noise[::-1], np.ones(40), "rows"),), seeded=False)
    assert difference(made, other).few == (len(figures) == 2)
    assert "two seeds" not in difference(made, other).verdict or too_few  # of what is sure, no word
