"""Layers of nets on tables, against autograd, finite differences and other ways to compute them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import BatchEnsemble, Fork, HeadLinear, Layer, Linear, Periodic, PiecewiseLinear
from hornbook.nn.piecewise_linear import quantile_edges
from tests.referee import close, finite_difference, hand_equals_autograd, normal

sizes = st.integers(1, 4)
examples = settings(max_examples=15)


def piecewise(numbers: int, bins: int, size: int, seed: int) -> PiecewiseLinear:
    """A layer whose bins fit normal numbers."""
    layer = PiecewiseLinear(numbers, bins, size, generator=torch.Generator().manual_seed(seed))
    layer.set_edges(quantile_edges(normal(30, numbers, seed=seed).float().numpy(), bins))
    return layer.double()


@given(sizes, sizes, sizes, sizes, st.integers(0, 99))
@examples
def test_gradients_equal_autograds(b: int, k: int, n: int, m: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    hand_equals_autograd(piecewise(n, k, m, seed), normal(b, n, seed=seed))
    waves = Periodic(n, k, m, 0.5, generator=generator).double()
    hand_equals_autograd(waves, normal(b, n, seed=seed))
    ensemble = BatchEnsemble(k, n, m, start="signs", generator=generator)
    hand_equals_autograd(ensemble, normal(b, n, seed=seed))
    hand_equals_autograd(ensemble, normal(b, k, n, seed=seed))
    hand_equals_autograd(Fork(k, n, generator=generator), normal(b, n, seed=seed))
    hand_equals_autograd(HeadLinear(k, n, m, generator=generator), normal(b, k, n, seed=seed))


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (piecewise(3, 4, 2, 1), normal(5, 3, seed=2)),
        (Periodic(3, 4, 2, 0.5).double(), 3 * normal(5, 3, seed=2)),
        (BatchEnsemble(3, 4, 2, start="signs").double(), normal(5, 4, seed=3)),
        (BatchEnsemble(3, 4, 2).double(), normal(5, 3, 4, seed=4)),
        (Fork(3, 4).double(), normal(5, 4, seed=5)),
        (HeadLinear(3, 4, 2).double(), normal(5, 3, 4, seed=5)),
    ],
    ids=["piecewise", "periodic", "ensemble of a row", "ensemble of views", "fork", "heads"],
)
def test_gradients_equal_finite_differences(layer: Layer, x: Tensor) -> None:
    for p in layer.parameters():
        p.data.copy_(normal(*p.shape, seed=6))
    with torch.no_grad():
        y, backward = layer.vjp(x)
        dy = normal(*y.shape, seed=7)
        dx = backward(dy)

        def loss() -> float:
            return float((layer(x) * dy).sum())

        close(dx, finite_difference(loss, x), 1e-6)
        for p in layer.parameters():
            assert p.grad is not None
            close(p.grad, finite_difference(loss, p.data), 1e-6)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (piecewise(3, 4, 2, 1), (5, 3)),
        (Periodic(3, 4, 2, 0.5), (5, 3)),
        (BatchEnsemble(3, 4, 2), (5, 4)),
        (BatchEnsemble(3, 4, 2), (5, 3, 4)),
        (Fork(3, 4), (5, 4)),
        (HeadLinear(3, 4, 2), (5, 3, 4)),
    ],
    ids=["piecewise", "periodic", "ensemble of a row", "ensemble of views", "fork", "heads"],
)
def test_products_in_bfloat16_give_nearly_the_same_gradients(
    layer: Layer, shape: tuple[int, ...]
) -> None:
    layer = layer.float()
    for p in layer.parameters():
        p.data.copy_(normal(*p.shape, seed=6) / 2)
    x = normal(*shape, seed=2).float()

    def gradients(low: bool) -> list[Tensor]:
        layer.zero_grad()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            y, backward = layer.vjp(x)
            dx = backward(normal(*y.shape, seed=7).float())
        return [y, dx, *(p.grad.clone() for p in layer.parameters() if p.grad is not None)]

    exact = gradients(low=False)
    for one, other in zip(gradients(low=True), exact, strict=True):
        assert torch.allclose(one.float(), other, atol=0.02 * float(other.abs().max()) + 0.02)
    assert all(p.grad is not None and p.grad.dtype is torch.float32 for p in layer.parameters())


def test_a_number_is_interpolated_between_its_edges() -> None:
    layer = PiecewiseLinear(2, 4, 3).double()
    edges = [np.array([-1, 0, 2], np.float32), np.array([0, 1, 2, 3, 5], np.float32)]
    layer.set_edges(edges)
    at_edges = [
        torch.cat([own.new_zeros(1, 3), own[: len(e) - 1].cumsum(0)]) + bias
        for own, e, bias in zip(layer.weight, edges, layer.bias, strict=True)
    ]  # what each edge is mapped to
    x = np.linspace(-3, 7, 41)
    y = layer(torch.tensor(np.stack([x, x], 1))).detach().numpy().reshape(-1, 2, 3)
    for number, (own, values) in enumerate(zip(edges, at_edges, strict=True)):
        for feature in range(3):
            wanted = np.interp(x, own, values[:, feature].detach().numpy())
            np.testing.assert_allclose(y[:, number, feature], wanted, rtol=1e-9)


def test_a_number_stands_beside_waves_of_it() -> None:
    layer = Periodic(2, 3, 4, 0.5, generator=torch.Generator().manual_seed(1)).double()
    layer.bias.data.copy_(normal(2, 4))
    x = torch.tensor([[0.5, -1.0], [1e6, 0.0]], dtype=torch.float64)
    y = layer(x).detach()
    z = x / (1 + x.square() / 9).sqrt()
    close(y[:, :2], z)
    assert float(z.abs().max()) <= 3
    for number in range(2):
        angle = 2 * math.pi * (z[:, number, None] * layer.frequency[number] + layer.phase[number])
        wanted = angle.cos() @ layer.weight[number] + layer.bias[number]
        close(y[:, 2 + 4 * number : 6 + 4 * number], wanted.detach())
    assert layer.multiplications((2, 2), (2, 10)) == 2 * 2 * 3 * 4


def test_edges_are_quantiles_each_once() -> None:
    values = np.stack([np.arange(101), np.arange(101) > 50, np.full(101, 7)], 1).astype(np.float32)
    ten, flag, constant = quantile_edges(values, 10)
    np.testing.assert_allclose(ten, np.arange(0, 101, 10))
    assert flag.tolist() == [0, 1]
    assert constant.tolist() == [7, 8]


def test_edges_that_do_not_fit_are_refused() -> None:
    layer = PiecewiseLinear(1, 2, 3)
    for wrong in ([], [np.array([0, 0], np.float32)], [np.arange(4, dtype=np.float32)]):
        with pytest.raises(ValueError, match="expected"):
            layer.set_edges(wrong)


def test_an_ensemble_is_as_many_nets_as_it_has_heads() -> None:
    layer = BatchEnsemble(3, 4, 2, start="signs").double()
    layer.s.data.copy_(normal(3, 2))
    x, y = normal(5, 4), layer(normal(5, 4))
    for k in range(3):
        one = Linear(4, 2).double()
        one.weight.data.copy_(layer.s[k][:, None] * layer.weight * layer.r[k])
        assert one.bias is not None
        one.bias.data.copy_(layer.bias[k])
        close(y[:, k], one(x))
    assert set(layer.r.flatten().tolist()) <= {-1.0, 1.0}


def test_heads_are_linear_layers_side_by_side() -> None:
    layer, x = HeadLinear(3, 4, 2).double(), normal(5, 3, 4)
    y = layer(x)
    for k in range(3):
        close(y[:, k], x[:, k] @ layer.weight[k] + layer.bias[k])


def test_a_fork_gives_each_head_its_own_view() -> None:
    fork, x = Fork(3, 4).double(), normal(5, 4)
    fork.bias.data.copy_(normal(3, 4))
    for k in range(3):
        close(fork(x)[:, k], x * fork.s[k] + fork.bias[k])
    assert set(fork.s.flatten().tolist()) == {-1.0, 1.0}
    assert Fork(1, 4).s.eq(1).all()
