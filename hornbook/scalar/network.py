"""Neurons, layers of them, and layers of layers (after micrograd, the first lecture).

model = MLP(2, (16, 16, 1))
for _ in range(100):
    loss = mean_squared_error([model(x) for x in xs], ys)
    model.zero_grad()
    loss.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from hornbook.scalar.value import Value, as_value, dot

__all__ = ["MLP", "Activation", "Layer", "Neuron", "Trainable"]

Activation = Literal["tanh", "relu", "sigmoid", "linear"]


class Trainable(ABC):
    """What has parameters."""

    @abstractmethod
    def parameters(self) -> list[Value]:
        """The values that training changes."""

    def zero_grad(self) -> None:
        """Forget the gradients that `backward` has added up."""
        for p in self.parameters():
            p.grad = 0.0


def as_values(x: Sequence[Value | float], n: int) -> list[Value]:
    """Numbers as values.

    Raises:
        TypeError: if it is one number, where a list of n is expected.
    """
    if isinstance(x, Value | int | float):
        raise TypeError(f"expected a list of {n} numbers, not a bare number: {x}")
    return [as_value(number) for number in x]


class Neuron(Trainable):
    """activation(w·x + b): two values, the sum and what the activation makes of it.

    Args:
        n_inputs: how many numbers it reads.
        activation: what becomes of the sum; `linear` leaves it as it is.
        generator: draws the weights, uniform between -1 and 1; the bias is zero. By default the
            module `random` itself draws them.

    Raises:
        ValueError: if it reads nothing, or the activation is none of the above.
    """

    def __init__(
        self,
        n_inputs: int,
        activation: Activation = "relu",
        generator: random.Random | None = None,
    ) -> None:
        if n_inputs < 1:
            raise ValueError(f"a neuron needs at least 1 input, not {n_inputs}")
        if activation not in ("tanh", "relu", "sigmoid", "linear"):
            raise ValueError(
                f"unknown activation {activation!r}: use tanh, relu, sigmoid or linear"
            )
        uniform = random.uniform if generator is None else generator.uniform
        self.weights = [Value(uniform(-1, 1), f"w{i}") for i in range(n_inputs)]
        self.bias = Value(0.0, "b")
        self.activation = activation

    def __call__(self, x: Sequence[Value | float]) -> Value:
        """Its answer to n_inputs numbers; ValueError to another count, TypeError to one."""
        total = dot(self.weights, as_values(x, len(self.weights)), self.bias)
        if self.activation == "relu":
            return total.relu()
        if self.activation == "tanh":
            return total.tanh()
        return total.sigmoid() if self.activation == "sigmoid" else total

    def parameters(self) -> list[Value]:
        """Its weights, then its bias."""
        return [*self.weights, self.bias]


class Answering(Trainable):
    """What answers some numbers with some: called, it gives a single answer as itself.

    `layer(x)` is what an expression goes on with: a Value where there is one neuron to answer, a
    list where there are several. `layer.answers(x)` is a list in any case.
    """

    @abstractmethod
    def answers(self, x: Sequence[Value | float]) -> list[Value]:
        """The answers of the last neurons, in their order; ValueError to another count of x."""

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        """The one answer, or the list of several."""
        found = self.answers(x)
        return found[0] if len(found) == 1 else found


class Layer(Answering):
    """Neurons that read the same numbers.

    Args:
        n_inputs: how many numbers each reads.
        n_outputs: how many neurons there are.
        activation: of each, see `Neuron`.
        generator: draws the weights, as `Neuron`'s.

    Raises:
        ValueError: if there is no neuron, and as `Neuron`.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        activation: Activation = "relu",
        generator: random.Random | None = None,
    ) -> None:
        if n_outputs < 1:
            raise ValueError(f"a layer needs at least 1 neuron, not {n_outputs}")
        self.neurons = [Neuron(n_inputs, activation, generator) for _ in range(n_outputs)]

    def answers(self, x: Sequence[Value | float]) -> list[Value]:
        """The answers of its neurons."""
        shared = as_values(x, len(self.neurons[0].weights))
        return [neuron(shared) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        """Those of its neurons."""
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP(Answering):
    """A multi-layer perceptron: each layer reads what the one before it answers.

    `MLP(3, [4, 4, 1])(x)` is a Value, as in micrograd; with more than one neuron in the last layer
    it is a list of as many.

    Args:
        n_inputs: how many numbers the first layer reads.
        sizes: neurons of each layer.
        activation: of every layer but the last.
        last: activation of the last.
        seed: of the weights.

    Raises:
        ValueError: if there is no layer, and as `Layer`.
    """

    def __init__(
        self,
        n_inputs: int,
        sizes: Sequence[int],
        *,
        activation: Activation = "relu",
        last: Activation = "linear",
        seed: int = 0,
    ) -> None:
        if not isinstance(sizes, Sequence):
            raise TypeError(f"an MLP needs a list of the sizes of its layers, not {sizes!r}")
        if not sizes:
            raise ValueError("an MLP needs at least one layer")
        generator = random.Random(seed)
        self.layers = [
            Layer(fan_in, size, activation if i < len(sizes) - 1 else last, generator)
            for i, (fan_in, size) in enumerate(zip((n_inputs, *sizes), sizes, strict=False))
        ]

    def answers(self, x: Sequence[Value | float]) -> list[Value]:
        """The answers of the last layer, as many as it has neurons."""
        found = self.layers[0].answers(x)
        for layer in self.layers[1:]:
            found = layer.answers(found)
        return found

    def parameters(self) -> list[Value]:
        """Those of its layers."""
        return [p for layer in self.layers for p in layer.parameters()]
