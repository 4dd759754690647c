"""Looking into layers: all is told once, nothing is changed, and who was not seen is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from hornbook.nn import (
    GRU,
    Dropout,
    FlattenConsecutive,
    Layer,
    Linear,
    Recurrent,
    RecurrentStack,
    Residual,
    SelfAttention,
    Sequential,
    Tanh,
)
from hornbook.nn.observing import DOORS, keeping_outputs, observing


class Notes:
    """What an observer was told, in order."""

    def __init__(self) -> None:
        self.given: dict[str, Tensor] = {}
        self.results: list[tuple[str, Tensor]] = []
        self.gradients: list[tuple[str, Tensor]] = []

    def saw(self, name: str, layer: Layer, x: Tensor, y: Tensor) -> None:
        self.given[name] = x
        self.results.append((name, y))

    def felt(self, name: str, layer: Layer, dy: Tensor) -> None:
        self.gradients.append((name, dy))

    @property
    def seen(self) -> list[str]:
        return [name for name, _ in self.results]

    @property
    def felt_by(self) -> list[str]:
        return [name for name, _ in self.gradients]


def double(layer: torch.nn.Module) -> Any:
    return layer.double()


def net() -> Sequential:
    made = Sequential(
        Linear(3, 4), Residual(Sequential(Tanh(), SelfAttention(4, 2))), GRU(4, 5), Linear(5, 2)
    )
    found: Sequential = double(made)
    return found


def layers_of(module: torch.nn.Module) -> dict[str, Layer]:
    return {name: part for name, part in module.named_modules() if isinstance(part, Layer)}


def rows() -> Tensor:
    return torch.randn(2, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def untouched(module: torch.nn.Module) -> bool:
    return all(vars(part).keys().isdisjoint(DOORS) for part in module.modules())


def by_hand(model: Sequential, x: Tensor, dy: Tensor) -> None:
    with torch.inference_mode():
        model.vjp(x)[1](dy)


def by_autograd(model: Sequential, x: Tensor, dy: Tensor) -> None:
    y: Tensor = model.vjp(x)[0]
    y.backward(dy)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("way", [by_hand, by_autograd])
def test_each_result_and_gradient_is_told_once(way: Callable[..., None]) -> None:
    model, x, notes = net(), rows(), Notes()
    layers = layers_of(model)
    with observing(layers, saw=notes.saw, felt=notes.felt) as look:
        way(model, x, torch.ones(2, 6, 2, dtype=torch.float64))
    assert look.unseen == ()
    assert sorted(notes.seen) == sorted(layers)
    assert sorted(notes.felt_by) == sorted(layers)
    assert notes.seen[-2:] == ["layers.3", ""]  # in the order of computing
    # Against autograd's own gradients of the results, layer after layer.
    h, expected = x, []
    for layer in model.chain:
        h = layer.vjp(h)[0]
        expected.append(h)
    wanted = torch.autograd.grad(h.sum(), expected)
    for at, (y, dy) in enumerate(zip(expected, wanted, strict=True)):
        torch.testing.assert_close(dict(notes.results)[f"layers.{at}"], y)
        torch.testing.assert_close(dict(notes.gradients)[f"layers.{at}"], dy)
    torch.testing.assert_close(notes.given["layers.1"], expected[0])
    assert notes.given[""] is x


def test_looking_changes_no_gradient() -> None:
    x, dy = rows(), torch.ones(2, 6, 2, dtype=torch.float64)
    torch.manual_seed(1)
    plain = net()
    torch.manual_seed(1)
    watched = net()
    by_hand(plain, x, dy)
    notes = Notes()
    with observing(layers_of(watched), saw=notes.saw, felt=notes.felt):
        by_hand(watched, x, dy)
    for one, other in zip(plain.parameters(), watched.parameters(), strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)


def test_a_call_for_the_result_alone_is_seen_in_every_layer() -> None:
    model, notes = net(), Notes()
    with observing(layers_of(model), saw=notes.saw), torch.no_grad():
        model(rows())
    assert sorted(notes.seen) == sorted(layers_of(model))


def test_a_state_that_a_row_begins_from_goes_through() -> None:
    stack: RecurrentStack = double(RecurrentStack(GRU(3, 4), GRU(4, 5)))
    state = torch.randn(2, stack.state_size, dtype=torch.float64)
    expected, last, _ = stack.vjp_from(rows(), state)
    notes, looking = Notes(), torch.inference_mode()
    with looking, observing(layers_of(stack), saw=notes.saw, felt=notes.felt):
        y, end, backward = stack.vjp_from(rows(), state)
        dx, dstate = backward(torch.ones_like(y), torch.ones_like(end))
    assert notes.seen == ["layers.0", "dropout", "layers.1", ""]
    assert notes.felt_by == ["", "layers.1", "dropout", "layers.0"]
    torch.testing.assert_close(y, expected)
    torch.testing.assert_close(end, last)
    assert dstate is not None
    assert (dx.shape, dstate.shape) == ((2, 6, 3), state.shape)


@pytest.mark.parametrize("grad", [False, True])
def test_a_recurrent_layer_whose_doors_open_one_another_tells_once(*, grad: bool) -> None:
    layer: Recurrent = double(GRU(3, 4))
    notes = Notes()
    looking = observing({"gru": layer}, saw=notes.saw, felt=notes.felt)
    with torch.set_grad_enabled(grad), looking:
        y = layer(rows())
        assert notes.seen == ["gru"]
        if grad:
            y.sum().backward()
            assert notes.felt_by == ["gru"]


def test_observations_may_be_nested() -> None:
    model = net()
    layers = layers_of(model)
    outer, inner = Notes(), Notes()
    with observing(layers, saw=outer.saw):
        with observing({"": model}, saw=inner.saw):
            by_hand(model, rows(), torch.ones(2, 6, 2, dtype=torch.float64))
        model(rows())
    assert inner.seen == [""]
    assert sorted(outer.seen) == sorted([*layers, *layers])
    assert untouched(model)


def test_whatever_breaks_leaves_every_door_as_it_was_found() -> None:
    model = net()
    own = model.chain[0].vjp
    model.chain[0].vjp = own  # type: ignore[method-assign]

    def broken(name: str, *rest: object) -> None:
        if name == "layers.2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), observing(layers_of(model), saw=broken):
        model(rows())
    assert vars(model.chain[0]).pop("vjp") is own
    assert untouched(model)
    # What broke off in a layer does not make the next call of it unseen.
    tanh, notes = Tanh(), Notes()
    with observing({"tanh": tanh}, saw=notes.saw):
        with pytest.raises(TypeError):
            tanh.vjp(None)  # type: ignore[arg-type]
        tanh(rows())
    assert notes.seen == ["tanh"]


def test_after_the_end_nothing_is_told() -> None:
    layer: Linear = double(Linear(3, 2))
    notes = Notes()
    with observing({"linear": layer}, saw=notes.saw, felt=notes.felt):
        y, backward = layer.vjp(rows())
    y.sum().backward()  # type: ignore[no-untyped-call]
    backward(torch.ones_like(y))
    assert notes.felt_by == []


def test_nothing_told_is_recorded_by_autograd() -> None:
    layer: Linear = double(Linear(3, 2))
    recorded: list[bool] = []

    def saw(name: str, seen: Layer, x: Tensor, y: Tensor) -> None:
        recorded.append((y * 2).requires_grad)

    def felt(name: str, seen: Layer, dy: Tensor) -> None:
        recorded.append((dy @ layer.weight).requires_grad)

    with observing({"linear": layer}, saw=saw, felt=felt):
        layer(rows()).sum().backward()
    assert recorded == [False, False]


def test_layers_that_a_fused_path_goes_around_are_named() -> None:
    model = Sequential(Linear(3, 3), FlattenConsecutive(2), SelfAttention(6, 2), Dropout(0.0))
    layers = layers_of(double(model))
    with observing(layers, saw=Notes().saw) as look:
        assert look.unseen == tuple(layers)
        # A position at a time, attention reads its cache, and no row goes through it.
        h = model.chain[0](rows())
        model.chain[2].advance(h.reshape(2, 3, 6)[:, 0], None)
    # Its linear layers are called.
    assert look.unseen == ("", "layers.1", "layers.2", "layers.3")


def test_outputs_are_kept_when_asked_for_and_not_else() -> None:
    model = net()
    model(rows())
    assert not any("out" in vars(part) for part in model.modules())
    layers: list[Any] = [*model.layers]
    with keeping_outputs(model):
        model(rows())  # the last batch of the context counts
        y = model(2 * rows())
        for layer in layers:
            layer.out.retain_grad()
    assert untouched(model)
    y.sum().backward()
    assert [tuple(layer.out.shape) for layer in layers] == [
        (2, 6, 4), (2, 6, 4), (2, 6, 5), (2, 6, 2)
    ]  # fmt: skip
    assert layers[-1].out is y
    x = 2 * rows()
    for layer in layers:
        x = layer(x)
        assert torch.equal(layer.out, x)
        assert layer.out.grad.shape == x.shape
    assert torch.equal(layers[-1].out.grad, torch.ones_like(y))
    model(rows())
    assert torch.equal(layers[-1].out, y)  # nobody asked for another


def test_outputs_of_a_list_of_layers_as_the_lecture_calls_them() -> None:
    layers = [Linear(3, 4), Tanh()]
    x = torch.ones(2, 3)
    with keeping_outputs(layers):
        for layer in layers:
            x = layer(x)
    assert [layer.out is x for layer in layers] == [False, True]
    with keeping_outputs(layers):
        pass
    assert not any("out" in vars(layer) for layer in layers)


def test_an_output_that_was_not_kept_says_how_to_keep_it() -> None:
    with pytest.raises(RuntimeError, match=r"this Tanh has no `out`.*keeping_outputs"):
        _ = Tanh().out


def test_outputs_of_what_is_no_layer_are_refused() -> None:
    with pytest.raises(TypeError, match=r"expected layers of hornbook\.nn, got int"):
        keeping_outputs([3]).__enter__()  # type: ignore[list-item]
