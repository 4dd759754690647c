"""An expression frozen once and replayed on many rows of numbers.

    x, y = [Value(0.0), Value(0.0)], Value(1.0)
    loss = max_margin([model(x)], [y])
    tape = Tape(loss, inputs=[*x, y], parameters=model.parameters())
    for _ in range(100):
        tape.step([(0.5, -0.2, 1.0), (0.1, 0.9, -1.0)], rate=0.1)

A graph of values is built again for every point of every step, and walked. Its shape is always the
same: here it is written out once as Python code with a local variable for every number (see
`source`), compiled, and run over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hornbook.scalar.source import NAMES, TapeSource
from hornbook.scalar.value import Value

__all__ = ["Tape"]

Row = Sequence[float]


class Tape:
    """What an expression of one row means for many: its mean, its gradients, an update.

    The same numbers as `Value` gives: `backward` over some rows is, bit for bit, building the
    expression on each row in turn, calling its `backward`, and dividing the gradients by the
    number of rows. Where a part of the expression depends on no row (an L2 penalty), its gradients
    are added once, after the rows', and the sums differ in their last bits.

    What was decided by Python while the expression was built (an `if` on `data`) stays decided;
    relu is decided for every row. Leaves that are neither inputs nor parameters are constants.

    Args:
        root: the expression of one row; a loss, if it is to be trained.
        inputs: its leaves that each row sets, in the order of a row's numbers.
        parameters: its leaves that training changes. They are shared with the expression: a tape
            reads their `data` on every call and adds to their `grad`.

    Attributes:
        forward_source: the code of `forward`.
        backward_source: the code of `backward`.

    Raises:
        ValueError: if an input or a parameter is not a leaf of the expression, or named twice.
    """

    def __init__(
        self, root: Value, *, inputs: Sequence[Value], parameters: Sequence[Value]
    ) -> None:
        self.inputs, self.parameters = tuple(inputs), tuple(parameters)
        given = [*self.inputs, *self.parameters]
        if len(set(given)) < len(given):
            raise ValueError("the inputs and parameters of a tape must be distinct values")
        leaves = {value for value in root.graph() if value.operation is None}
        if strange := [value for value in given if value not in leaves]:
            raise ValueError(f"{strange[0]!r} is not a leaf of the expression")
        source = TapeSource(root, self.inputs, self.parameters)
        self.forward_source, self.backward_source = source.forward(), source.backward()
        self._forward = compiled(self.forward_source, "forward")
        self._backward = compiled(self.backward_source, "backward")

    def forward(self, rows: Iterable[Row]) -> list[float]:
        """The value of the expression for each row.

        Raises:
            ValueError: if a row has not as many numbers as there are inputs.
            ArithmeticError: as the operations of `Value`.
        """
        values: list[float] = self._forward(self.checked(rows), self.data())
        return values

    def backward(self, rows: Iterable[Row]) -> float:
        """The mean over the rows; its gradients are added to `grad` of the parameters.

        Raises:
            ValueError: if there are no rows, and as `forward`.
            ArithmeticError: as the operations of `Value`.
        """
        given = self.checked(rows)
        if not given:
            raise ValueError("the mean needs at least one row")
        total, gradients = self._backward(given, self.data())
        n = len(given)
        for p, gradient in zip(self.parameters, gradients, strict=True):
            p.grad += gradient / n
        mean: float = total / n
        return mean

    def update(self, rate: float) -> None:
        """Move every parameter against its gradient (gradient descent)."""
        for p in self.parameters:
            p.data -= rate * p.grad

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            p.grad = 0.0

    def step(self, rows: Iterable[Row], rate: float) -> float:
        """One step of training: zero_grad, backward, update. Returns the mean before it."""
        self.zero_grad()
        mean = self.backward(rows)
        self.update(rate)
        return mean

    def data(self) -> list[float]:
        """Where the parameters stand."""
        return [p.data for p in self.parameters]

    def checked(self, rows: Iterable[Row]) -> list[tuple[float, ...]]:
        """The rows, all as long as there are inputs, in Python's own floats.

        NumPy's are slower one by one, and fail in other ways; whole numbers know no rounding.
        """
        given, width = [tuple(map(float, row)) for row in rows], len(self.inputs)
        for i, row in enumerate(given):
            if len(row) != width:
                raise ValueError(f"row {i} has {len(row)} numbers; the tape expects {width}")
        return given


def compiled(source: str, name: str) -> Callable[..., Any]:
    """The function of that name that the source defines."""
    there: dict[str, Any] = dict(NAMES)
    exec(compile(source, f"<tape {name}>", "exec"), there)
    function: Callable[..., Any] = there[name]
    return function
