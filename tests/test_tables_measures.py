"""Figures of predictions: each against scikit-learn's, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from hornbook.tables.measures import NumberErrors
from hornbook.tasks.scores import ClassScores, blocks_of, paired_interval

RANDOM = np.random.default_rng(0)


def test_errors_are_scikit_learns() -> None:
    target = RANDOM.random(200) + 0.5
    predicted = target + RANDOM.normal(size=200) * 0.1
    found = NumberErrors(None, predicted, target).as_dict()
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(target, predicted))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(target, predicted))
    assert found["r2"] == pytest.approx(metrics.r2_score(target, predicted))
    assert found["mape"] == pytest.approx(metrics.mean_absolute_percentage_error(target, predicted))
    share = np.sqrt((((predicted - target) / target) ** 2).mean())
    assert found["rmspe"] == pytest.approx(share)
    assert NumberErrors(None, predicted, target, relative=True).figure == pytest.approx(share)


def test_shares_need_targets_above_0() -> None:
    errors = NumberErrors(None, np.array([1.0, 2.0]), np.array([0.0, 2.0]))
    assert {"rmspe", "mape"}.isdisjoint(errors.as_dict())
    assert "r2" not in NumberErrors(None, np.array([1.0, 2.0]), np.ones(2)).as_dict()


@pytest.mark.parametrize("classes", [2, 4])
def test_scores_are_scikit_learns(classes: int) -> None:
    target = RANDOM.integers(0, classes, 300)
    logits = RANDOM.normal(size=(300, classes)).round(1)  # so that there are ties
    logits[np.arange(300), target] += 1
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    found = ClassScores(None, shares, target).as_dict()
    assert found["loss"] == pytest.approx(metrics.log_loss(target, shares))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(target, shares.argmax(1)))
    if classes == 2:
        assert found["auc"] == pytest.approx(metrics.roc_auc_score(target, shares[:, 1]))
    assert ("auc" in found) == (classes == 2)


def test_calibration_is_0_where_shares_are_right() -> None:
    shares = np.tile([0.75, 0.25], (400, 1))
    target = (np.arange(400) % 4 == 0).astype(np.int64)
    assert ClassScores(None, shares, target).calibration_error == pytest.approx(0)
    assert ClassScores(None, shares, 0 * target).calibration_error == pytest.approx(0.25)


def test_an_impossible_class_is_dear_but_finite() -> None:
    scores = ClassScores(None, np.array([[1.0, 0.0]]), np.array([1]))
    assert 30 < scores.figure < 40


def test_intervals_over_groups_are_wider_where_groups_differ() -> None:
    groups = np.repeat(np.arange(20), 50).astype(np.int32)
    errors = np.repeat(RANDOM.normal(size=20), 50) + RANDOM.normal(size=1000) * 0.1
    over_rows = NumberErrors(None, errors, np.zeros(1000)).interval
    over_groups = NumberErrors(groups, errors, np.zeros(1000)).interval
    assert over_rows is not None
    assert over_groups is not None
    assert over_groups.high - over_groups.low > 2 * (over_rows.high - over_rows.low)


def test_very_many_rows_are_drawn_in_blocks_of_the_same_spread() -> None:
    errors = np.random.default_rng(1).normal(size=20_000)
    interval = NumberErrors(None, errors, np.zeros(20_000)).interval
    assert interval is not None
    assert len(np.unique(blocks_of(20_000, None))) == 1_000
    # The standard error of the root mean square of n normal values is 1 / sqrt(2 n).
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / np.sqrt(40_000), rel=0.15)


def test_a_paired_difference_sees_what_two_intervals_do_not() -> None:
    random = np.random.default_rng(1)  # its own, whatever ran before it
    target = random.normal(size=500) * 10
    errors = random.normal(size=500)
    one = NumberErrors(None, target + errors, target)
    other = NumberErrors(None, target + 1.05 * errors, target)
    assert one.interval is not None
    assert other.interval is not None
    assert one.interval.high > other.interval.low
    apart = paired_interval(other, one)
    assert apart is not None
    assert 0 < apart.low < 0.05 < apart.high


@pytest.mark.parametrize("classes", [2, 5])
def test_f1_and_confusion_are_scikit_learns(classes: int) -> None:
    random = np.random.default_rng(0)  # its own, whatever ran before it
    target = random.integers(0, classes, 200)
    target[target == classes - 1] = 0  # a class that is never there
    shares = random.dirichlet(np.ones(classes), 200)
    scores, guessed = ClassScores(None, shares, target), shares.argmax(1)
    labels = list(range(classes))
    expected = metrics.f1_score(target, guessed, labels=labels, average="macro", zero_division=0)
    assert scores.macro_f1 == pytest.approx(expected)
    np.testing.assert_array_equal(
        scores.confusion, metrics.confusion_matrix(target, guessed, labels=labels)
    )


def test_the_interval_of_f1_is_the_jackknifes() -> None:
    random = np.random.default_rng(0)
    target, shares = random.integers(0, 3, 60), random.dirichlet(np.ones(3), 60)
    scores, guessed = ClassScores(None, shares, target), shares.argmax(1)
    left = np.array([
        metrics.f1_score(np.delete(target, at), np.delete(guessed, at), labels=[0, 1, 2],
                         average="macro", zero_division=0)
        for at in range(60)
    ])  # fmt: skip
    error = np.sqrt(59 / 60 * np.square(left - left.mean()).sum())
    interval = scores.macro_f1_interval
    assert interval is not None
    assert interval.high - interval.low == pytest.approx(2 * 2.001 * error, rel=1e-3)
    assert scores.accuracy_interval is not None
    assert float((guessed == target).mean()) in scores.accuracy_interval
