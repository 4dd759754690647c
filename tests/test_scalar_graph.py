"""Formulas read, and their graphs as DOT."""

from __future__ import annotations

import math
import re

import pytest

from hornbook.errors import ExpressionError
from hornbook.scalar import Value, as_dot, dot, parse_expression

NUMBERS = {"a": 2.0, "b": -3.0, "c": 10.0}


@pytest.mark.parametrize(
    "text",
    [
        "tanh(a*b + c)",
        "-a**2 - +b/c",
        "2**a + a**-1 - b**3",
        "exp(a)*log(c) + relu(b) - sigmoid(b) * 1e-3",
        "((a))-(b-c)*3",
        " a +\tb+c",
        "a * -2 - -b ** -2.0 + 3",
    ],
)
def test_a_formula_is_what_python_makes_of_it(text: str) -> None:
    used = {name: x for name, x in NUMBERS.items() if re.search(rf"\b{name}\b", text)}
    known = {
        "exp": math.exp,
        "log": math.log,
        "tanh": math.tanh,
        "relu": lambda x: max(x, 0),
        "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    }
    assert parse_expression(text, used).data == pytest.approx(eval(text.strip(), known, used))


def test_every_part_is_labelled_and_a_name_is_one_leaf() -> None:
    root = parse_expression("a*b + a**3", {"a": 2.0, "b": 5.0})
    labels = ["a", "b", "a * b", "3", "a ** 3", "a * b + a ** 3"]
    assert [value.label for value in root.graph()] == labels
    root.backward()
    assert root.graph()[0].grad == 5 + 12


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cannot be parsed"),
        ("a +", "cannot be parsed"),
        ("a\0", "cannot be parsed"),
        ("a; b", "cannot be parsed"),
        ("a + d", "d has no value"),
        ("a*2", "does not occur"),
        ("__import__('os')", "not allowed"),
        ("a.real", "not allowed"),
        ("a // b", "not allowed"),
        ("a and b", "not allowed"),
        ("tanh(a, b)", "not allowed"),
        ("tanh(x=a)", "not allowed"),
        ("sin(a)", "not allowed"),
        ("a + True + b", "not allowed"),
        ("a + 'b'", "not allowed"),
        ("a / (b - b)", "is undefined here: float division by zero"),
        ("log(a - a) + b", "log(0) is not a number"),
        ("exp(1000*a) + b", "too large"),
        ("b ** (1/a)", "plain number"),
        ("b ** 0.5 + a", "needs an integer exponent"),
        ("1" + "0" * 400 + "*a*b", "is too large"),
        ("b + a ** 1" + "0" * 400, "is too large"),
        ("b + a ** True", "not allowed"),
        ("b + a - -'1'", "not allowed"),
        ("(" * 400 + "a" + ")" * 400, "cannot be parsed"),
        ("a" + "+a" * 20000, "too deep"),
    ],
)
def test_what_is_no_formula_is_told_plainly(text: str, told: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(told)):
        parse_expression(text, {"a": 2.0, "b": -3.0})


def test_dot_holds_every_value_and_edge() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, 'b|"<{')
    root = dot([a], [b], a).tanh()
    root.backward()
    text = as_dot(root)
    assert text.startswith("digraph")
    assert text.rstrip().endswith("}")
    assert text.count("shape=record") == 4
    assert text.count("->") == 2 + 3 + 1
    assert f"a | data 2 | grad {a.grad:.4g}" in text
    assert 'b\\|\\"\\<\\{ | data -3' in text
    assert 'label="tanh"' in text
    assert 'label="dot"' in text
