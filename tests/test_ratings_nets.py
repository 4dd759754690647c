"""Nets of users and items: gradients by hand, what they predict, and how they are trained."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hornbook.errors import TrainingError
from hornbook.nn import Bag, Lists, SquaredError, StretchedSigmoid
from hornbook.ratings.features import Features
from hornbook.ratings.interactions import Interactions
from hornbook.ratings.models.contract import Shape
from hornbook.ratings.models.described import FeatureMean
from hornbook.ratings.models.dot import Dot, DotBias
from hornbook.ratings.models.embedding_net import EmbeddingNet
from hornbook.ratings.models.families import CLICKS, RATINGS
from hornbook.ratings.models.histories import HistorySum
from hornbook.ratings.models.history import HistoryNet
from hornbook.training import TrainingSettings
from hornbook.training.batches import ArrayBatches
from hornbook.training.measures import Evaluation
from hornbook.training.trainer import Trainer
from tests.referee import close, gradients, hand_equals_autograd, normal

USERS, ITEMS = 7, 9
SHAPE = Shape(USERS, ITEMS, 40, 0.5, 5.0)
NETS = [Dot, DotBias, HistoryNet, EmbeddingNet]
GENRES = Features(("a", "b", "c"), ((0,), (), (0, 1), (1, 2), *(((2,),) * (ITEMS - 4))))


def ratings(n: int = 40) -> Interactions:
    """Each pair at most once."""
    random = np.random.default_rng(3)
    pairs = random.permutation(USERS * ITEMS)[:n]
    users, items = (x.astype(np.int32) for x in np.divmod(pairs, ITEMS))
    return Interactions(users, items, random.choice(np.arange(0.5, 5.5, 0.5), n).astype("f"))


def made(kind: Any, rows: Interactions | None = None, **settings: Any) -> Any:
    """A net of a few numbers that knows some ratings."""
    settings = {"n_factors": 3, **settings}
    shape = replace(SHAPE, features=GENRES)
    net = kind(kind.Settings(**settings), shape, torch.Generator().manual_seed(1))
    net.remember((rows or ratings()).by_user(USERS))
    return net


def batch(rows: Interactions) -> tuple[Any, ...]:
    return rows.users, rows.items, rows.values.astype(np.float64)


def test_the_squared_error_is_torchs() -> None:
    x, wanted = normal(4, 3), normal(4, 3, seed=1)
    loss, back = SquaredError().vjp(x.requires_grad_(), wanted)
    theirs = torch.nn.functional.mse_loss(x, wanted)
    close(loss, theirs)
    close(back(), torch.autograd.grad(theirs, x)[0])


def test_the_sigmoid_is_stretched() -> None:
    layer = StretchedSigmoid(0.5, 5.0)
    hand_equals_autograd(layer, normal(4, 3))
    close(layer(torch.tensor([-99.0, 0.0, 99.0])), torch.tensor([0.5, 2.75, 5.0]))


def test_a_bag_is_the_product_with_a_sparse_matrix() -> None:
    hand_equals_autograd(Bag(5, 3), torch.tensor([[0, 3], [3, 3], [4, 1]]))
    matrix = torch.tensor([[1.0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 0]]).double()
    lists = Lists(torch.tensor([0, 2, 2, 5]), torch.tensor([0, 2, 1, 2, 3]))
    back = Lists(torch.tensor([0, 1, 2, 4, 5, 5]), torch.tensor([0, 2, 0, 2, 2]))
    bag, dy = Bag(5, 3).double(), normal(3, 3)
    for turned in (None, back):
        y, backward = bag.lists_vjp(lists, turned)
        close(y, matrix @ bag.weight)
        grads = gradients(Tensor, [bag.weight], by_hand=partial(backward, dy))
        close(grads[0], matrix.T @ dy)
    taken = lists.take(torch.tensor([2, 1, 0, 2]))
    close(taken.sums(bag.weight.detach()), (matrix @ bag.weight)[[2, 1, 0, 2]])


@pytest.mark.parametrize("itself", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_a_history_is_a_mean_of_what_is_in_it(itself: bool, whole: bool) -> None:
    rows = ratings()
    history = rows.by_user(USERS)
    layer = HistorySum(USERS, ITEMS, 3, std=1.0, itself=itself).double()
    layer.remember(history, rows.by_item(ITEMS))
    layer.whole = whole
    x = torch.tensor(np.stack([rows.users, rows.items], 1))[:12]
    hand_equals_autograd(layer, x)
    for (user, item), y in zip(x.tolist(), layer(x), strict=True):
        others = [one for one in history[user][0].tolist() if itself or one != item]
        weights = layer.bag.weight[others].sum(0)
        close(y, weights / len(history[user][0]) ** 0.5)


@pytest.mark.parametrize("sparse", ["always", "never"])
@pytest.mark.parametrize("kind", NETS)
def test_gradients_by_hand_are_autograds_and_those_of_differences(kind: Any, sparse: str) -> None:
    rows = ratings()
    net = made(kind, l2=0.3, sparse=sparse, ridge=8.0).double()
    data = batch(rows.take(np.arange(8)))
    parameters = list(net.parameters())

    def loss() -> Tensor:
        torch.manual_seed(0)  # of dropout
        found: Tensor = net.loss(data)
        return found

    def backward() -> None:
        torch.manual_seed(0)
        net.loss_vjp(data)[1]()

    mine = gradients(loss, parameters, by_hand=backward)
    theirs = gradients(loss, parameters, by_hand=None)
    step = 1e-6
    for p, *both in zip(parameters, mine, theirs, strict=True):
        by_hand, by_autograd = (g.to_dense() if g.is_sparse else g for g in both)
        close(by_hand, by_autograd)
        direction = normal(*p.shape)
        losses = []
        with torch.no_grad():
            for sign in (1, -1):
                p.add_(direction, alpha=sign * step)
                losses.append(float(loss()))
                p.add_(direction, alpha=-sign * step)
        found = (losses[0] - losses[1]) / (2 * step)
        close(torch.tensor(found), (by_hand * direction).sum().float(), 1e-5)


def test_the_features_of_an_item_are_a_mean() -> None:
    layer = FeatureMean(GENRES, 3, std=1.0)
    hand_equals_autograd(layer, torch.tensor([2, 0, 1, 3, 3]))
    w = layer.bag.weight
    wanted = torch.stack([w[0], torch.zeros(3), w[:2].mean(0), w[1:].mean(0), w[2]])
    close(layer(torch.arange(5)), wanted)
    close(layer.all()[:5], wanted)


@pytest.mark.parametrize("kind", [DotBias, HistoryNet])
def test_features_are_added_where_they_are_known_and_wanted(kind: Any) -> None:
    net, plain = made(kind), made(kind, features=False)
    assert net.n_parameters == plain.n_parameters + 3 * 4
    with torch.no_grad():
        net.described.bag.weight.zero_()
        net.described.bag.weight[2, -1] = 5.0  # a bias of genre c
    scores = net.scores(np.arange(USERS, dtype=np.int32))
    assert plain.described is None
    with net.in_use():  # biases of their own begin at 0
        close(torch.tensor(net.item_biases), torch.tensor([0, 0, 0, 2.5, *[5.0] * 5]))
    assert (scores[:, 4:] > 4).all()


@pytest.mark.parametrize("kind", NETS)
def test_the_vjp_of_pairs_gives_predictions(kind: Any) -> None:
    net = made(kind)
    pairs = torch.tensor([[0, 1], [3, 8], [6, 1]])
    hand_equals_autograd(net, pairs)
    if kind is not HistoryNet:  # its predictions for training leave the rating itself out
        net.eval()
        close(net(pairs), torch.from_numpy(net.predict(*pairs.T.numpy())).double(), 1e-5)


@pytest.mark.parametrize("kind", NETS)
def test_in_use_a_net_is_a_product_of_tables(kind: Any) -> None:
    net = made(kind)
    users, items = (x.ravel() for x in np.mgrid[:USERS, :ITEMS].astype(np.int32))
    whole = net.scores(np.arange(USERS, dtype=np.int32))
    np.testing.assert_allclose(whole.ravel(), net.predict(users, items), rtol=1e-5)
    with net.in_use():
        np.testing.assert_allclose(net.known(3).scores(), whole[3], rtol=1e-5)
    assert net.known(3).items.tolist() == ratings().by_user(USERS)[3][0].tolist()
    assert net.training


def test_a_history_that_leaves_nothing_out_predicts_as_it_is_trained() -> None:
    net = made(HistoryNet, itself=True)
    pairs = torch.tensor([[0, 1], [3, 8], [6, 1]])
    close(net(pairs), torch.from_numpy(net.predict(*pairs.T.numpy())).float(), 1e-5)


@pytest.mark.parametrize("kind", NETS)
def test_weights_predict_without_the_data(kind: Any) -> None:
    net = trained(made(kind), 5)
    other = kind(net.settings, replace(SHAPE, features=GENRES))
    other.load_arrays(net.arrays())
    pair = np.array([2], np.int32), np.array([4], np.int32)
    assert other.predict(*pair) == net.predict(*pair)
    assert not len(other.known(2).items)


def test_a_dot_product_begins_in_the_middle_of_the_scale_or_near_0_as_the_lesson_s() -> None:
    usual, lesson = (made(Dot, n_factors=50, uniform_start=start) for start in (0.0, 0.05))
    everyone, everything = np.arange(USERS), np.zeros(USERS, np.int64)
    with torch.no_grad():
        predicted = [net.users.weight @ net.items.weight.T for net in (usual, lesson)]
    assert abs(float(predicted[0].mean()) - 2.75) < 0.1
    assert abs(float(predicted[1].mean()) - 50 * 0.025**2) < 0.01
    first = lesson.users.weight.detach()
    assert 0 <= float(first.min()) < float(first.max()) <= 0.05
    assert lesson.predict(everyone, everything).min() == 0.5  # kept to the scale


@pytest.mark.parametrize("kind", [DotBias, EmbeddingNet])
def test_sums_begin_at_the_mean_of_all_ratings_or_in_the_middle_as_the_lesson_s(kind: Any) -> None:
    rows = ratings()
    usual, lesson = (made(kind, margin=0.1, from_mean=mean) for mean in (True, False))
    mean = float(rows.values.mean())
    assert float(usual.squash(float(usual.offset))) == pytest.approx(mean, abs=1e-5)
    assert float(lesson.squash(float(lesson.offset))) == pytest.approx(2.75)
    assert abs(mean - 2.75) > 0.05


def test_a_history_is_needed_for_training() -> None:
    net = HistoryNet(HistoryNet.Settings(), SHAPE)
    with pytest.raises(TrainingError, match="what users have rated"):
        net.loss_vjp(batch(ratings()))


def trained(net: Any, steps: int, **settings: Any) -> Any:
    rows = ratings()
    how = TrainingSettings(
        steps=steps, batch_size=20, learning_rate=0.05, gradients="hand", precision="float32",
        schedule="constant", **settings,
    )  # fmt: skip
    batches = ArrayBatches(rows.users, rows.items, rows.values, batch_size=20, seed=1)
    trainer = Trainer(net, batches, how, Evaluation)
    for _ in range(steps):
        trainer.update()
    net.eval()
    return net


@pytest.mark.parametrize("kind", NETS)
def test_training_learns_the_ratings(kind: Any) -> None:
    rows = ratings()
    net = made(kind, l2=0.0, ridge=0.0)
    before = np.square(net.predict(rows.users, rows.items) - rows.values).mean()
    after = np.square(trained(net, 100).predict(rows.users, rows.items) - rows.values).mean()
    assert after < before / 2


@pytest.mark.parametrize("kind", NETS)
def test_sparse_tables_have_the_gradients_of_dense_ones(kind: Any) -> None:
    found = []
    for sparse in ("always", "never"):
        net = made(kind, sparse=sparse, l2=0.2, ridge=0.0).double().eval()
        data = batch(ratings())
        loss, way = partial(net.loss, data), net.loss_vjp(data)[1]
        for by_hand in (way, None):
            grads = gradients(loss, list(net.parameters()), by_hand=by_hand)
            found.append([g.to_dense() if g.is_sparse else g for g in grads])
    for other in found[1:]:
        for mine, theirs in zip(other, found[0], strict=True):
            close(mine, theirs)


@pytest.mark.parametrize("sparse", ["always", "never"])
def test_ridge_pulls_on_all_rows_of_dense_tables(sparse: str) -> None:
    net = made(DotBias, sparse=sparse, l2=0.0, ridge=4.0).double()
    untouched = ratings().take(np.flatnonzero(ratings().users != 2))
    net.loss_vjp(batch(untouched))[1]()
    weight = net.users.weight
    close(weight.grad.to_dense()[2], 0.2 * (sparse == "never") * weight[2])


@pytest.mark.parametrize("kind", [DotBias, HistoryNet, EmbeddingNet])
def test_in_an_epoch_a_row_of_a_sparse_table_has_its_whole_ridge(kind: Any) -> None:
    # Batches of one size that share out the ratings: their mean is loss and gradient of a dense
    # table, but for the rows without ratings.
    rows = ratings().take(np.arange(36))
    losses, found = [], []
    for sparse, size in (("never", 36), ("always", 36), ("always", 4)):
        net = made(kind, rows, sparse=sparse, ridge=4.0)
        with torch.no_grad():
            for table, seen in ((net.users, rows.users), (net.items, rows.items)):
                table.weight[np.bincount(seen, minlength=len(table.weight)) == 0] = 0
        net = net.double().eval()
        parts = [batch(rows.take(np.arange(at, at + size))) for at in range(0, 36, size)]
        losses.append(sum(net.loss(part).item() for part in parts) / len(parts))

        def backward() -> None:
            for part in parts:  # noqa: B023
                net.loss_vjp(part)[1]()  # noqa: B023

        grads = gradients(Tensor, list(net.parameters()), by_hand=backward)
        found.append([(g.to_dense() if g.is_sparse else g) / len(parts) for g in grads])
    assert losses[1:] == pytest.approx([losses[0]] * 2, rel=1e-9)
    for other in found[1:]:
        for mine, dense in zip(other, found[0], strict=True):
            close(mine, dense, 1e-7)


@pytest.mark.parametrize("kind", [DotBias, HistoryNet, EmbeddingNet])
def test_a_sparse_table_with_a_ridge_needs_a_history(kind: Any) -> None:
    net = kind(kind.Settings(sparse="always"), SHAPE)
    with pytest.raises(TrainingError, match="what users have rated"):
        net.loss_vjp(batch(ratings()))


def test_a_net_of_the_lesson_has_nothing_beside_it() -> None:
    net = made(EmbeddingNet, beside=False)
    pairs = torch.tensor([[0, 1], [3, 8], [6, 1]])
    hand_equals_autograd(net, pairs)
    assert net.users.weight.shape == (USERS, 3)
    assert net.item_biases is None
    net.eval()
    close(net(pairs), torch.from_numpy(net.predict(*pairs.T.numpy())).double(), 1e-5)
    items, values = ratings().by_user(USERS)[2]
    assert np.isfinite(net.guest(items, values).scores()).all()


def test_a_large_table_is_sparse() -> None:
    from hornbook.compute.shapes import shapes_only

    with shapes_only():
        net = DotBias(DotBias.Settings(), Shape(138_000, 300, 20_000_000, 0.5, 5.0))
    assert net.users.tables
    assert not net.items.tables


@pytest.mark.parametrize("kind", [DotBias, HistoryNet])
def test_before_training_all_are_the_mean(kind: Any) -> None:
    rows = ratings()
    net = made(kind)
    with torch.no_grad():
        for p in net.parameters():
            p.zero_()
    np.testing.assert_allclose(net.predict(rows.users, rows.items), rows.values.mean(), rtol=1e-5)


@pytest.mark.parametrize("kind", NETS)
def test_a_guest_with_a_users_ratings_is_like_that_user(kind: Any) -> None:
    net = trained(made(kind, l2=0.05), 300)
    items, values = ratings().by_user(USERS)[2]
    mine, theirs = net.guest(items, values).scores()[items], net.known(2).scores()[items]
    assert np.abs(mine - theirs).mean() < 0.6


@pytest.mark.parametrize("kind", [Dot, DotBias, HistoryNet])
def test_a_guest_begins_at_what_users_are_on_average(kind: Any) -> None:
    net = made(kind)
    with torch.no_grad():
        net.users.weight.add_(1.0)  # what all have in common
    nothing, one = np.zeros(0, np.int32), np.zeros(1, np.int32)
    guest = net.guest(nothing, np.zeros(0))
    mean = np.concatenate([[net.user_biases.mean()], net.user_vectors.mean(0)])
    np.testing.assert_allclose([guest.bias, *guest.vector], mean, rtol=1e-5)
    # A rating that is what was expected moves nothing.
    expected = guest.scores()[one]
    told = net.guest(one, expected)
    np.testing.assert_allclose([told.bias, *told.vector], mean, rtol=1e-4)
    assert [pull.value for pull in told.pulls(3)] == pytest.approx([0], abs=1e-5)


def test_a_guest_whose_rating_was_expected_is_as_one_without() -> None:
    net, one = made(EmbeddingNet, ridge=6.0), np.zeros(1, np.int32)
    with torch.no_grad():
        net.users.weight.add_(1.0)
    without = net.guest(one[:0], np.zeros(0)).scores()
    np.testing.assert_allclose(net.guest(one, without[one]).scores(), without, atol=1e-6)


def test_every_family_has_its_class_and_its_recipe() -> None:
    for line in (*RATINGS.values(), *CLICKS.values()):
        if line.trained:
            net = line.load()(line.load().Settings(n_factors=2), SHAPE)
            assert net.n_parameters > 0
            assert line.training_for("ratings").steps < 5000
