"""Item neighbours against slow loops over dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

from hornbook.errors import RunError
from hornbook.ratings.models import likeness
from hornbook.ratings.models.item_knn import ItemKNN, ItemKNNSettings
from hornbook.ratings.models.neighbours import KNN, KNNSettings
from tests.ratings_made import Dense, all_users, holds_together, made, matrix

DATA = made()
CLICKS = made(kind="clicks", seed=1)
SETTINGS = KNNSettings(
    neighbours=4, kept=30, shrinkage=5, least=3, damping=0.2, user_penalty=2, item_penalty=1
)


def correlations(left: Dense, mask: Dense) -> Dense:
    items = left.shape[1]
    found = np.zeros((items, items))
    for i in range(items):
        for j in range(items):
            both = (mask[:, i] * mask[:, j]) > 0
            a, b, n = left[both, i], left[both, j], both.sum()
            if i != j and n >= 3 and (a @ a) * (b @ b) > 0:
                found[i, j] = a @ b / np.sqrt((a @ a) * (b @ b)) * (n - 1) / (n - 1 + 5)
    return found


def expected(model: KNN) -> Dense:
    values, mask = matrix(DATA.splits["train"], DATA)
    base = model.mean + model.user_biases[:, None] + model.item_biases
    left = (values - base) * mask
    like = correlations(left, mask)
    found = np.asarray(base, np.float64).copy()
    for u, i in np.ndindex(found.shape):
        rated = [j for j in np.argsort(-like[i], kind="stable") if mask[u, j] and like[i, j] > 0]
        used = rated[:4]
        total = sum(like[i, j] for j in used) + 0.2
        found[u, i] += sum(like[i, j] * left[u, j] for j in used) / total
    return found


def test_ratings_are_baselines_and_what_neighbours_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(likeness, "PAIRS", 7)  # few users at a time
    model = KNN(SETTINGS, DATA.shape).fit(DATA)
    np.testing.assert_allclose(model.scores(all_users(DATA)), expected(model), atol=1e-5)


def test_a_knn_holds_together() -> None:
    model = KNN(SETTINGS, DATA.shape).fit(DATA)
    holds_together(model, DATA, KNN(SETTINGS, DATA.shape))
    guest = model.guest(*DATA.history[3])
    np.testing.assert_allclose(guest.scores(), model.known(3).scores(), atol=1e-5)
    taste = model.known(3)
    near = taste.terms(5)[-1].value
    assert sum(pull.value for pull in taste.pulls(5)) == pytest.approx(near)
    assert {pull.item for pull in taste.pulls(5)} <= set(taste.items.tolist())
    assert model.alike(5).argmax() == 5
    assert len(model.guest(taste.items[:0], taste.values[:0]).pulls(5)) == 0


@pytest.mark.parametrize(("power", "rarity", "idf"), [(0.5, 0.0, False), (0.3, 1.0, True)])
def test_clicks_are_sums_of_likeness(power: float, rarity: float, idf: bool) -> None:
    settings = ItemKNNSettings(neighbours=3, shrinkage=2, popularity=power, rarity=rarity, idf=idf)
    model = ItemKNN(settings, CLICKS.shape).fit(CLICKS)
    _, x = matrix(CLICKS.splits["train"], CLICKS)
    weighted = x / np.maximum(x.sum(1, keepdims=True), 1) ** (rarity / 2)
    if idf:
        own = x.sum(1, keepdims=True)
        weighted = weighted * np.log(np.maximum(x.shape[1] / (1 + own), 1)) / np.log(x.shape[1])
    products = weighted.T @ weighted
    totals = np.where(products.diagonal() > 0, products.diagonal(), 1)
    like = products / (totals[:, None] ** (1 - power) * totals[None, :] ** power + 2)
    np.fill_diagonal(like, 0)
    kept = np.zeros_like(like)
    for item, row in enumerate(like):
        best = np.argsort(-row, kind="stable")[:3]
        kept[item, best] = row[best]
    np.testing.assert_allclose(model.scores(all_users(CLICKS)), x @ kept, atol=1e-5)
    holds_together(model, CLICKS, ItemKNN(settings, CLICKS.shape))
    taste = model.known(4)
    best_item = int(taste.scores().argmax())
    pulls = taste.pulls(best_item)
    assert sum(pull.value for pull in pulls) == pytest.approx(taste.scores()[best_item])
    assert model.alike(best_item).argmax() == best_item


def test_neighbours_that_are_out_of_range_are_refused() -> None:
    model = ItemKNN(ItemKNNSettings(), CLICKS.shape).fit(CLICKS)
    arrays = model.arrays()
    wrong = {**arrays, "neighbours": arrays["neighbours"] + len(CLICKS.items)}
    with pytest.raises(RunError, match="a neighbour is out of range"):
        model.load_arrays(wrong)
    wrong = {**arrays, "likeness": arrays["likeness"][:-1]}
    with pytest.raises(RunError, match="damaged"):
        model.load_arrays(wrong)
