"""Values, neurons and losses, against torch in float64 and finite differences."""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hornbook.errors import TrainingError
from hornbook.scalar import (
    MLP,
    Layer,
    Neuron,
    Value,
    dot,
    l2_penalty,
    max_margin,
    mean_squared_error,
)
from hornbook.scalar.classifier import Classifier
from hornbook.scalar.moons import two_moons
from tests.scalar_expressions import Step, built, rows, steps, tensors


@given(steps, rows)
def test_any_expression_has_torch_s_value_and_gradients(
    program: list[Step], row: tuple[float, ...]
) -> None:
    mine, theirs = [Value(x) for x in row], tensors(row)
    root, other = built(program, mine), built(program, theirs)
    root.backward()
    other.backward()
    assert root.data == pytest.approx(other.item(), rel=1e-12, abs=1e-12)
    expected = [0.0 if leaf.grad is None else leaf.grad.item() for leaf in theirs]
    scale = max(map(abs, expected))
    assert [leaf.grad for leaf in mine] == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale)


@pytest.mark.parametrize(
    ("f", "a", "b"),
    [
        (lambda a, b: a + b, 1.5, -2.0),
        (lambda a, b: a - b, 1.5, -2.0),
        (lambda a, b: a * b, 1.5, -2.0),
        (lambda a, b: a / b, 1.5, -2.0),
        (lambda a, b: a**b, 1.5, -2.0),
        (lambda a, b: a**3 + b**-2, -1.5, -2.0),
        (lambda a, b: 2**a - 0.5**b, 1.5, -2.0),
        (lambda a, b: 3 - a + 2 * b + 1 / b - 1 + a, 1.5, -2.0),
        (lambda a, b: a.exp() + b.log(), 1.5, 2.0),
        (lambda a, b: a.tanh() + b.sigmoid(), 1.5, -2.0),
        (lambda a, b: a.relu() + b.relu(), 1.5, -2.0),
        (lambda a, b: dot([a, b, a], [b, a, a], b), 1.5, -2.0),
    ],
)
def test_each_operation_against_finite_differences(
    f: Callable[[Value, Value], Value], a: float, b: float
) -> None:
    x, y, h = Value(a), Value(b), 1e-6
    f(x, y).backward()

    def slope(da: float, db: float) -> float:
        above = f(Value(a + da), Value(b + db)).data
        return (above - f(Value(a - da), Value(b - db)).data) / (2 * h)

    assert x.grad == pytest.approx(slope(h, 0), rel=1e-8, abs=1e-9)
    assert y.grad == pytest.approx(slope(0, h), rel=1e-8, abs=1e-9)


def test_the_lecture_s_neuron() -> None:
    x1, x2, w1, w2 = (Value(x) for x in (2.0, 0.0, -3.0, 1.0))
    b = Value(6.8813735870195432)
    out = (x1 * w1 + x2 * w2 + b).tanh()
    out.backward()
    assert out.data == pytest.approx(0.7071, abs=1e-4)
    assert [v.grad for v in (x1, w1, x2, w2)] == pytest.approx([-1.5, 1.0, 0.5, 0.0])


def test_a_second_backward_adds_to_the_leaves_and_counts_nothing_twice() -> None:
    a, b = Value(1.5), Value(-0.5)
    ta, tb = tensors([1.5, -0.5])
    middle = a * b
    root = middle.tanh() + middle * a
    between = ta * tb
    other = torch.tanh(between) + between * ta
    for times in (1, 2, 3):
        root.backward()
        other.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        assert ta.grad is not None
        assert tb.grad is not None
        assert a.grad == pytest.approx(ta.grad.item(), rel=1e-14)
        assert b.grad == pytest.approx(tb.grad.item(), rel=1e-14)
        assert root.grad == 1
        if times == 1:
            first = middle.grad
        assert middle.grad == first


def test_two_roots_share_what_is_below_them() -> None:
    a = Value(3.0)
    shared = a * a
    (shared * 2).backward()
    (shared * 5).backward()
    assert a.grad == 2 * 6 + 5 * 6
    leaf = Value(1.0)
    leaf.backward()
    leaf.backward()
    assert leaf.grad == 2


def test_a_value_used_twice_gets_both_gradients() -> None:
    a = Value(3.0)
    (a + a * a / a - a).backward()
    assert a.grad == pytest.approx(1.0)


def test_a_deep_graph_is_walked_and_freed_without_recursion() -> None:
    a = Value(1.0)
    total = a
    for _ in range(100_000):
        total = total + a
    total.backward()
    assert total.data == 100_001
    assert a.grad == 100_001
    before = len(gc.get_objects())
    del total
    # No cycles: gone at once, without the collector.
    assert len(gc.get_objects()) <= before - 100_000


def test_nothing_overflows_in_tanh_and_sigmoid() -> None:
    for x in (-1e308, -800.0, 800.0, 1e308):
        for f in (Value.tanh, Value.sigmoid):
            a = Value(x)
            y = f(a)
            y.backward()
            assert y.data == pytest.approx(1.0 if x > 0 else (-1.0 if f is Value.tanh else 0.0))
            assert a.grad == 0
    assert Value(-700.0).sigmoid().data == pytest.approx(math.exp(-700), rel=1e-14)


def test_what_is_not_a_number_stays_so() -> None:
    assert math.isnan(Value(math.nan).relu().data)
    assert (Value(1e308) * 10).data == math.inf
    a = Value(math.nan)
    a.relu().backward()
    assert a.grad == 1  # as torch


@pytest.mark.parametrize(
    ("compute", "kind", "told"),
    [
        (lambda: Value(1.0) / 0, ZeroDivisionError, "division by zero"),
        (lambda: 1 / Value(0.0), ZeroDivisionError, "division by zero"),
        (lambda: Value(0.0) ** -1, ZeroDivisionError, r"0 \*\* -1 divides by zero"),
        (lambda: Value(0.0).log(), ValueError, r"log\(0\) is not a number"),
        (lambda: Value(-2.0).log(), ValueError, "must be positive"),
        (lambda: Value(710.0).exp(), OverflowError, r"exp\(710\) is too large"),
        (lambda: Value(10.0) ** 400, OverflowError, "too large"),
        (lambda: Value(-8.0) ** (1 / 3), ValueError, "needs an integer exponent"),
        (lambda: Value(-8.0) ** Value(2.0), ValueError, "plain number"),
        (lambda: (Value(0.0) ** 0.5).backward(), ZeroDivisionError, "divides by zero"),
        (lambda: Value("3"), TypeError, "not '3'"),  # type: ignore[arg-type]
        (lambda: dot([Value(1.0)], []), ValueError, "1 weights, and 0 inputs"),
    ],
)
def test_what_has_no_value_is_told_plainly(
    compute: Callable[[], object], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        compute()


def test_powers_at_the_edge() -> None:
    a, b = Value(0.0), Value(2.0)
    (a**b).backward()
    assert (a.grad, b.grad) == (0.0, 0.0)
    c = Value(0.0)
    (c**0).backward()
    assert c.grad == 0
    d = Value(-3.0)
    (d**2).backward()
    assert d.grad == -6


def test_numbers_of_numpy_mix_in_from_either_side() -> None:
    a = Value(3.0)
    numbers: tuple[Any, ...] = (np.float64(2), np.float32(2), np.int64(2))
    for number in numbers:
        for made in (number * a, a * number, number + a + 1, 12 / a + number):
            assert isinstance(made, Value)
            assert made.data == 6
            assert type(made.data) is float


def test_repr_tells_label_and_gradient() -> None:
    a = Value(2, "a")
    (a * 3).backward()
    assert repr(a) == "Value(data=2, grad=3, label='a')"


@settings(max_examples=25)
@given(st.integers(0, 20), st.integers(0, 1000))
def test_a_dot_product_is_its_products_and_sums_to_the_last_bit(n: int, seed: int) -> None:
    chance = random.Random(seed)
    w, x = ([Value(chance.gauss(0, 1)) for _ in range(n)] for _ in range(2))
    bias = Value(chance.gauss(0, 1))
    together = dot(w, x, bias)
    together.backward()
    found = [v.grad for v in (*w, *x, bias)]
    for v in (*w, *x, bias):
        v.grad = 0.0
    total = bias
    for wi, xi in zip(w, x, strict=True):
        total = total + wi * xi
    total.backward()
    assert together.data == total.data
    assert found == [v.grad for v in (*w, *x, bias)]


def torch_mlp(
    model: MLP, x: torch.Tensor, names: Sequence[str]
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The same net of tensors."""
    leaves = []
    for layer, name in zip(model.layers, names, strict=True):
        weight = [[w.data for w in neuron.weights] for neuron in layer.neurons]
        bias = [neuron.bias.data for neuron in layer.neurons]
        pair = [torch.tensor(t, dtype=torch.float64, requires_grad=True) for t in (weight, bias)]
        leaves += pair
        x = torch.nn.functional.linear(x, *pair)
        x = x if name == "linear" else getattr(torch, name)(x)
    return x, leaves


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_a_net_and_its_losses_against_torch(activation: str) -> None:
    model = MLP(3, (5, 4, 1), activation=activation, last="tanh", seed=3)  # type: ignore[arg-type]
    for i, p in enumerate(model.parameters()):
        p.data += 0.01 * i  # biases that are not zero
    chance = random.Random(0)
    xs = [[chance.gauss(0, 1) for _ in range(3)] for _ in range(6)]
    ys = [chance.choice((-1.0, 1.0)) for _ in xs]
    scores, targets = [model.answers(x)[0] for x in xs], torch.tensor(ys, dtype=torch.float64)
    total = mean_squared_error(scores, ys) + max_margin(scores, ys)
    total = total + l2_penalty(model.parameters(), 0.1)
    names = [activation, activation, "tanh"]
    found, leaves = torch_mlp(model, torch.tensor(xs, dtype=torch.float64), names)
    found = found[:, 0]
    theirs = torch.nn.functional.mse_loss(found, targets) + (1 - targets * found).relu().mean()
    theirs = theirs + 0.1 * torch.stack([(leaf**2).sum() for leaf in leaves]).sum()
    total.backward()
    theirs.backward()  # type: ignore[no-untyped-call]
    assert total.data == pytest.approx(theirs.item(), rel=1e-13)
    mine = iter(model.parameters())
    for weight, bias in zip(leaves[::2], leaves[1::2], strict=True):
        assert weight.grad is not None
        assert bias.grad is not None
        for row, b in zip(weight.grad, bias.grad, strict=True):
            expected = [*row.tolist(), b.item()]
            assert [next(mine).grad for _ in expected] == pytest.approx(expected, rel=1e-10)
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}


def test_the_size_of_a_net() -> None:
    assert len(MLP(2, (16, 16, 1)).parameters()) == 337
    same = [p.data for p in MLP(2, (3,), seed=1).parameters()]
    assert same == [p.data for p in MLP(2, (3,), seed=1).parameters()]
    assert same != [p.data for p in MLP(2, (3,), seed=2).parameters()]


def test_one_answer_is_a_value_and_several_are_a_list() -> None:
    x = (0.5, 1.0)
    assert isinstance(Neuron(2)(x), Value)
    assert isinstance(Layer(2, 1)(x), Value)
    several = Layer(2, 3)(x)
    assert isinstance(several, list)
    assert len(several) == 3
    for sizes in ((4, 4, 1), (1, 1)):  # a layer of one neuron within, too
        model = MLP(2, sizes)
        one = model(x)
        assert isinstance(one, Value)
        assert [one.data] == [value.data for value in model.answers(x)]
    wide = MLP(2, (1, 2))(x)
    assert isinstance(wide, list)
    assert len(wide) == 2


def test_neurons_without_a_generator_draw_from_the_module_s() -> None:
    random.seed(7)
    drawn = [p.data for p in Layer(2, 2, "tanh").parameters()]
    random.seed(7)
    assert drawn == [p.data for p in Layer(2, 2, "tanh").parameters()]
    assert drawn != [p.data for p in Layer(2, 2, "tanh").parameters()]


def test_the_lecture_s_training_loop() -> None:
    model: Any = MLP(3, [4, 4, 1], activation="tanh", last="tanh")
    xs = [(2.0, 3.0, -1.0), (3.0, -1.0, 0.5), (0.5, 1.0, 1.0), (1.0, 1.0, -1.0)]
    ys = [1.0, -1.0, -1.0, 1.0]
    for _ in range(100):
        ypred = [model(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -0.05 * p.grad
    assert loss.data < 0.08


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: MLP(2, ()), "at least one layer"),
        (lambda: MLP(2, (0,)), "at least 1 neuron"),
        (lambda: MLP(0, (1,)), "at least 1 input"),
        (lambda: Neuron(1, "step", random.Random(0)), "unknown activation 'step'"),  # type: ignore[arg-type]
        (lambda: MLP(2, (1,))((1, 2, 3)), "2 weights, and 3 inputs"),
        (lambda: mean_squared_error([], []), "at least one"),
        (lambda: mean_squared_error([Value(1.0)], [1, 2]), "not 1 and 2"),
        (lambda: max_margin([Value(1.0)], [0]), "-1 or 1, not 0"),
        (lambda: two_moons(1, noise=0, seed=0), "at least 2 points"),
        (lambda: Classifier([(0, 0)], [2.0]), "1 or -1"),
    ],
)
def test_nets_and_losses_refuse(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()


def test_the_sizes_of_layers_are_a_list() -> None:
    with pytest.raises(TypeError, match="a list of the sizes of its layers, not 4"):
        MLP(3, 4)  # type: ignore[arg-type]


def test_moons_are_half_circles() -> None:
    points, targets = two_moons(9, noise=0, seed=0)
    assert targets == [1.0] * 5 + [-1.0] * 4
    for (x, y), target in zip(points, targets, strict=True):
        if target > 0:
            assert math.hypot(x, y) == pytest.approx(1)
            assert y > -1e-12
        else:
            assert math.hypot(x - 1, y - 0.5) == pytest.approx(1)
            assert y < 0.5 + 1e-12
    noisy, _ = two_moons(2000, noise=0.2, seed=1)
    plain, _ = two_moons(2000, noise=0, seed=1)
    assert (np.array(noisy) - np.array(plain)).std() == pytest.approx(0.2, rel=0.05)


def test_a_classifier_that_runs_away_is_an_error() -> None:
    points, targets = two_moons(20, noise=0.1, seed=0)
    losses: list[float] = []
    with pytest.raises(TrainingError, match="diverges") as caught:
        losses.extend(Classifier(points, targets, hidden=(8, 8)).descent(100, 1000.0))
    assert "Lower `rate`" in caught.value.hint
    assert len(losses) < 100


def test_a_classifier_parts_the_moons() -> None:
    points, targets = two_moons(60, noise=0.1, seed=0)
    net = Classifier(points, targets, hidden=(8, 8))
    first = net.loss()
    other = Classifier(points, targets, hidden=(8, 8))
    losses = list(net.descent(150, 1.0))
    assert losses == [other.step(1 - 0.9 * step / 150) for step in range(150)]
    assert losses[0] == pytest.approx(first, rel=1e-13)  # sums of floats differ among Pythons
    assert net.loss() < 0.1 < first
    assert net.accuracy() == 1
    scores = [net.model.answers(point)[0].data for point in points]
    assert net.scores(points) == scores


@pytest.mark.parametrize("bare", [1.0, 2, Value(3.0)])
def test_a_bare_number_is_refused_where_a_list_is_expected(bare: Any) -> None:
    with pytest.raises(TypeError, match="expected a list of 3 numbers, not a bare number"):
        MLP(3, [4, 1])(bare)
