"""A number that remembers what it was made of (after micrograd, the first lecture).

    a, b = Value(2.0, "a"), Value(-3.0, "b")
    loss = (a * b + 10).tanh()
    loss.backward()
    a.grad  # d loss / d a

Each operation is a method here, which gives the result, and a function in `operations`, which
pushes the result's gradient to its inputs. A value knows its inputs and nobody knows it: there are
no cycles, and a graph is gone with the last name for it.
"""

from __future__ import annotations

import itertools
import math
import reprlib
from collections.abc import Sequence
from operator import attrgetter
from typing import SupportsFloat

from hornbook.scalar.functions import exp, log, power, relu, sigmoid
from hornbook.scalar.operations import (
    DOT,
    EXP,
    EXPONENTIAL,
    LOG,
    MINUS,
    NEGATIVE,
    OVER,
    PLUS,
    POWER,
    RELU,
    SIGMOID,
    TANH,
    TIMES,
    Operation,
)

__all__ = ["Value", "as_value", "dot"]

Values = tuple["Value", ...]

made = itertools.count()
by_serial = attrgetter("serial")


class Value:
    """One float, and its gradient once `backward` was called on something made of it.

    Values and plain numbers mix in + − * / ** and their reflected forms; a plain number becomes a
    leaf without a label. Division by zero is a ZeroDivisionError at once, a logarithm of what is
    not positive a ValueError, exp and ** beyond the largest float an OverflowError; in + − * /
    what is too large becomes infinite.

    Args:
        data: the number.
        label: a name, for `repr` and for drawings.

    Attributes:
        grad: d root / d self, see `backward`.
        inputs: the values it was made of; none for a leaf.
        operation: how it was made of them; None for a leaf.
        serial: its place in the order of making, which is always after its inputs'.
    """

    __slots__ = ("data", "grad", "inputs", "label", "operation", "serial")
    __array_ufunc__ = None  # NumPy's numbers leave the arithmetic to this class

    inputs: Values
    operation: Operation | None

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        if isinstance(data, str | list | tuple):
            raise TypeError(f"a Value needs a number, not {reprlib.repr(data)}")
        self.data = float(data)
        self.grad = 0.0
        self.label = label
        self.inputs = ()
        self.operation = None
        self.serial = next(made)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data:g}, grad={self.grad:g}{label})"

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return result(self.data + other.data, (self, other), PLUS)

    def __sub__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return result(self.data - other.data, (self, other), MINUS)

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return result(self.data * other.data, (self, other), TIMES)

    def __truediv__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return result(self.data / other.data, (self, other), OVER)

    def __pow__(self, other: Value | float) -> Value:
        """self to a plain number, or to a Value that wants its gradient too.

        Raises:
            ValueError: for a negative base, if the exponent is a Value or not whole.
        """
        if not isinstance(other, Value):
            other = Value(other)
            return result(power(self.data, other.data), (self, other), POWER)
        if self.data < 0.0:
            raise ValueError(
                f"({self.data:g}) ** Value({other.data:g}) has no derivative in its exponent: "
                "for a negative base, the exponent must be a plain number"
            )
        return result(power(self.data, other.data), (self, other), EXPONENTIAL)

    def __neg__(self) -> Value:
        return result(-self.data, (self,), NEGATIVE)

    def __radd__(self, other: float) -> Value:
        return Value(other) + self

    def __rsub__(self, other: float) -> Value:
        return Value(other) - self

    def __rmul__(self, other: float) -> Value:
        return Value(other) * self

    def __rtruediv__(self, other: float) -> Value:
        return Value(other) / self

    def __rpow__(self, other: float) -> Value:
        return Value(other) ** self

    def exp(self) -> Value:
        """e to the self; OverflowError above 709.78."""
        return result(exp(self.data), (self,), EXP)

    def log(self) -> Value:
        """The natural logarithm; ValueError unless self is above zero."""
        return result(log(self.data), (self,), LOG)

    def tanh(self) -> Value:
        """The hyperbolic tangent, of any number."""
        return result(math.tanh(self.data), (self,), TANH)

    def relu(self) -> Value:
        """Self above zero, else 0; at zero the derivative is 0."""
        return result(relu(self.data), (self,), RELU)

    def sigmoid(self) -> Value:
        """1 / (1 + e^-self), of any number."""
        return result(sigmoid(self.data), (self,), SIGMOID)

    def graph(self) -> list[Value]:
        """Every value that this one was made of, itself last, in the order of making."""
        found, waiting = {self}, [self]
        while waiting:
            for value in waiting.pop().inputs:
                if value not in found:
                    found.add(value)
                    waiting.append(value)
        return sorted(found, key=by_serial)

    def backward(self) -> None:
        """Add d self / d leaf to `grad` of every leaf that self was made of.

        Leaves accumulate, as in torch: a second call adds the same once more, and a training loop
        sets them to zero in between. The values in between hold the gradient of the latest call
        alone, so that nothing is counted twice. A gradient of exactly zero is pushed no further.
        Derivatives are taken where `data` stands now: call this before changing it.

        Raises:
            ZeroDivisionError: where a derivative is infinite, as that of x ** 0.5 at 0.
        """
        # A value is made after its inputs, so from the last made to the first each one's gradient
        # is complete before it is pushed on. There is no recursion: no depth is too deep.
        values = self.graph()
        for value in values:
            if value.operation is not None:
                value.grad = 0.0
        self.grad += 1.0
        for value in reversed(values):
            if value.grad and value.operation is not None:
                value.operation.push(value)


def result(data: float, inputs: Values, operation: Operation) -> Value:
    """The value that an operation made."""
    value: Value = new(Value)
    value.data = data
    value.grad = 0.0
    value.label = ""
    value.inputs = inputs
    value.operation = operation
    value.serial = next(made)
    return value


new = object.__new__


def as_value(number: Value | float) -> Value:
    """A value as it is, a plain number as a leaf."""
    return number if isinstance(number, Value) else Value(number)


def dot(weights: Sequence[Value], inputs: Sequence[Value], bias: Value | None = None) -> Value:
    """bias + w₁·x₁ + w₂·x₂ + …, added up in this order, as a single value.

    The same as with * and +, to the last bit, and many times as fast: a neuron is one value, not
    one for every product and sum.

    Raises:
        ValueError: if there are not as many weights as inputs.
    """
    if len(weights) != len(inputs):
        raise ValueError(
            f"expected as many inputs as weights: there are {len(weights)} weights, and "
            f"{len(inputs)} inputs were given"
        )
    total, rest = (0.0, ()) if bias is None else (bias.data, (bias,))
    for w, x in zip(weights, inputs, strict=True):
        total += w.data * x.data
    return result(total, (*weights, *inputs, *rest), DOT)
