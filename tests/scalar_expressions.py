"""Random expressions, built the same way of values and of torch's tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from hypothesis import strategies as st

from hornbook.scalar import Value

# Every operation, kept where it has a value and a slope that are not extreme. `f` gives the named
# function of its argument: Value's method or torch's.
Functions = Callable[[str, Any], Any]
OPERATIONS: dict[str, Callable[[Functions, Any, Any], Any]] = {
    "+": lambda f, a, b: a + b,
    "-": lambda f, a, b: a - b,
    "*": lambda f, a, b: f("tanh", a) * b,
    "/": lambda f, a, b: a / (b * b + 1.5),
    "neg": lambda f, a, b: -a,
    "reflected": lambda f, a, b: 1.5 - (2 * a + 1) + 1 / (b * b + 1),
    "square": lambda f, a, b: f("tanh", a) ** 2,
    "cube root": lambda f, a, b: (a * a + 1) ** (1 / 3),
    "inverse": lambda f, a, b: (f("sigmoid", a) + 0.5) ** -1,
    "value power": lambda f, a, b: (f("sigmoid", a) + 0.5) ** f("tanh", b),
    "number power": lambda f, a, b: 2 ** f("tanh", a),
    "exp": lambda f, a, b: f("exp", f("tanh", a)),
    "log": lambda f, a, b: f("log", a * a + 0.5),
    "tanh": lambda f, a, b: f("tanh", a),
    "relu": lambda f, a, b: f("relu", a),
    "sigmoid": lambda f, a, b: f("sigmoid", a),
}

Step = tuple[str, int, int]
LEAVES = 3

numbers = st.floats(-3, 3).map(lambda x: round(x, 6))
steps = st.lists(
    st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 50), st.integers(0, 50)),
    min_size=1,
    max_size=12,
)
rows = st.tuples(*[numbers] * LEAVES)


def built(program: Sequence[Step], leaves: Sequence[Any]) -> Any:
    """The sum of all that the steps make, each of two earlier results."""

    def function(name: str, x: Any) -> Any:
        return getattr(x if isinstance(x, Value) else torch, name)(
            *([] if isinstance(x, Value) else [x])
        )

    pool = list(leaves)
    for name, i, j in program:
        pool.append(OPERATIONS[name](function, pool[i % len(pool)], pool[j % len(pool)]))
    total = pool[LEAVES]
    for result in pool[LEAVES + 1 :]:
        total = total + result
    return total


def tensors(leaves: Sequence[float]) -> list[torch.Tensor]:
    """The same leaves for torch."""
    return [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in leaves]
