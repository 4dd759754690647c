"""The nets of tables: each against the same net in torch, and by hand against autograd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.nn import Embeddings
from hornbook.tables.gradient_case import made_up
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.linear import LinearModel, LinearSettings
from hornbook.tables.models.mixed_input import MixedInput, MixedInputSettings
from hornbook.tables.models.table_net import TableNet, embedding_sizes
from hornbook.tables.models.tabm import TabM, TabMSettings
from hornbook.tables.task import TableTask

SHAPE = Shape((5, 4), 3, 1, 1, 40, -1.5, 2.0)
CLASSES = Shape((5, 4), 3, 1, 3, 40)
ORDERED = replace(SHAPE, orders=((0.0, 0.0, -1.5, 0.5, 2.0), ()))


def batch(shape: Shape, *, weighted: bool = False, rows: int = 12) -> tuple[Any, ...]:
    """Made-up rows in float64."""
    random = np.random.default_rng(1)
    codes = np.stack([random.integers(0, n, rows) for n in shape.codes], 1)
    numbers = random.normal(size=(rows, shape.continuous))
    target: Any = random.normal(size=rows)
    if shape.outputs > 1:
        target = random.integers(0, shape.outputs, rows)
    return (codes, numbers, target, *([random.random(rows) + 0.5] if weighted else []))


def seeded(seed: int = 3) -> torch.Generator:
    """A generator."""
    return torch.Generator().manual_seed(seed)


def gradients(model: TableNet) -> dict[str, Tensor]:
    """Of all parameters."""
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("shape", "weighted"),
    [(SHAPE, False), (CLASSES, False), (CLASSES, True), (ORDERED, False)],
    ids=["number", "class", "weighted", "ordered"],
)
@pytest.mark.parametrize("kind", ["linear", "mixed-input", "plain"])
def test_by_hand_as_by_autograd(kind: str, shape: Shape, weighted: bool) -> None:
    still = {"dropout": 0.0, "embedding_dropout": 0.0}
    model: TableNet
    if kind == "linear":
        model = LinearModel(LinearSettings(ridge=3.0), shape, seeded())
    elif kind == "plain":
        plain = MixedInputSettings(n_hidden=(), batchnorm=False, output_range=False, **still)  # type: ignore[arg-type]
        model = MixedInput(plain, shape, seeded())
    else:
        model = MixedInput(MixedInputSettings(n_hidden=(7, 6), **still), shape, seeded())  # type: ignore[arg-type]
    model.double()
    given = batch(shape, weighted=weighted)
    loss, backward = model.loss_vjp(given)
    with torch.no_grad():
        backward()
    by_hand = gradients(model)
    model.zero_grad(set_to_none=True)
    again = model.loss(given)
    again.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss.detach(), again.detach(), rtol=1e-12, atol=0)
    assert by_hand.keys() == dict(model.named_parameters()).keys()
    for name, grad in gradients(model).items():
        torch.testing.assert_close(by_hand[name], grad, rtol=1e-9, atol=1e-12)


def test_the_default_is_tried_first() -> None:
    task = TableTask()
    tried = [one.family for one in task.candidates(None, 60.0)]  # type: ignore[arg-type]
    assert tried[0] == task.default
    assert sorted(tried) == sorted(task.families)


def test_the_gradient_of_numbers_comes_through() -> None:
    model = MixedInput(MixedInputSettings(dropout=0, embedding_dropout=0), SHAPE, seeded()).double()
    codes, numbers, _ = batch(SHAPE)
    x = torch.from_numpy(np.concatenate((codes, numbers), 1)).requires_grad_()
    y, back = model.vjp(x)
    dy = torch.randn(y.shape, dtype=torch.float64, generator=seeded())
    (expected,) = torch.autograd.grad(y, x, dy)
    with torch.no_grad():
        found = back(dy)
    torch.testing.assert_close(found, expected)
    assert (found[:, :2] == 0).all()


def test_mixed_input_is_the_lessons_net() -> None:
    settings = MixedInputSettings(n_hidden=(7,), dropout=0, embedding_dropout=0)
    model = MixedInput(settings, SHAPE, seeded()).double()
    codes, numbers, _ = (torch.from_numpy(one) for one in batch(SHAPE))
    tables = [model.embeddings.rows_of(place) for place in (0, 1)]  # type: ignore[union-attr]
    x = torch.cat([*(F.embedding(codes[:, i], t) for i, t in enumerate(tables)),
                   F.batch_norm(numbers, None, None, training=True)], 1)  # fmt: skip
    weights = dict(model.named_parameters())
    x = F.relu(F.linear(x, weights["net.layers.0.weight"], weights["net.layers.0.bias"]))
    x = F.batch_norm(x, None, None, training=True)
    x = F.linear(x, weights["net.layers.3.weight"], weights["net.layers.3.bias"])
    low, high = -1.5 - 0.2 * 3.5, 2.0 + 0.2 * 3.5
    expected = torch.sigmoid(x) * (high - low) + low
    # Our BatchNorm divides by n - 1 in training, as the lectures do; torch's by n.
    for part in (model.norm, model.net.chain[2]):
        part.unbiased = False  # type: ignore[union-attr]
    found, _ = model.outputs_vjp(codes, numbers)
    torch.testing.assert_close(found[:, 0], expected)


def test_linear_is_one_hot_regression() -> None:
    model = LinearModel(LinearSettings(), CLASSES, seeded()).double()
    with torch.no_grad():
        for table in model.embeddings.chain:  # type: ignore[union-attr]
            table.weight.normal_(generator=seeded())
    codes, numbers, _ = (torch.from_numpy(one) for one in batch(CLASSES))
    one_hot = torch.cat([F.one_hot(codes[:, i], n) for i, n in enumerate(CLASSES.codes)], 1)
    tables = [model.embeddings.rows_of(place) for place in (0, 1)]  # type: ignore[union-attr]
    weight = torch.cat(tables)
    expected = one_hot.double() @ weight + model.last(numbers)
    torch.testing.assert_close(model.outputs_vjp(codes, numbers)[0][:, 0], expected)


def test_weights_of_classes_are_torchs() -> None:
    model = LinearModel(LinearSettings(ridge=0), CLASSES, seeded()).double()
    codes, numbers, target, weights = batch(CLASSES, weighted=True)
    y, _ = model.outputs_vjp(torch.from_numpy(codes), torch.from_numpy(numbers))
    each = F.cross_entropy(y[:, 0], torch.from_numpy(target), reduction="none")
    expected = (each * torch.from_numpy(weights)).mean()
    torch.testing.assert_close(model.loss((codes, numbers, target, weights)), expected)


def test_weights_of_rows_are_torchs() -> None:
    model = LinearModel(LinearSettings(ridge=0), SHAPE, seeded()).double()
    y = torch.randn(6, 3, 1, dtype=torch.float64, generator=seeded()).requires_grad_()
    target, weights = torch.randn(2, 6, dtype=torch.float64, generator=seeded())
    loss, back = model.error_vjp(y, target, weights)
    each = F.mse_loss(y[:, :, 0], target.unsqueeze(1).expand(-1, 3), reduction="none")
    expected = (each * weights.unsqueeze(1)).mean()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(back(), torch.autograd.grad(expected, y)[0])


def test_embeddings_of_rows_that_were_touched() -> None:
    layer = Embeddings([(5, 2), (4, 3)], sparse=11, generator=seeded()).double()
    assert [bool(part.tables) for part in layer.chain] == [False, True]
    ids = torch.tensor([[0, 3], [4, 3], [0, 1]])
    y, back = layer.vjp(ids)
    assert y.shape == (3, 5)
    dy = torch.randn(3, 5, dtype=torch.float64, generator=seeded())
    with torch.no_grad():
        back(dy)
    first, second = layer.chain[0].weight.grad, layer.chain[1].weight.grad
    assert first is not None
    assert second is not None
    torch.testing.assert_close(first[0], dy[0, :2] + dy[2, :2])
    torch.testing.assert_close(second.to_dense()[3], dy[0, 2:] + dy[1, 2:])


@pytest.mark.parametrize("kind", ["number", "class"])
def test_predictions_are_the_same_in_pieces(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made_up(kind, 0)
    model = MixedInput(MixedInputSettings(n_hidden=(7,)), data.shape, seeded())
    whole = model.predict(data.train.inputs)
    monkeypatch.setattr("hornbook.tables.models.table_net.AT_ONCE", 7)
    np.testing.assert_allclose(model.predict(data.train.inputs), whole, rtol=1e-5)
    if kind == "class":
        assert whole.shape == (40, 3)
        np.testing.assert_allclose(whole.sum(1), 1)
    assert len(model.predict(data.train.inputs.take(slice(0, 0)))) == 0


def test_codes_that_are_numbers_are_read_as_numbers_too() -> None:
    numbers = torch.zeros(5, 4)
    codes = torch.tensor([[0, 1], [1, 2], [2, 3], [3, 0], [4, 0]])
    for model in (
        LinearModel(LinearSettings(), ORDERED, seeded()),
        MixedInput(MixedInputSettings(), ORDERED, seeded()),
        TabM(TabMSettings(), ORDERED, seeded()),
    ):
        read = model.with_orders(codes, numbers)
        torch.testing.assert_close(read[:, 4], torch.tensor(ORDERED.orders[0]))
        assert not [name for name in model.arrays() if "order" in name]  # they are the mapper's
    model = LinearModel(LinearSettings(), ORDERED, seeded())
    with torch.no_grad():
        model.last.weight.copy_(torch.tensor([[0.0, 0, 0, 0, 2]]))
        assert model.last.bias is not None
        model.last.bias.zero_()
    found = model.predict(Mapped(codes.numpy().astype(np.int32), numbers.numpy()))
    np.testing.assert_allclose(found, 2 * np.array(ORDERED.orders[0]))


def test_lengths_of_embeddings_by_the_lessons_rules() -> None:
    assert embedding_sizes([1116, 8, 2], "half") == [(1116, 50), (8, 4), (2, 1)]
    assert embedding_sizes([1116, 8, 2], "power") == [(1116, 81), (8, 5), (2, 2)]
    assert embedding_sizes([1116, 8], "half", 3) == [(1116, 3), (8, 3)]


@pytest.mark.parametrize("shape", [Shape((), 3, 0, 1, 40, -1, 1), Shape((5,), 0, 0, 3, 40)])
def test_categories_alone_and_numbers_alone(shape: Shape) -> None:
    given = batch(shape) if shape.codes else (np.zeros((12, 0), np.int64), *batch(SHAPE)[1:])
    if not shape.codes:
        given = (given[0], given[1][:, :3], given[2])
    for model in (
        LinearModel(LinearSettings(), shape, seeded()),
        MixedInput(MixedInputSettings(), shape, seeded()),
    ):
        loss, backward = model.double().loss_vjp(given)
        with torch.no_grad():
            backward()
        assert torch.isfinite(loss)


def test_a_code_that_train_has_not_is_read_as_the_mean() -> None:
    data = made_up("number", 0)
    codes = data.train.inputs.codes
    codes[codes[:, 0] == 0, 0] = 2
    for model in (
        MixedInput(MixedInputSettings(n_hidden=(7,)), data.shape, seeded()),
        LinearModel(LinearSettings(), data.shape, seeded()),
    ):
        model.acquaint(data.train.inputs)
        assert model.embeddings is not None
        with torch.no_grad():
            model.embeddings.rows_of(0).normal_(generator=seeded())
        before = model.embeddings.rows_of(0).detach().clone()
        model.predict(data.train.inputs)
        after = model.embeddings.rows_of(0).detach()
        mean = before[torch.from_numpy(codes[:, 0]).long()].mean(0)
        torch.testing.assert_close(after[0], mean)
        assert (after[1:] == before[1:]).all()
