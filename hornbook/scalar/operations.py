"""The operations of values: what the gradient of a result means for its inputs.

Each is a function of the result, which knows its inputs. It adds to their gradients, for an input
may serve other results too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from hornbook.scalar.functions import log, power_slope

if TYPE_CHECKING:
    from hornbook.scalar.value import Value

__all__ = [
    "DOT",
    "EXP",
    "EXPONENTIAL",
    "LOG",
    "MINUS",
    "NEGATIVE",
    "OVER",
    "PLUS",
    "POWER",
    "RELU",
    "SIGMOID",
    "TANH",
    "TIMES",
    "Operation",
    "parts_of",
]


class Operation(NamedTuple):
    """What a value was made by."""

    symbol: str
    "Its usual symbol."
    push: Callable[[Value], None]
    "Backward pass: adds to the gradients of a value's inputs."


def push_plus(out: Value) -> None:
    a, b = out.inputs
    a.grad += out.grad
    b.grad += out.grad


def push_minus(out: Value) -> None:
    a, b = out.inputs
    a.grad += out.grad
    b.grad -= out.grad


def push_times(out: Value) -> None:
    a, b = out.inputs
    a.grad += b.data * out.grad
    b.grad += a.data * out.grad


def push_over(out: Value) -> None:
    # d(a/b)/db = -a/b² = -out/b
    a, b = out.inputs
    a.grad += out.grad / b.data
    b.grad -= out.grad * out.data / b.data


def push_negative(out: Value) -> None:
    (a,) = out.inputs
    a.grad -= out.grad


def push_power(out: Value) -> None:
    # The exponent is a plain number: nobody asks for its gradient.
    a, b = out.inputs
    a.grad += power_slope(a.data, b.data) * out.grad


def push_exponential(out: Value) -> None:
    # d(a^b)/db = a^b · log a, whose limit at a = 0 is 0 for b > 0 (and is taken as 0 for b = 0)
    a, b = out.inputs
    a.grad += power_slope(a.data, b.data) * out.grad
    b.grad += out.data * log(a.data) * out.grad if a.data else 0.0


def push_exp(out: Value) -> None:
    (a,) = out.inputs
    a.grad += out.data * out.grad


def push_log(out: Value) -> None:
    (a,) = out.inputs
    a.grad += out.grad / a.data


def push_tanh(out: Value) -> None:
    (a,) = out.inputs
    a.grad += (1.0 - out.data * out.data) * out.grad


def push_relu(out: Value) -> None:
    (a,) = out.inputs
    if out.data:
        a.grad += out.grad


def push_sigmoid(out: Value) -> None:
    (a,) = out.inputs
    a.grad += out.data * (1.0 - out.data) * out.grad


def push_dot(out: Value) -> None:
    weights, inputs, bias = parts_of(out)
    grad = out.grad
    for w, x in zip(weights, inputs, strict=True):
        w.grad += x.data * grad
        x.grad += w.data * grad
    for b in bias:
        b.grad += grad


def parts_of(product: Value) -> tuple[tuple[Value, ...], tuple[Value, ...], tuple[Value, ...]]:
    """The weights, the inputs, and the bias, if there is one, of a dot product."""
    n = len(product.inputs) // 2
    return product.inputs[:n], product.inputs[n : 2 * n], product.inputs[2 * n :]


PLUS = Operation("+", push_plus)
MINUS = Operation("-", push_minus)
TIMES = Operation("*", push_times)
OVER = Operation("/", push_over)
NEGATIVE = Operation("neg", push_negative)
POWER = Operation("**", push_power)
EXPONENTIAL = Operation("**", push_exponential)
EXP = Operation("exp", push_exp)
LOG = Operation("log", push_log)
TANH = Operation("tanh", push_tanh)
RELU = Operation("relu", push_relu)
SIGMOID = Operation("sigmoid", push_sigmoid)
DOT = Operation("dot", push_dot)
