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
gradients are pushed on once, after it. Every formula is written as in `value`, to the order of its
factors, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from hornbook.scalar import functions, value
from hornbook.scalar.value import Operation, Value

__all__ = ["NAMES", "Source"]

NAMES = {
    **{name: getattr(functions, name) for name in functions.__all__},
    "tanh": math.tanh,
    "inf": math.inf,
    "nan": math.nan,
}

FORWARD: dict[Operation, str] = {
    value.PLUS: "{a} + {b}",
    value.MINUS: "{a} - {b}",
    value.TIMES: "{a}*{b}",
    value.OVER: "{a}/{b}",
    value.NEGATIVE: "-{a}",
    value.POWER: "power({a}, {b})",
    value.EXPONENTIAL: "power({a}, {b})",
    value.EXP: "exp({a})",
    value.LOG: "log({a})",
    value.TANH: "tanh({a})",
    value.RELU: "0.0 if {a} <= 0.0 else {a}",
    value.SIGMOID: "sigmoid({a})",
}

# What the gradient {g} of a result {o} adds to the gradients of {a} and of {b}.
BACKWARD: dict[Operation, tuple[str, ...]] = {
    value.PLUS: ("{g}", "{g}"),
    value.MINUS: ("{g}", "-{g}"),
    value.TIMES: ("{b}*{g}", "{a}*{g}"),
    value.OVER: ("{g}/{b}", "-({g}*{o}/{b})"),
    value.NEGATIVE: ("-{g}",),
    value.POWER: ("power_slope({a}, {b})*{g}",),
    value.EXPONENTIAL: (
        "power_slope({a}, {b})*{g}",
        "({o}*log({a})*{g} if {a} else 0.0)",
    ),
    value.EXP: ("{o}*{g}",),
    value.LOG: ("{g}/{a}",),
    value.TANH: ("(1.0 - {o}*{o})*{g}",),
    value.RELU: ("({g} if {o} else 0.0)",),
    value.SIGMOID: ("{o}*(1.0 - {o})*{g}",),
}

TERMS = 100  # of a dot product in one expression: the compiler descends into each


class Source:
    """The code of an expression.

    Args:
        root: the expression.
        inputs: the leaves that each row gives anew.
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
            # A root of each row has its gradient anew, another adds up one for every row.
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
            operation, names = out.operation, [self.v(x) for x in out.inputs]
            if operation is value.DOT:
                yield from self.sum_of_products(self.v(out), names)
            elif operation is not None:
                text = FORWARD[operation]
                yield f"{self.v(out)} = {text.format(**dict(zip('ab', names, strict=False)))}"

    def sum_of_products(self, out: str, names: Sequence[str]) -> Iterator[str]:
        """bias + w₁·x₁ + …, from left to right."""
        n = len(names) // 2
        total = names[-1] if len(names) % 2 else "0.0"
        for first in range(0, max(n, 1), TERMS):
            pairs = zip(
                names[first : min(first + TERMS, n)], names[n + first : 2 * n], strict=False
            )
            yield f"{out} = {' + '.join([total, *(f'{w}*{x}' for w, x in pairs)])}"
            total = out

    def pushes(self, results: Sequence[Value]) -> Iterator[str]:
        """For each value, the last first: what its gradient means for its inputs."""
        for out in reversed(results):
            operation = out.operation
            if operation is None or out not in self.trained:
                continue
            names, g = [self.v(x) for x in out.inputs], self.g(out)
            if operation is value.DOT:
                n = len(names) // 2
                crossed = [*names[n : 2 * n], *names[:n]]
                amounts = [f"{name}*{g}" for name in crossed] + [g] * (len(names) % 2)
                order = [i for pair in zip(range(n), range(n, 2 * n), strict=True) for i in pair]
                order += range(2 * n, len(names))
            else:
                known = {**dict(zip("ab", names, strict=False)), "g": g, "o": self.v(out)}
                amounts = [text.format(**known) for text in BACKWARD[operation]]
                order = list(range(len(amounts)))
            yield f"if {g}:"
            for i in order:
                if out.inputs[i] in self.trained:
                    yield f" {self.g(out.inputs[i])} += {amounts[i]}"


def listed(letter: str, numbers: dict[Value, int], values: Sequence[Value]) -> str:
    """Names in brackets, to be taken apart or put together."""
    return "(" + "".join(f"{letter}{numbers[v]}, " for v in values) + ")"


def indented(lines: Iterator[str], by: int) -> Iterator[str]:
    """Lines moved to the right."""
    return (" " * by + line for line in lines)
