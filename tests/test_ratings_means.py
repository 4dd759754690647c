"""Means and biases against dense solves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hornbook.errors import RunError, SettingsError
from hornbook.ratings.models.means import Biases, BiasSettings, Mean, Means, MeanSettings
from hornbook.ratings.models.means import MeansSettings as Shrinkage
from tests.ratings_made import holds_together, made, matrix

DATA = made()
TRAIN = DATA.splits["train"]


def test_the_mean_is_the_mean() -> None:
    model = Mean(MeanSettings(), DATA.shape).fit(DATA)
    values, mask = matrix(TRAIN, DATA)
    assert model.mean == pytest.approx(values.sum() / mask.sum())
    holds_together(model, DATA, Mean(MeanSettings(), DATA.shape))
    assert len(model.known(0).terms(0)) == 1


def test_means_are_shrunk() -> None:
    model = Means(Shrinkage(user_shrinkage=2, item_shrinkage=7), DATA.shape).fit(DATA)
    values, mask = matrix(TRAIN, DATA)
    mean = values.sum() / mask.sum()
    over = (values - mean) * mask
    np.testing.assert_allclose(model.user_biases, over.sum(1) / (mask.sum(1) + 2), atol=1e-6)
    np.testing.assert_allclose(model.item_biases, over.sum(0) / (mask.sum(0) + 7), atol=1e-6)
    holds_together(model, DATA, Means(Shrinkage(2, 7), DATA.shape))
    guest = model.guest(*DATA.history[3])
    np.testing.assert_allclose(guest.scores(), model.known(3).scores(), atol=1e-5)


def test_biases_are_the_ridge_regression() -> None:
    model = Biases(BiasSettings(user_penalty=2.5, item_penalty=0.7), DATA.shape).fit(DATA)
    users, items = len(DATA.users), len(DATA.items)
    design = np.zeros((len(TRAIN), users + items))
    design[np.arange(len(TRAIN)), TRAIN.users] = 1
    design[np.arange(len(TRAIN)), users + TRAIN.items] = 1
    penalty = np.diag([2.5] * users + [0.7] * items)
    over = TRAIN.values - TRAIN.values.mean(dtype=np.float64)
    solved = np.linalg.solve(design.T @ design + penalty, design.T @ over)
    np.testing.assert_allclose(model.user_biases, solved[:users], atol=1e-5)
    np.testing.assert_allclose(model.item_biases, solved[users:], atol=1e-5)
    assert model.user_biases[-1] == model.item_biases[-1] == 0
    holds_together(model, DATA, Biases(BiasSettings(), DATA.shape))
    guest = model.guest(*DATA.history[3])
    np.testing.assert_allclose(guest.scores(), model.known(3).scores(), atol=1e-5)


@pytest.mark.parametrize("settings", [Shrinkage(0, 0), BiasSettings(0, 0)])
def test_no_shrinkage_is_allowed(settings: Any) -> None:
    kind: Any = Means if isinstance(settings, Shrinkage) else Biases
    model = kind(settings, DATA.shape).fit(DATA)
    assert np.isfinite(model.scores(np.arange(len(DATA.users)))).all()


def test_penalties_are_chosen_on_rows_held_out_of_train() -> None:
    data = made(users=60, items=30)
    tuned = Biases(BiasSettings(tune=True), data.shape).fit(data)
    assert tuned.chosen != (5.0, 3.0)
    again = Biases(BiasSettings(*tuned.chosen), data.shape).fit(data)
    np.testing.assert_array_equal(tuned.item_biases, again.item_biases)
    # What was chosen is kept: guests are folded in with it.
    opened = Biases(BiasSettings(tune=True), data.shape)
    opened.load_arrays(tuned.arrays())
    assert opened.chosen == tuned.chosen


def test_what_is_damaged_is_refused() -> None:
    model = Biases(BiasSettings(), DATA.shape).fit(DATA)
    arrays = model.arrays()
    without = {name: one for name, one in arrays.items() if name != "mean"}
    shorter = {**arrays, "user_biases": arrays["user_biases"][1:]}
    infinite = {**arrays, "item_biases": np.full_like(arrays["item_biases"], np.nan)}
    for wrong in (without, shorter, infinite):
        with pytest.raises(RunError, match="damaged, or belong to another run"):
            model.load_arrays(wrong)


def test_nothing_tells_items_apart() -> None:
    with pytest.raises(SettingsError, match="does not know which items are alike"):
        Means(Shrinkage(), DATA.shape).fit(DATA).alike(0)
