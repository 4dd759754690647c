"""The contract of a layer."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from hornbook.nn import Backward, Layer, Linear, Recurrent, Sequential


def test_a_class_without_vjp_is_refused_when_it_is_constructed() -> None:
    class Unfinished(Layer):
        def forward(self, x: Tensor) -> Tensor:
            return x

    with pytest.raises(TypeError, match=r"Unfinished .*vjp"):
        Unfinished()  # type: ignore[abstract]


def test_so_is_a_recurrent_layer_without_its_own() -> None:
    class Forgetful(Recurrent):
        pass

    with pytest.raises(TypeError, match=r"Forgetful .*vjp_from"):
        Forgetful()  # type: ignore[abstract]


def test_forward_is_the_first_half_of_vjp() -> None:
    class Twice(Layer):
        def vjp(self, x: Tensor) -> tuple[Tensor, Backward]:
            return 2 * x, lambda dy: 2 * dy

    layer = Twice()
    y, backward = layer.vjp(torch.ones(3))
    assert torch.equal(layer(torch.ones(3)), y)
    assert torch.equal(backward(torch.ones(3)), torch.full((3,), 2.0))


def test_a_layer_is_a_module_like_any_other() -> None:
    net = Sequential(Linear(2, 3), Linear(3, 1))
    other = copy.deepcopy(net)
    assert [name for name, _ in other.named_parameters()] == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"
    ]  # fmt: skip
    x = torch.randn(4, 2)
    assert torch.equal(net(x), other(x))
    assert other.chain[0] is other.layers[0]


def test_sequential_takes_layers_one_by_one_or_in_a_list() -> None:
    first, second = Linear(2, 3), Linear(3, 1)
    for net in (Sequential(first, second), Sequential([first, second])):
        assert [*net.layers] == [*net.chain] == [first, second]
        assert net.layers[-1].weight is second.weight
    assert len(Sequential(first).layers) == 1
    with pytest.raises(TypeError, match=r"expected layers of hornbook\.nn, got int"):
        Sequential([first, 3])  # type: ignore[list-item]


def test_a_chain_goes_back_once_for_what_it_kept_is_let_go() -> None:
    net = Sequential(Linear(2, 3), Linear(3, 1))
    with torch.no_grad():
        y, backward = net.vjp(torch.ones(4, 2))
        assert backward(torch.ones_like(y)).shape == (4, 2)
        with pytest.raises(RuntimeError, match="call `vjp` again"):
            backward(torch.ones_like(y))
