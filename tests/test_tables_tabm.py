"""TabM: many nets in one, on embeddings of categories and of numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hornbook.errors import SettingsError
from hornbook.nn import PiecewiseLinear
from hornbook.nn.periodic import Periodic
from hornbook.tables.gradient_case import gradient_case, made_up
from hornbook.tables.mapper import Mapped
from hornbook.tables.models.contract import Shape
from hornbook.tables.models.families import FAMILIES
from hornbook.tables.models.tabm import TabM, TabMSettings
from hornbook.tables.task import TableTask
from tests.referee import close, gradients

SMALL = TabMSettings(n_heads=3, n_hidden=(5, 4), bins=4, number_size=2, dropout=0.25,
                     embedding_dropout=0.25)  # fmt: skip
PERIODIC = replace(SMALL, bins=0)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("given", [SMALL, PERIODIC], ids=["bins", "periodic"])
def test_gradients_equal_autograds(given: TabMSettings, seed: int) -> None:
    model, batch = gradient_case(TableTask(), "tabm", given, generator(), seed)
    model.double().train()
    parameters = list(model.parameters())

    def by_hand() -> None:
        torch.manual_seed(2)
        model.loss_vjp(batch)[1]()

    def loss() -> torch.Tensor:
        torch.manual_seed(2)
        found: torch.Tensor = model.loss(batch)
        return found

    mine = gradients(loss, parameters, by_hand=by_hand)
    for one, other in zip(mine, gradients(loss, parameters, by_hand=None), strict=True):
        close(one, other)


@pytest.mark.parametrize("shape", [Shape((5, 4), 0, 0, 1, 40), Shape((), 3, 1, 3, 40)])
@pytest.mark.parametrize("given", [SMALL, PERIODIC], ids=["bins", "periodic"])
def test_a_table_may_lack_categories_or_numbers(given: TabMSettings, shape: Shape) -> None:
    model = TabM(given, shape, generator())
    codes = np.zeros((6, len(shape.codes)), np.int32)
    rows = Mapped(codes, np.zeros((6, shape.continuous), np.float32))
    model.acquaint(rows)
    assert np.isfinite(model.predict(rows)).all()
    target = np.zeros(6, np.float32 if shape.outputs == 1 else np.int64)
    model.loss_vjp((codes, rows.numbers, target))[1]()
    assert all(p.grad is not None for p in model.parameters())


def test_its_bins_are_those_of_train_and_kept_with_the_weights() -> None:
    data = made_up("number", 0, rows=200)
    model = TabM(SMALL, data.shape, generator())
    TableTask().acquaint(model, data)
    assert isinstance(model.numbers, PiecewiseLinear)
    edges = model.numbers.edges
    wanted = np.quantile(data.train.inputs.numbers[:, 0], np.linspace(0, 1, 5))
    np.testing.assert_allclose(edges[0].numpy(), wanted, rtol=1e-6)
    model.acquaint(data.train.inputs.take(slice(100)))  # two bins, to hold 40 rows each
    assert len(np.unique(edges[0].numpy())) == 3
    other = TabM(SMALL, data.shape)
    other.load_arrays(model.arrays())
    inputs = data.train.inputs
    np.testing.assert_array_equal(other.predict(inputs), model.predict(inputs))


def test_its_prediction_is_the_mean_of_heads_that_begin_apart() -> None:
    data = made_up("class", 0)
    model = TabM(SMALL, data.shape, generator()).eval()
    inputs = data.train.inputs
    y, _ = model.outputs_vjp(torch.from_numpy(inputs.codes), torch.from_numpy(inputs.numbers))
    assert y.shape == (len(inputs), 3, 3)
    assert (y[:, 0] != y[:, 1]).all()
    mean = torch.softmax(y.double(), 2).mean(1).detach().numpy()
    np.testing.assert_allclose(model.predict(inputs), mean)


def test_one_head_is_a_plain_net() -> None:
    model = TabM(replace(SMALL, n_heads=1), Shape((5,), 2, 0, 1, 40), generator())
    assert model.net.chain[1].get_parameter("s").eq(1).all()


def test_numbers_are_waves_and_themselves_unless_there_are_bins() -> None:
    shape = Shape((5,), 2, 1, 1, 40)
    few, many = (TabM(TabMSettings(bins=bins), shape, generator()) for bins in (0, 8))
    widths = [model.net.chain[0].get_parameter("weight").shape[1] for model in (few, many)]
    assert widths == [3 + 3 * 9, 3 + 3 * 8]  # an embedding of length 3 before three numbers
    assert not [name for name in few.arrays() if "edges" in name]
    with pytest.raises(SettingsError, match="spread"):
        TabMSettings(bins=8, spread=0.1)


def test_by_default_numbers_have_bins_in_large_tables() -> None:
    small, large = (Shape((), 2, 0, 1, rows) for rows in (29_999, 30_000))
    assert isinstance(TabM(TabMSettings(), small, generator()).numbers, Periodic)
    numbers = TabM(TabMSettings(), large, generator()).numbers
    assert isinstance(numbers, PiecewiseLinear)
    assert numbers.bins == 64
    assert isinstance(TabM(TabMSettings(spread=0.1), large, generator()).numbers, Periodic)


def test_no_hidden_layer_is_refused() -> None:
    with pytest.raises(SettingsError, match="n_hidden"):
        replace(SMALL, n_hidden=())


def test_fewer_rows_are_learned_more_slowly_and_in_smaller_batches() -> None:
    small, usual = (FAMILIES["tabm"].training_for("number", rows) for rows in (300, 80_000))
    assert (small.batch_size, usual.batch_size) == (16, 512)
    assert small.learning_rate == pytest.approx(usual.learning_rate * 0.03**0.25, rel=0.05)
    assert 150 <= small.steps < 300 < usual.steps
