"""BatchNorm's statistics measured once over all of the data, against NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hornbook
from hornbook.nn import BatchNorm1d, Linear, Sequential, Tanh, calibrate_batchnorm
from tests.some_names import write_names


def net() -> Sequential:
    generator = torch.Generator().manual_seed(0)
    return Sequential(
        Linear(3, 4, generator=generator), BatchNorm1d(4), Tanh(),
        Linear(4, 2, generator=generator), BatchNorm1d(2),
    )  # fmt: skip


@pytest.mark.parametrize("parts", [1, 3, 40])
def test_each_is_of_what_the_calibrated_ones_before_it_give(parts: int) -> None:
    model = net()
    x = 5 + torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
    model.train()
    calibrate_batchnorm(model, x if parts == 1 else x.tensor_split(parts))
    assert model.training
    layers: list[Any] = [*model.layers]
    first, norm, _, second, last = layers
    h = x.double().numpy() @ first.weight.detach().double().numpy().T
    h += first.bias.detach().double().numpy()
    np.testing.assert_allclose(norm.running_mean, h.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(norm.running_var, h.var(0, ddof=1), rtol=1e-5)
    h = np.tanh((h - h.mean(0)) / np.sqrt(h.var(0, ddof=1) + norm.eps))
    h = h @ second.weight.detach().double().numpy().T + second.bias.detach().double().numpy()
    np.testing.assert_allclose(last.running_mean, h.mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last.running_var, h.var(0, ddof=1), rtol=1e-5)
    # As the batch that all of them are: in training nothing comes out otherwise.
    expected = model(x)
    torch.testing.assert_close(model.eval()(x), expected)


def test_what_cannot_be_calibrated_is_refused() -> None:
    with pytest.raises(ValueError, match="no BatchNorm"):
        calibrate_batchnorm(Sequential(Linear(3, 4)), torch.ones(5, 3))
    with pytest.raises(ValueError, match="at least two rows; BatchNorm sees 1"):
        calibrate_batchnorm(net(), torch.ones(1, 3))


@pytest.mark.parametrize(("family", "norms"), [("mlp", 2), ("wavenet", 3)])
def test_the_model_of_a_run_on_its_train_split(family: str, norms: int, tmp_path: Path) -> None:
    names = write_names(tmp_path / "names.txt", slice(0, 100))
    run = hornbook.train(
        names, model=family, out=tmp_path / "net", baseline=False,
        training={"steps": 0, "threads": 1},
    )  # fmt: skip
    model, stream = run.model, run.data.stream("train")
    before = run.evaluate()["train"].nats_per_token
    model.calibrate_batchnorm(stream)
    assert not model.training
    found = [part for part in model.modules() if isinstance(part, BatchNorm1d)]
    assert len(found) == norms
    windows = torch.from_numpy(
        stream.windows(np.arange(stream.first, len(stream.ids)), model.context)[0]
    )
    with torch.no_grad():
        given = windows
        for layer in model.net.layers:
            if layer is found[0]:
                break
            given = layer(given)
    rows = given.reshape(-1, given.shape[-1]).double()
    torch.testing.assert_close(found[0].running_mean, rows.mean(0).float())
    torch.testing.assert_close(found[0].running_var, rows.var(0).float())
    assert run.evaluate()["train"].nats_per_token != before


def test_places_with_statistics_of_their_own_are_measured_apart() -> None:
    norm = BatchNorm1d(3, positions=4)
    x = torch.randn(30, 4, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    calibrate_batchnorm(Sequential(norm), x.float().tensor_split(5))
    np.testing.assert_allclose(norm.running_mean, x.numpy().mean(0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(norm.running_var, x.numpy().var(0, ddof=1), rtol=1e-5)
