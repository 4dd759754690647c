"""An expression written out as straight-line Python, forward and back.

relu(w·x + b), with x in the rows, w and b the parameters, becomes

    def backward(rows, parameters):
     (v0, v1, ) = parameters
     total = 0.0
     g0 = 0.0
     g1 = 0.0
     for (v2, ) in rows:
      v3 = v1 + v0*v2
      v4 = 0.0 if v3 <= 0.0 else v3
      total += v4
      g3 = 0.0
      g4 = 1.0
      if g4:
       g3 += (g4 if v4 else 0.0)
      if g3:
       g0 += v2*g3
       g1 += g3
     return total, (g0, g1, )

(v is a value, g its gradient). What depends on no row is computed once, before the loop, and its
gradients are pushed on once, after it. Every formula is written as in `operations`, to the order of
its factors, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from hornbook.scalar import functions
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
    parts_of,
)
from hornbook.scalar.value import Value

__all__ = ["NAMES", "TapeSource"]

NAMES = {
    **{name: getattr(functions, name) for name in functions.__all__},
    "tanh": math.tanh,
    "inf": math.inf,
    "nan": math.nan,
}

FORWARD: dict[Operation, str] = {
    PLUS: "{a} + {b}",
    MINUS: "{a} - {b}",
    TIMES: "{a}*{b}",
    OVER: "{a}/{b}",
    NEGATIVE: "-{a}",
    POWER: "power({a}, {b})",
    EXPONENTIAL: "power({a}, {b})",
    EXP: "exp({a})",
    LOG: "log({a})",
    TANH: "tanh({a})",
    RELU: "0.0 if {a} <= 0.0 else {a}",
    SIGMOID: "sigmoid({a})",
}

# What the gradient {g} of a result {o} adds to the gradients of {a} and of {b}.
BACKWARD: dict[Operation, tuple[str, ...]] = {
    PLUS: ("{g}", "{g}"),
    MINUS: ("{g}", "-{g}"),
    TIMES: ("{b}*{g}", "{a}*{g}"),
    OVER: ("{g}/{b}", "-({g}*{o}/{b})"),
    NEGATIVE: ("-{g}",),
    POWER: ("power_slope({a}, {b})*{g}",),
    EXPONENTIAL: (
        "power_slope({a}, {b})*{g}",
        "({o}*log({a})*{g} if {a} else 0.0)",
    ),
    EXP: ("{o}*{g}",),
    LOG: ("{g}/{a}",),
    TANH: ("(1.0 - {o}*{o})*{g}",),
    RELU: ("({g} if {o} else 0.0)",),
    SIGMOID: ("{o}*(1.0 - {o})*{g}",),
}

TERMS = 100  # of a dot product in one expression: the compiler descends into each


class TapeSource:
    """The code of an expression.

    Args:
        root: the expression.
        inputs: the leaves that each row sets.
        parameters: the leaves that training changes. All other leaves stay as they are.
    """

    def __init__(self, root: Value, inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
        self.root, self.inputs, self.parameters = root, inputs, parameters
        self.numbers = {v: i for i, v in enumerate([*parameters, *inputs])}
        self.in_rows, self.trained = set(inputs), set(parameters)
        for v in root.graph():
            if v.operation is None:
                continue
            if not self.in_rows.isdisjoint(v.inputs):
                self.in_rows.add(v)
            if not self.trained.isdisjoint(v.inputs):
                self.trained.add(v)
            if v in self.in_rows or v in self.trained:
                self.numbers[v] = len(self.numbers)
        results = [v for v in self.numbers if v.operation is not None]
        self.each_row = [v for v in results if v in self.in_rows]
        self.once = [v for v in results if v not in self.in_rows]

    def forward(self) -> str:
        """A function of rows and parameters: the value for each row."""
        lines = ["def forward(rows, parameters):", *self.taken_apart(), " out = []"]
        lines += indented(self.values(self.once), 1)
        lines.append(f" for {listed('v', self.numbers, self.inputs)} in rows:")
        lines += indented(self.values(self.each_row), 2)
        lines += [f"  out.append({self.v(self.root)})", " return out"]
        return "\n".join(lines) + "\n"

    def backward(self) -> str:
        """A function of rows and parameters: the sums over the rows of value and gradients."""
        kept = [*self.parameters, *(v for v in self.once if v in self.trained)]
        lines = ["def backward(rows, parameters):", *self.taken_apart(), " total = 0.0"]
        lines += [f" {self.g(v)} = 0.0" for v in kept]
        lines += indented(self.values(self.once), 1)
        lines.append(f" for {listed('v', self.numbers, self.inputs)} in rows:")
        lines += indented(self.values(self.each_row), 2)
        lines.append(f"  total += {self.v(self.root)}")
        reset = [v for v in self.each_row if v in self.trained and v is not self.root]
        lines += [f"  {self.g(v)} = 0.0" for v in reset]
        if self.root in self.trained:
            # A root of each row sets its gradient, another adds up one for every row.
            lines.append(f"  {self.g(self.root)} {'=' if self.root in self.in_rows else '+='} 1.0")
        lines += indented(self.pushes(self.each_row), 2)
        lines += indented(self.pushes(self.once), 1)
        lines.append(f" return total, {listed('g', self.numbers, self.parameters)}")
        return "\n".join(lines) + "\n"

    def v(self, value: Value) -> str:
        """What a value is called, or the number itself if it never changes."""
        return f"v{self.numbers[value]}" if value in self.numbers else repr(value.data)

    def g(self, value: Value) -> str:
        """What a value's gradient is called."""
        return f"g{self.numbers[value]}"

    def taken_apart(self) -> Iterator[str]:
        """The parameters as local variables, the fastest of all."""
        if self.parameters:
            yield f" {listed('v', self.numbers, self.parameters)} = parameters"

    def values(self, results: Sequence[Value]) -> Iterator[str]:
        """A line or two for each value."""
        for out in results:
            if out.operation is DOT:
                yield from self.sum_of_products(out)
            elif out.operation is not None:
                yield f"{self.v(out)} = {FORWARD[out.operation].format(**self.names(out))}"

    def sum_of_products(self, out: Value) -> Iterator[str]:
        """bias + w₁·x₁ + …, from left to right."""
        weights, inputs, bias = parts_of(out)
        total = self.v(bias[0]) if bias else "0.0"
        products = [f"{self.v(w)}*{self.v(x)}" for w, x in zip(weights, inputs, strict=True)]
        for first in range(0, max(len(products), 1), TERMS):
            yield f"{self.v(out)} = {' + '.join([total, *products[first : first + TERMS]])}"
            total = self.v(out)

    def pushes(self, results: Sequence[Value]) -> Iterator[str]:
        """For each value, the last first: what its gradient means for its inputs."""
        for out in reversed(results):
            if out not in self.trained:
                continue
            wanted = [(x, amount) for x, amount in self.amounts(out) if x in self.trained]
            if wanted:
                yield f"if {self.g(out)}:"
                yield from (f" {self.g(x)} += {amount}" for x, amount in wanted)

    def amounts(self, out: Value) -> Iterator[tuple[Value, str]]:
        """Each input of a result, and what the result's gradient adds to its own."""
        if out.operation is DOT:
            weights, inputs, bias = parts_of(out)
            for w, x in zip(weights, inputs, strict=True):
                yield w, f"{self.v(x)}*{self.g(out)}"
                yield x, f"{self.v(w)}*{self.g(out)}"
            for x in bias:
                yield x, self.g(out)
        elif out.operation is not None:
            names = {**self.names(out), "o": self.v(out), "g": self.g(out)}
            # The exponent of POWER is a plain number, and gets nothing.
            for x, text in zip(out.inputs, BACKWARD[out.operation], strict=False):
                yield x, text.format(**names)

    def names(self, out: Value) -> dict[str, str]:
        """What a result's inputs are called, as the formulas above call them."""
        return dict(zip("ab", map(self.v, out.inputs), strict=False))


def listed(letter: str, numbers: dict[Value, int], values: Sequence[Value]) -> str:
    """Names in brackets, to be taken apart or put together."""
    return "(" + "".join(f"{letter}{numbers[v]}, " for v in values) + ")"


def indented(lines: Iterator[str], by: int) -> Iterator[str]:
    """Lines moved to the right."""
    return (" " * by + line for line in lines)
