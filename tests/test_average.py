"""What the bag of words is made of: the average of the past, learned positions, residuals."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hornbook.nn import AverageForm, CausalAverage, Layer, LearnedPositions, Linear, Residual, Tanh
from hornbook.nn.sequential import Sequential
from tests.referee import close, finite_difference, hand_equals_autograd, normal

FORMS: tuple[AverageForm, ...] = ("loop", "product", "softmax")
each_form = pytest.mark.parametrize("form", FORMS)
sizes = st.integers(1, 6)
examples = settings(max_examples=25)


def read_by_steps(layer: Layer, x: Tensor) -> Tensor:
    """The layer's result, one position after another."""
    state: Any = None
    found = []
    with torch.no_grad():
        for t in range(x.shape[1]):
            y, state = layer.advance(x[:, t], state)
            found.append(y)
    return torch.stack(found, 1)


@given(sizes, st.integers(1, 20), sizes, st.integers(0, 99))
@examples
def test_the_three_forms_are_one_and_attention_with_equal_scores(
    b: int, t: int, c: int, seed: int
) -> None:
    x = normal(b, t, c, seed=seed)
    mean = torch.stack([x[:, : i + 1].sum(1) / (i + 1) for i in range(t)], 1)
    query = torch.zeros_like(x)  # whatever the keys are, all scores are 0
    attention = F.scaled_dot_product_attention(query, normal(b, t, c, seed=7), x, is_causal=True)
    close(attention, mean, 1e-13)
    for form in FORMS:
        close(CausalAverage(form)(x), mean, 1e-13)


@each_form
@given(sizes, st.integers(1, 9), sizes)
@examples
def test_the_way_back_of_each_form(form: AverageForm, b: int, t: int, c: int) -> None:
    hand_equals_autograd(CausalAverage(form), normal(b, t, c), 1e-13)


@each_form
def test_the_way_back_is_an_average_reversed(form: AverageForm) -> None:
    x, dy = normal(2, 5, 3), normal(2, 5, 3, seed=1)
    layer = CausalAverage(form)
    _, backward = layer.vjp(x)
    dx = backward(dy)
    for s in range(5):
        close(dx[:, s], sum((dy[:, t] / (t + 1) for t in range(s, 5)), torch.zeros(2, 3)))
    close(dx, finite_difference(lambda: float((layer(x) * dy).sum()), x), 1e-8)


@each_form
def test_the_average_keeps_the_type_of_its_input(form: AverageForm) -> None:
    for dtype in (torch.float32, torch.float64):
        y, backward = CausalAverage(form).vjp(torch.ones(2, 3, 4, dtype=dtype))
        assert y.dtype == backward(y).dtype == dtype


@given(sizes, st.integers(1, 9), sizes)
@examples
def test_a_running_sum_and_count_give_the_average(b: int, t: int, c: int) -> None:
    x = normal(b, t, c)
    layer = CausalAverage()
    whole = layer(x)
    close(read_by_steps(layer, x), whole, 1e-13)
    for begun in range(1, t):
        y, state = layer.begin(x[:, :begun])
        close(y, whole[:, :begun], 1e-13)
        for at in range(begun, t):
            y, state = layer.advance(x[:, at], state)
            close(y, whole[:, at], 1e-13)


@pytest.mark.parametrize(
    "layer",
    [CausalAverage(), LearnedPositions(2, 4), Residual(CausalAverage())],
    ids=["average", "positions", "residual"],
)
def test_some_rows_go_on_without_the_others(layer: Layer) -> None:
    x, places = normal(3, 2, 4), torch.tensor([2, 0, 2])
    _, state = layer.advance(x[:, 0], None)
    y, _ = layer.advance(x[places, 1], layer.pick(state, places))
    close(y, layer(x)[places, 1])


@given(sizes, sizes, sizes, st.integers(0, 3))
@examples
def test_learned_positions_are_added(b: int, t: int, c: int, spare: int) -> None:
    layer = LearnedPositions(t + spare, c)
    x = normal(b, t, c)
    hand_equals_autograd(layer, x)
    close(layer(x), x + layer.weight[:t])
    close(read_by_steps(layer, x), layer(x))
    assert layer.weight.grad is not None
    assert not layer.weight.grad[t:].any()


def test_there_are_no_positions_beyond_the_last() -> None:
    with pytest.raises(ValueError, match="row has 5 positions; at most 4"):
        LearnedPositions(4, 2)(torch.zeros(1, 5, 2))


def test_positions_start_with_the_deviation_asked_for() -> None:
    def start(std: float, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return LearnedPositions(100, 200, std=std, generator=generator).weight.detach()

    assert float(start(0.02, 1).std()) == pytest.approx(0.02, rel=0.03)
    assert torch.equal(start(1.0, 1), start(1.0, 1))
    assert not torch.equal(start(1.0, 1), start(1.0, 2))


@given(sizes, sizes, sizes)
@examples
def test_a_residual_adds_its_layer_to_its_input(b: int, t: int, c: int) -> None:
    inner = Sequential(Linear(c, 3), Tanh(), Linear(3, c))
    layer, x = Residual(inner), normal(b, t, c)
    hand_equals_autograd(layer, x)
    close(layer(x), x + inner(x))
    averaged = Residual(CausalAverage())
    hand_equals_autograd(averaged, x)
    close(read_by_steps(averaged, x), averaged(x), 1e-13)


def test_a_residual_hands_back_the_gradient_that_its_layer_loses() -> None:
    layer = Linear(3, 3)
    torch.nn.init.zeros_(layer.weight)
    _, backward = Residual(layer).vjp(torch.ones(2, 3))
    with torch.no_grad():
        dy = torch.randn(2, 3)
        assert torch.equal(backward(dy), dy)


def test_under_autocast_what_adds_up_stays_float32() -> None:
    x = normal(3, 5, 4).float()
    layers = Sequential(
        LearnedPositions(5, 4), Residual(CausalAverage()), Residual(Linear(4, 4)), Linear(4, 6)
    )
    dy = normal(3, 5, 6, seed=1).float()
    found = []
    for low in (False, True):
        layers.zero_grad()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=low):
            y, backward = layers.vjp(x)
            dx = backward(dy.to(y.dtype))
        assert y.dtype == (torch.bfloat16 if low else torch.float32)
        assert dx.dtype == torch.float32
        grads = [p.grad for p in layers.parameters() if p.grad is not None]
        assert {g.dtype for g in grads} == {torch.float32}
        found.append([y.float(), dx, *(g.clone() for g in grads)])
    for exact, rough in zip(*found, strict=True):
        close(rough, exact, 0.03)


@each_form
def test_weights_are_what_the_average_multiplies_with(form: AverageForm) -> None:
    x = normal(2, 5, 3)
    layer = CausalAverage(form)
    weights = layer.weights(x)
    assert weights.shape == (2, 1, 5, 5)
    close(weights[:, 0] @ x, layer(x))
