"""The tape beside the values it was made of: the same numbers."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hornbook.scalar import MLP, Tape, Value, dot, l2_penalty, max_margin, mean_squared_error
from hornbook.scalar import source as source_module
from hornbook.scalar.network import Activation
from tests.scalar_expressions import LEAVES, Step, built, rows, steps


def by_values(
    build: Callable[..., Value], given: list[tuple[float, ...]], trained: int
) -> tuple[list[float], list[float]]:
    """Each row's value, and the mean gradients of the first `trained` leaves, row after row."""
    parameters = [Value(x) for x in given[0][:trained]]
    data = []
    for row in given:
        root = build([*parameters, *(Value(x) for x in row[trained:])])
        root.backward()
        data.append(root.data)
    return data, [p.grad / len(given) for p in parameters]


@given(steps, st.lists(rows, min_size=1, max_size=4), st.integers(0, LEAVES))
def test_any_expression_replays_to_the_last_bit(
    program: list[Step], given: list[tuple[float, ...]], trained: int
) -> None:
    # The last leaf, a factor of everything, sees to it that nothing is the same for all rows.
    def build(leaves: list[Value]) -> Value:
        mixed = [leaf * leaves[-1] if i < trained else leaf for i, leaf in enumerate(leaves)]
        root: Value = built(program, mixed[:LEAVES])
        return root

    given = [(*given[0][:trained], *row[trained:], 0.5 + i) for i, row in enumerate(given)]
    leaves = [Value(x) for x in given[-1]]
    root = build(leaves)
    used = set(root.graph())
    parameters = [leaf for leaf in leaves[:trained] if leaf in used]
    inputs = [leaf for leaf in leaves[trained:] if leaf in used]
    tape = Tape(root, inputs=inputs, parameters=parameters)
    seen = [
        tuple(x for x, leaf in zip(row[trained:], leaves[trained:], strict=True) if leaf in used)
        for row in given
    ]
    data, gradients = by_values(build, given, trained)
    assert tape.forward(seen) == data
    total = 0.0
    for value in data:
        total += value
    assert tape.backward(seen) == total / len(data)
    expected = [g for g, leaf in zip(gradients, leaves, strict=False) if leaf in used]
    assert [p.grad for p in parameters] == expected


def points(count: int, seed: int = 0) -> list[tuple[float, float, float]]:
    chance = random.Random(seed)
    return [
        (chance.gauss(0, 1), chance.gauss(0, 1), chance.choice((-1.0, 1.0))) for _ in range(count)
    ]


def loss_of(model: MLP, x: Value | float, y: Value | float, target: Value | float) -> Value:
    (score,) = model.answers((x, y))
    return max_margin([score], [target]) + mean_squared_error([score], [target])


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_training_takes_the_same_path_to_the_last_bit(activation: Activation) -> None:
    mine, theirs = (MLP(2, (6, 5, 1), activation=activation, seed=2) for _ in range(2))
    leaves = [Value(0.3), Value(-0.4), Value(1.0)]
    tape = Tape(loss_of(mine, *leaves), inputs=leaves, parameters=mine.parameters())
    data = points(12)
    for _ in range(5):
        tape.step(data, 0.3)
        theirs.zero_grad()
        for row in data:
            loss_of(theirs, *row).backward()
        for p in theirs.parameters():
            p.data -= 0.3 * (p.grad / len(data))
    assert [p.data for p in mine.parameters()] == [p.data for p in theirs.parameters()]


def test_what_depends_on_no_row_is_computed_once() -> None:
    model, data = MLP(2, (4, 1), seed=1), points(9)
    leaves = [Value(0.3), Value(-0.4), Value(1.0)]
    penalty = l2_penalty(model.parameters(), 0.05).tanh()
    tape = Tape(loss_of(model, *leaves) + penalty, inputs=leaves, parameters=model.parameters())
    mean = tape.backward(data)
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    losses = [loss_of(model, *row) + penalty for row in data]
    total = dot(losses, [Value(1 / len(data)) for _ in losses])
    total.backward()
    assert mean == pytest.approx(total.data, rel=1e-13)
    assert found == pytest.approx([p.grad for p in model.parameters()], rel=1e-11, abs=1e-15)
    before, loop = tape.backward_source.split(" for ")
    assert "tanh(" in before
    assert "tanh(" not in loop


def test_an_expression_of_parameters_alone() -> None:
    a, b = Value(2.0), Value(3.0)
    tape = Tape(a * b, inputs=[], parameters=[a, b])
    assert tape.forward([(), ()]) == [6.0, 6.0]
    assert tape.backward([(), ()]) == 6.0
    assert (a.grad, b.grad) == (3.0, 2.0)


def test_a_root_that_is_a_leaf_or_has_nothing_to_train() -> None:
    a, x = Value(2.0), Value(3.0)
    assert Tape(a, inputs=[], parameters=[a]).backward([()]) == 2.0
    assert a.grad == 1
    assert Tape(x, inputs=[x], parameters=[]).forward([(5.0,)]) == [5.0]
    assert Tape(x * 2 + 1, inputs=[x], parameters=[]).backward([(5.0,), (7.0,)]) == 13.0
    assert Tape(a * 2, inputs=[], parameters=[]).forward([()]) == [4.0]


def test_branches_are_decided_anew_for_every_row() -> None:
    w, x = Value(1.0), Value(-1.0)  # relu was off when the expression was built
    tape = Tape((w * x).relu(), inputs=[x], parameters=[w])
    assert tape.forward([(-2.0,), (3.0,)]) == [0.0, 3.0]
    tape.backward([(-2.0,), (3.0,)])
    assert w.grad == 1.5


def test_gradients_add_up_until_they_are_forgotten() -> None:
    w, x = Value(2.0), Value(0.0)
    tape = Tape(w * x, inputs=[x], parameters=[w])
    tape.backward([(3.0,)])
    tape.backward([(4.0,)])
    assert w.grad == 7
    tape.update(0.5)
    assert w.data == -1.5
    assert tape.forward([(2.0,)]) == [-3.0]
    tape.zero_grad()
    assert w.grad == 0


def test_constants_are_frozen_and_odd_ones_survive() -> None:
    w, k, x = Value(2.0), Value(5.0), Value(1.0)
    tape = Tape(w * (k * k) + x * -math.inf, inputs=[x], parameters=[w])
    k.data = 99.0
    assert tape.forward([(-1.0,)]) == [math.inf]
    assert "25.0" in tape.forward_source


def test_rows_may_be_of_any_numbers() -> None:
    x, y = Value(1.0), Value(1.0)
    tape = Tape(x / y + x * x, inputs=[x, y], parameters=[])
    big = 2**53 + 1  # no float
    assert tape.forward([(big, 1)]) == [(Value(big) + Value(big) * Value(big)).data]
    assert tape.forward(np.array([[1, 2]], dtype=np.float32)) == [1.5]
    with pytest.raises(ZeroDivisionError):
        tape.forward(np.array([[1.0, 0.0]]))


def test_a_plain_exponent_has_no_gradient() -> None:
    w = Value(2.0)
    root = w**3
    exponent = root.inputs[1]
    tape = Tape(root * w, inputs=[], parameters=[w, exponent])
    root.backward()
    tape.backward([()])
    assert exponent.grad == 0
    assert w.grad == 12 + 32


def test_errors_are_those_of_values() -> None:
    x, w = Value(1.0), Value(1.0)
    for root, kind in (
        (w / x, ZeroDivisionError),
        (w * x.log(), ValueError),
        (w * (1000 * (1 - x)).exp(), OverflowError),
    ):
        tape = Tape(root, inputs=[x], parameters=[w])
        with pytest.raises(kind):
            tape.forward([(0.0,)])


def test_long_products_and_long_chains_compile() -> None:
    w = [Value(float(i)) for i in range(1000)]
    x = [Value(0.5) for _ in w]
    tape = Tape(dot(w, x), inputs=x, parameters=w)
    row = tuple(1.0 + i % 3 for i in range(1000))
    assert tape.forward([row]) == [dot(w, [Value(n) for n in row]).data]
    tape.backward([row])
    assert [v.grad for v in w] == list(row)
    total = a = Value(1.0)
    for _ in range(3000):
        total = total + a
    assert Tape(total, inputs=[], parameters=[a]).forward([()]) == [3001.0]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda a, b: Tape(a * b, inputs=[a], parameters=[a]), "must be distinct"),
        (lambda a, b: Tape(a * 2, inputs=[b], parameters=[a]), "not a leaf"),
        (lambda a, b: Tape(a * 2, inputs=[a * 2], parameters=[]), "not a leaf"),
        (
            lambda a, b: Tape(a * b, inputs=[a], parameters=[b]).forward([(1,), (1, 2)]),
            "row 1 has 2 numbers; the tape expects 1",
        ),
        (lambda a, b: Tape(a * b, inputs=[a], parameters=[b]).backward([]), "at least one row"),
    ],
)
def test_a_tape_refuses(make: Callable[[Value, Value], object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make(Value(2.0), Value(3.0))


def test_the_code_is_as_the_docs_show_it() -> None:
    w, b, x = Value(1.0), Value(2.0), Value(3.0)
    tape = Tape(dot([w], [x], b).relu(), inputs=[x], parameters=[w, b])
    doc = source_module.__doc__ or ""
    shown = doc[doc.index("    def backward") : doc.index("(v is a value")]
    assert [line.strip() for line in shown.strip().splitlines()] == [
        line.strip() for line in tape.backward_source.splitlines()
    ]
    ast.parse(tape.forward_source)
