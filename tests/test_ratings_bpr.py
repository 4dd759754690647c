"""Clicks: negatives, the loss against torch's, and guests against a minimiser of SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp

from hornbook.ratings.batches import ClickBatches
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.models.bpr import Bpr
from hornbook.ratings.models.contract import Shape
from hornbook.training import TrainingSettings
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer
from tests.referee import close, gradients

USERS, ITEMS = 8, 12


def clicks() -> Interactions:
    """Even users click even items, odd ones odd ones, two of three."""
    pairs = [(u, i) for u in range(USERS) for i in range(ITEMS) if u % 2 == i % 2 and (u + i) % 3]
    users, items = np.array(pairs, np.int32).T
    return Interactions(users, items, np.ones(len(users), np.float32))


def made(**settings: Any) -> Bpr:
    net = Bpr(
        Bpr.Settings.from_dict({"n_factors": 3, **settings}),
        Shape(USERS, ITEMS, len(clicks())),
        torch.Generator().manual_seed(1),
    )
    net.remember(clicks().by_user(USERS))
    return net


def batches(**how: Any) -> ClickBatches:
    return ClickBatches(clicks(), ITEMS, **{"batch_size": 6, "negatives": 4, "seed": 1, **how})


def test_negatives_are_seldom_clicks_and_a_function_of_the_batchs_number() -> None:
    source = batches(negatives=3)
    held = {(u, i) for u, i in zip(clicks().users, clicks().items, strict=True)}
    drawn = [next(source) for _ in range(40)]
    pairs = [(u, j) for b in drawn for u, row in zip(b[0], b[2], strict=True) for j in row]
    assert len(pairs) == 40 * 6 * 3
    assert sum(pair in held for pair in pairs) < 0.03 * len(pairs)  # a third would be by chance
    assert {j for _, j in pairs} == set(range(ITEMS))
    source.cursor = 7
    for mine, theirs in zip(next(source), drawn[7], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    part, share = drawn[0].part(0, 2)
    assert part[2].shape == (3, 3)
    assert share == 0.5


@pytest.mark.parametrize("sparse", ["always", "never"])
def test_gradients_by_hand_are_autograds(sparse: str) -> None:
    net, data = made(l2=0.2, l2_bias=0.1, sparse=sparse).double(), next(batches())
    mine, theirs = (
        gradients(lambda: net.loss(data), list(net.parameters()), by_hand=way)
        for way in (net.loss_vjp(data)[1], None)
    )
    for by_hand, by_autograd in zip(mine, theirs, strict=True):
        close(by_hand.to_dense(), by_autograd.to_dense())


def test_with_one_negative_the_loss_is_that_of_pairs() -> None:
    net = made(l2=0.0, l2_bias=0.0).double()
    users, items, negatives = data = next(batches(negatives=1))
    margin = net.predict(users, items) - net.predict(users, negatives[:, 0])
    close(net.loss(data), torch.tensor(np.log1p(np.exp(-margin)).mean()), 1e-9)


def trained(net: Bpr) -> Bpr:
    how = TrainingSettings(
        steps=150, learning_rate=0.05, schedule="constant", gradients="hand", precision="float32"
    )
    trainer = Trainer(net, batches(), how, Evaluation)
    for _ in range(how.steps):
        trainer.update()
    net.eval()
    return net


def test_it_ranks_what_is_like_what_was_clicked_first() -> None:
    net = trained(made(l2=0.02))
    scores = net.scores(np.arange(USERS, dtype=np.int32))
    for user, row in enumerate(scores):
        same = np.arange(ITEMS) % 2 == user % 2
        assert row[same].mean() > row[~same].mean() + 1
    guest = net.guest(np.array([1, 3], np.int32), np.ones(2, np.float32)).scores()
    assert guest[1::2].mean() > guest[::2].mean() + 1


def test_a_guest_is_what_fits_best() -> None:
    net = trained(made(l2=0.02))
    items = np.array([1, 3, 4], np.int32)
    q, b = (x.astype(np.float64) for x in (net.item_vectors, net.item_biases))

    def cost(p: Any) -> float:
        s = q @ p + b
        return float(logsumexp(s) - s[items].mean() + 0.02 * p @ p)

    best = minimize(cost, np.zeros(3), options={"gtol": 1e-8}).x
    np.testing.assert_allclose(net.fold(items, np.ones(3, np.float32))[1], best, atol=1e-4)
    assert not net.fold(items[:0], np.ones(0, np.float32))[1].any()
