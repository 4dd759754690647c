"""A computation cut into named lines, each with its derivative by hand.

A line is the text of one expression, and so is its derivative: what is read is what is run. One
derivation serves the table of derivatives, the file that a learner fills in, the gradients
that it is held against, and the tests.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hornbook.compute.pinned import pinned

__all__ = ["Derivation", "Edge", "Step", "Training", "Values"]

Values = dict[str, Any]
Edge = tuple[str, str]
"The name of a step, and that of a value which it uses."


@dataclass(frozen=True)
class Step:
    """One line of the forward pass."""

    name: str
    "The name that the line assigns."
    code: str
    "The expression: torch, F, and names assigned before."
    backward: Mapping[str, str]
    """For each value that it uses (and that has a gradient), what this use adds to the value's
    gradient; dNAME is the gradient of NAME, complete."""


@dataclass(frozen=True)
class Training:
    """How an exercise goes on with the gradients: it trains the leaves by them."""

    redrawn: tuple[str, ...]
    "Data that each step draws again: the batch."
    steps: int
    rate: str
    "The learning rate, an expression of `step`."


@dataclass(frozen=True)
class Derivation:
    """A forward pass that ends in the number `loss`, and its backward pass, line by line."""

    name: str
    "Its name on the command line."
    title: str
    "What is computed, in a few words."
    source: str
    "Where it comes from: lecture or paper."
    data: Mapping[str, str]
    "Values without a gradient, each with its expression: sizes, ids, stand-ins for other layers."
    leaves: Mapping[str, str]
    "Leaves of the graph: parameters and inputs, each with its expression."
    steps: tuple[Step, ...]
    "In the order of the forward pass; the last is `loss`."
    asked: tuple[str, ...] = ()
    "Values whose gradients the exercise asks for; empty: all."
    closed: Mapping[str, str] = field(default_factory=dict)
    "Gradients in closed form: one expression for several lines."
    advice: str = ""
    "Advice, for the exercise's file."
    imports: Mapping[str, str] = field(default_factory=dict)
    "Functions that the expressions of the data call, each with its module."
    training: Training | None = None
    "What the exercise does with the gradients; None: nothing."

    @cached_property
    def users(self) -> dict[str, tuple[str, ...]]:
        """For each value that has a gradient, the names of the steps that use it."""
        found: dict[str, list[str]] = {}
        for step in self.steps:
            for used in step.backward:
                found.setdefault(used, []).append(step.name)
        return {name: tuple(steps) for name, steps in found.items()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Values in the order in which their gradients are complete, going back."""
        return tuple(
            used
            for step in reversed(self.steps)
            for used in step.backward
            if self.users[used][0] == step.name  # the last of its uses, going back
        )

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        """Values whose gradients the exercise asks for, in the order of `order`."""
        return tuple(name for name in self.order if not self.asked or name in self.asked)

    @pinned()
    def start(self, seed: int, given: Mapping[str, Any] | None = None) -> Values:
        """Data and leaves, floating-point numbers in float64.

        Args:
            seed: of the random numbers.
            given: values to be used instead of the data's own expressions, by name.
        """
        generator = torch.Generator().manual_seed(seed)

        def randn(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        values: Values = {"torch": torch, "F": F, "rng": generator, "randn": randn}
        for name, module in self.imports.items():
            values[name] = getattr(importlib.import_module(module), name)
        for name, code in {**self.data, **self.leaves}.items():
            made = eval(code, values)  # even if it is given, so that other random numbers stay
            values[name] = given[name] if given and name in given else made
        return values

    @pinned()
    def forward(self, values: Values) -> Values:
        """The values that `start` gave, and those of all steps."""
        made = dict(values)
        for step in self.steps:
            made[step.name] = eval(step.code, made)
        return made

    @pinned()
    def by_hand(self, values: Values, without: Collection[Edge] = ()) -> dict[str, Tensor]:
        """The gradients of all values, each the sum of what its uses add.

        Args:
            values: what `forward` gave.
            without: uses that are to be left out, as a mistake would.
        """
        known = dict(values)
        gradients: dict[str, Tensor] = {}
        for step in reversed(self.steps):
            for used, code in step.backward.items():
                before = gradients.get(used, torch.zeros_like(values[used]))
                left_out = (step.name, used) in without
                known[f"d{used}"] = gradients[used] = (
                    before if left_out else before + eval(code, known)
                )
        return gradients

    @pinned()
    def by_autograd(self, values: Values) -> dict[str, Tensor]:
        """The same gradients, found by torch.

        Args:
            values: what `start` or `forward` gave.
        """
        leaves = {name: values[name].detach().clone().requires_grad_() for name in self.leaves}
        made: Values = {**values, **leaves}
        for step in self.steps:
            made[step.name] = eval(step.code, made)
            made[step.name].retain_grad()
        made["loss"].backward()
        return {name: made[name].grad for name in self.order}

    def in_one(self, values: Values, gradients: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The gradients that have a closed form, by it."""
        known = {**values, **{f"d{name}": gradient for name, gradient in gradients.items()}}
        return {name: eval(code, known) for name, code in self.closed.items()}

    def formula(self, name: str) -> str:
        """The gradient of a value as it is found by hand, a term for each use."""
        terms = [step.backward[name] for step in reversed(self.steps) if name in step.backward]
        return " + ".join(terms)
