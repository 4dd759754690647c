"""Errors and ranking against slow loops, and figures of scikit-learn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hornbook.errors import DataError
from hornbook.ratings import measures
from hornbook.ratings.data import RatingsData
from hornbook.ratings.evaluation import errors_on, evaluate, ranking_on, report
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.measures import best_items, rank
from hornbook.ratings.models.means import Biases, BiasSettings
from hornbook.ratings.models.popular import Popular, PopularSettings
from tests.ratings_made import made, matrix

DATA = made()
CLICKS = made(kind="clicks", seed=1)

# What sklearn.metrics.ndcg_score gives for k=4 on these scores, user by user (scikit-learn 1.9.1).
RANDOM = np.random.default_rng(3)
SCORES = RANDOM.permutation(6 * 15).reshape(6, 15).astype(np.float32)
WANTED = RANDOM.random((6, 15)) < 0.3
NDCG = [0.0, 0.246302388741, 0.168127536271, 0.0, 0.246302388741, 0.0]


def clicked(mask: npt.NDArray[Any]) -> Interactions:
    users, items = (one.astype(np.int32) for one in np.nonzero(mask))
    return Interactions(users, items, np.ones(len(users), np.float32))


def test_ndcg_is_that_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "AT_ONCE", 31)  # two users at a time
    found = rank(lambda users: SCORES[users], clicked(WANTED).by_user(6), None, 15, k=4)
    np.testing.assert_allclose(found.by_user, NDCG, atol=1e-10)
    assert found.users.tolist() == [0, 1, 2, 3, 4, 5]


def test_ranking_is_that_of_a_slow_loop() -> None:
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, (9, 30)).astype(np.float32)  # many ties
    wanted, known = random.random((9, 30)) < 0.2, random.random((9, 30)) < 0.4
    wanted[4], known[6] = False, True  # nothing to find, nothing to recommend
    known[7, 3:] = True  # three candidates
    found = rank(
        lambda users: scores[users], clicked(wanted).by_user(9), clicked(known).by_user(9), 30, 5
    )
    recalls, plain, gains, seen = [], [], [], set()
    for user in range(9):
        candidates = [item for item in range(30) if not known[user, item]]
        best = sorted(candidates, key=lambda item: (-scores[user, item], item))[:5]
        relevant = [item for item in candidates if wanted[user, item]]
        if wanted[user].any():
            seen |= set(best)
        if not relevant:
            continue
        hits = [item in relevant for item in best]
        recalls.append(sum(hits) / min(5, len(relevant)))
        plain.append(sum(hits) / len(relevant))
        most = sum(1 / math.log2(place + 2) for place in range(min(5, len(relevant))))
        gains.append(sum(hit / math.log2(at + 2) for at, hit in enumerate(hits)) / most)
    np.testing.assert_allclose(found.recalls, recalls)
    np.testing.assert_allclose(found.by_user, gains)
    assert found.plain_recall == pytest.approx(np.mean(plain))
    assert found.ndcg == pytest.approx(np.mean(gains))
    assert found.recall == pytest.approx(np.mean(recalls))
    assert found.coverage == len(seen) / 30
    interval = found.interval()
    assert interval is not None
    assert found.ndcg in interval


def test_the_best_are_in_order_and_ties_go_to_the_lower_number() -> None:
    scores = np.array([[1, 3, 3, 2, 3], [np.nan, -np.inf, 1, np.inf, 0]], np.float32)
    assert best_items(scores, 2).tolist() == [[1, 2], [3, 2]]
    assert best_items(scores, 4).tolist() == [[1, 2, 4, 3], [3, 2, 4, -1]]
    assert best_items(scores, 7).tolist() == [[1, 2, 4, 3, 0, -1, -1], [3, 2, 4, -1, -1, -1, -1]]
    assert best_items(np.zeros((2, 0), np.float32), 1).tolist() == [[-1], [-1]]


@pytest.mark.parametrize("crowd", [0, 1, 64])
def test_the_best_are_those_of_a_sort(crowd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "CROWD", crowd)
    random = np.random.default_rng(0)
    for digits, items in ((0, 300), (1, 300), (4, 129), (0, 5)):
        scores = random.normal(size=(4, items)).round(digits).astype(np.float32)
        scores[random.random(scores.shape) < 0.1] = -np.inf
        scores[random.random(scores.shape) < 0.1] = np.nan
        scores[0, 1], scores[1] = np.inf, -np.inf
        for row, found in zip(scores, best_items(scores, 10), strict=True):
            order = sorted(np.flatnonzero(row > -np.inf), key=lambda one: (-row[one], one))[:10]
            assert found.tolist() == [*order, *[-1] * (10 - len(order))]


def test_errors_of_ratings() -> None:
    model = Biases(BiasSettings(), DATA.shape).fit(DATA)
    rows = DATA.splits["test"]
    errors = errors_on(model, DATA, "test")
    away = model.predict(rows.users, rows.items) - rows.values
    assert errors.mse == pytest.approx((away**2).mean())
    assert errors.rmse == pytest.approx((away**2).mean() ** 0.5)
    assert errors.mae == pytest.approx(np.abs(away).mean())
    interval = errors.interval()
    assert interval is not None
    assert errors.rmse in interval
    _, mask = matrix(DATA.splits["train"], DATA)
    unseen = [not mask[user].any() for user in rows.users]
    assert errors.unseen_users == sum(unseen) > 0
    assert errors.unseen_items == sum(not mask[:, item].any() for item in rows.items) > 0


def test_a_split_is_evaluated_whole_or_in_part() -> None:
    model = Biases(BiasSettings(), DATA.shape).fit(DATA)
    whole = evaluate(model, DATA, "dev")
    assert whole.predictions == DATA.sizes["dev"]
    assert set(whole.measures) == {"rmse", "mse", "mae"}
    assert evaluate(model, DATA, "dev", limit=7).predictions == 7
    told = report(model, DATA)
    assert list(told) == ["train", "dev", "test"]
    figures = told["dev"].as_dict()
    assert figures["rmse"] == whole.measures["rmse"]
    low, high = figures["rmse_low"], figures["rmse_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < whole.measures["rmse"] < high


def test_clicks_are_ranked() -> None:
    model = Popular(PopularSettings(), CLICKS.shape).fit(CLICKS)
    whole = evaluate(model, CLICKS, "test")
    assert set(whole.measures) == {"ndcg", "recall", "coverage"}
    assert whole.predictions == CLICKS.sizes["test"]
    assert 0 < len(ranking_on(model, CLICKS, "test", limit=10).users) < 10
    told = report(model, CLICKS)
    assert told["test"].as_dict()["ndcg"] == whole.measures["ndcg"]
    # On train itself, what is known is what is to be found.
    assert ranking_on(model, CLICKS, "train").relevant.sum() == CLICKS.sizes["train"]


def test_nothing_to_rank_is_said() -> None:
    rows = CLICKS.splits["train"]
    again = RatingsData(
        "again", "again", "clicks", {"train": rows, "dev": rows}, CLICKS.users, CLICKS.items
    )
    with pytest.raises(DataError, match="cannot be measured on dev"):
        evaluate(Popular(PopularSettings(), again.shape).fit(again), again, "dev")
