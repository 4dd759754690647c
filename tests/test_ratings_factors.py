"""Alternating least squares, EASE and popularity against dense solves."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.errors import DataError
from hornbook.ratings.models import ease, ease_sides, factors
from hornbook.ratings.models.ease import EASE, EASESettings
from hornbook.ratings.models.factors import (
    ALS,
    ALSSettings,
    ImplicitALS,
    ImplicitALSSettings,
    solve_clicks,
    solve_ratings,
)
from hornbook.ratings.models.popular import Popular, PopularSettings
from tests.ratings_made import all_users, holds_together, made, matrix

DATA = made()
CLICKS = made(kind="clicks", seed=1)
FEW_ITEMS = made(users=20, items=12, kind="clicks", seed=2)
MORE_ITEMS = made(users=12, items=25, kind="clicks", seed=3)


def test_ratings_are_solved_for_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "NUMBERS", 60)  # few users at a time
    values, mask = matrix(DATA.splits["train"], DATA)
    others = np.random.default_rng(0).normal(size=(len(DATA.items), 4))
    found = solve_ratings(DATA.history, others, 3.1, lambda n: (0.5 + n, 0.3 * n))
    for user in range(len(DATA.users)):
        rated = mask[user] > 0
        n = int(rated.sum())
        if not n:
            assert not found[user].any()
            continue
        a = np.concatenate([np.ones((n, 1)), others[rated, 1:]], axis=1)
        # Ridge regression as least squares with rows for the penalties.
        a = np.concatenate([a, np.diag(np.sqrt([0.5 + n, 0.3 * n, 0.3 * n, 0.3 * n]))])
        b = np.concatenate([values[user, rated] - 3.1 - others[rated, 0], np.zeros(4)])
        np.testing.assert_allclose(found[user], np.linalg.lstsq(a, b)[0], atol=1e-8)


def test_clicks_are_solved_for_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "NUMBERS", 60)
    values, mask = matrix(CLICKS.splits["train"], CLICKS)
    others = np.random.default_rng(0).normal(size=(len(CLICKS.items), 3))
    found = solve_clicks(CLICKS.history, others, 1.5, 0.7)
    for user in range(len(CLICKS.users)):
        root = np.sqrt(1 + 1.5 * values[user])
        a = np.concatenate([others * root[:, None], np.sqrt(0.7) * np.eye(3)])
        b = np.concatenate([mask[user] * root, np.zeros(3)])
        np.testing.assert_allclose(found[user], np.linalg.lstsq(a, b)[0], atol=1e-8)


def test_als_holds_together_and_guests_are_users() -> None:
    settings = ALSSettings(size=3, rounds=8, penalty=0.5, bias_penalty=1)
    model = ALS(settings, DATA.shape).fit(DATA)
    opened = ALS(settings, DATA.shape)
    opened.remember(DATA.history)
    holds_together(model, DATA, opened)
    for user in (3, 7):
        guest = model.guest(*DATA.history[user])
        np.testing.assert_allclose(guest.scores(), model.known(user).scores(), atol=1e-4)
        own = sum(term.value for term in guest.terms(2)) - model.mean - model.item_biases[2]
        pulls = model.known(user).pulls(2)
        assert sum(pull.value for pull in pulls) == pytest.approx(own, abs=1e-3)
    # Whoever has nothing in train gets the biases.
    np.testing.assert_allclose(
        model.scores(all_users(DATA))[-1], model.mean + model.item_biases, atol=1e-6
    )


def test_als_lowers_the_penalised_error_in_each_round() -> None:
    values, mask = matrix(DATA.splits["train"], DATA)
    reached = []
    for rounds in (1, 2, 4):
        settings = ALSSettings(size=3, rounds=rounds, penalty=0.5, penalty_per_rating=0)
        model = ALS(settings, DATA.shape).fit(DATA)
        error = ((values - model.scores(all_users(DATA))) * mask) ** 2
        vectors = (model.user_vectors**2).sum() + (model.item_vectors**2).sum()
        biases = (model.user_biases**2).sum() + (model.item_biases**2).sum()
        reached.append(error.sum() + 0.5 * vectors + 4 * biases)
    assert reached[0] > reached[1] > reached[2]


def test_implicit_als_holds_together_and_guests_are_users() -> None:
    settings = ImplicitALSSettings(size=4, rounds=4, penalty=0.5)
    model = ImplicitALS(settings, CLICKS.shape).fit(CLICKS)
    opened = ImplicitALS(settings, CLICKS.shape)
    opened.remember(CLICKS.history)
    holds_together(model, CLICKS, opened)
    taste = model.known(5)
    guest = model.guest(taste.items, taste.values)
    np.testing.assert_allclose(guest.scores(), taste.scores(), atol=1e-5)
    score = taste.scores()[2]
    assert sum(pull.value for pull in taste.pulls(2)) == pytest.approx(score, abs=1e-5)
    assert not model.guest(taste.items[:0], taste.values[:0]).scores().any()


@pytest.mark.parametrize("small", [0, 4_000])
@pytest.mark.parametrize("data", [FEW_ITEMS, MORE_ITEMS], ids=["items", "users"])
@pytest.mark.parametrize(("exact", "dense"), [(4_096, 32), (0, 0)], ids=["float64", "float32"])
def test_ease_is_the_regression_with_a_zero_diagonal(
    data: object, exact: int, dense: int, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ease, "SMALL", small)
    monkeypatch.setattr(ease_sides, "EXACT", exact)
    monkeypatch.setattr(ease_sides, "DENSE", dense)
    monkeypatch.setattr(ease_sides, "AT_ONCE", 60)  # few columns at a time
    assert isinstance(data, type(DATA))
    _, x = matrix(data.splits["train"], data)
    items, penalty = x.shape[1], 2.5
    weights = np.zeros((items, items))
    for j in range(items):  # each column by itself: ridge regression on all other items
        rest = np.arange(items) != j
        a = x[:, rest]
        weights[rest, j] = np.linalg.solve(a.T @ a + penalty * np.eye(items - 1), a.T @ x[:, j])
    model = EASE(EASESettings(penalty=penalty), data.shape).fit(data)
    close = 1e-5 if exact else 1e-4
    np.testing.assert_allclose(model.scores(all_users(data)), x @ weights, atol=close)
    for item in (0, 3):
        np.testing.assert_allclose(model.weights(item), weights[:, item], atol=close)
    taste = model.known(2)
    pulls = {pull.item: pull.value for pull in taste.pulls(3)}
    assert sum(pulls.values()) == pytest.approx(taste.scores()[3], abs=close)
    assert pulls.keys() == set(taste.items.tolist())
    holds_together(model, data, EASE(EASESettings(penalty=penalty), data.shape))
    np.testing.assert_allclose(model.guest(*data.history[2]).scores(), taste.scores(), atol=1e-6)
    alike = model.alike(3)
    assert alike.argmax() == 3
    other = weights + weights.T
    assert alike[5] == pytest.approx(other[3, 5] / 2, abs=close)


def test_ease_with_few_users_holds_nothing_of_items_squared_and_says_what_it_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert EASE(EASESettings(), MORE_ITEMS.shape).fit(MORE_ITEMS).arrays().keys() == {"weights"}
    assert EASE.still_private(MORE_ITEMS.shape) == ""
    monkeypatch.setattr(ease, "SMALL", 24)
    model = EASE(EASESettings(), MORE_ITEMS.shape).fit(MORE_ITEMS)
    assert "which items each user has" in EASE.still_private(MORE_ITEMS.shape)
    assert EASE.still_private(FEW_ITEMS.shape) == ""
    assert model.arrays()["inverse"].shape == (12, 12)
    assert max(array.size for array in model.arrays().values()) < 25 * 25


def test_ease_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "available_memory", lambda: 1000)
    with pytest.raises(DataError, match=r"a matrix of 12 × 12 \(items\)") as caught:
        EASE(EASESettings(), FEW_ITEMS.shape).fit(FEW_ITEMS)
    assert "item-knn" in caught.value.hint


def test_popular_counts_users() -> None:
    model = Popular(PopularSettings(), CLICKS.shape).fit(CLICKS)
    _, x = matrix(CLICKS.splits["train"], CLICKS)
    np.testing.assert_array_equal(model.scores(all_users(CLICKS))[0], x.sum(0))
    opened = Popular(PopularSettings(), CLICKS.shape)
    opened.remember(CLICKS.history)
    holds_together(model, CLICKS, opened)
