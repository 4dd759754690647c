"""Update rules on one flat vector.

All parameters of a model are views into one vector, all gradients into another, so that an update
costs a handful of operations however many parameters there are. (torch.optim does the same sums;
its first use imports a compiler, two seconds long, and each step costs more than these: see
EXPERIMENTS.md. The tests hold these rules against it.)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from hornbook.training.settings import TrainingSettings

__all__ = ["SGD", "AdamW", "FlatParameters", "Optimizer", "make_optimizer"]


class FlatParameters:
    """The parameters of a module as one vector, those under weight decay first.

    Attributes:
        values: shape (P,); each parameter is a view into it.
        grads: shape (P,); each parameter's `grad` is a view into it.
        decayed: how many of the first values weight decay pulls on.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        decayed = list(decayed_parameters(module))
        chosen = {id(p) for p in decayed}
        ordered = decayed + [p for p in module.parameters() if id(p) not in chosen]
        self.decayed = sum(p.numel() for p in decayed)
        self.values = torch.cat([p.detach().reshape(-1) for p in ordered])
        self.grads = torch.zeros_like(self.values)
        at = 0
        for p in ordered:
            end = at + p.numel()
            p.data = self.values[at:end].view_as(p)
            p.grad = self.grads[at:end].view_as(p)
            at = end


def decayed_parameters(module: torch.nn.Module) -> Iterator[torch.nn.Parameter]:
    """The parameters that their layers name in `decayed`, each once."""
    seen: set[int] = set()
    for part in module.modules():
        for name in sorted(getattr(part, "decayed", ())):
            parameter = getattr(part, name)
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield parameter


class Optimizer(ABC):
    """A rule that turns gradients into changes of the parameters, in place.

    Attributes:
        count: updates done.
    """

    count = 0

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        self.flat, self.settings = flat, settings

    @abstractmethod
    def update(self, rate: float) -> None:
        """Change the parameters once, at this learning rate."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """What the rule remembers besides `count`, to be saved and filled in place."""


class SGD(Optimizer):
    """Stochastic gradient descent: w -= rate · b, where b = momentum · b + g + decay · w."""

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.velocity = torch.zeros_like(flat.values) if settings.momentum else None

    def update(self, rate: float) -> None:
        """One step downhill."""
        self.count += 1
        flat, n = self.flat, self.flat.decayed
        if self.settings.weight_decay and n:
            flat.grads[:n].add_(flat.values[:n], alpha=self.settings.weight_decay)
        direction = flat.grads
        if self.velocity is not None:
            direction = self.velocity.mul_(self.settings.momentum).add_(flat.grads)
        flat.values.add_(direction, alpha=-rate)

    def state(self) -> dict[str, Tensor]:
        """The velocity, with momentum."""
        return {} if self.velocity is None else {"velocity": self.velocity}


class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""

    EPS = 1e-8

    def __init__(self, flat: FlatParameters, settings: TrainingSettings) -> None:
        super().__init__(flat, settings)
        self.mean = torch.zeros_like(flat.values)
        self.square = torch.zeros_like(flat.values)
        self.scratch = torch.empty_like(flat.values)

    def update(self, rate: float) -> None:
        """One step, each parameter scaled by its own gradients' size."""
        flat, s, n = self.flat, self.settings, self.flat.decayed
        self.count += 1
        # Both means start at zero; the powers of beta undo that pull. The root's correction is
        # moved out of the quotient: m / (sqrt(v) / c + eps) = c m / (sqrt(v) + c eps).
        correction = math.sqrt(1 - s.beta2**self.count)
        size = rate * correction / (1 - s.beta1**self.count)
        if s.weight_decay and n:
            flat.values[:n].mul_(1 - rate * s.weight_decay)
        self.mean.lerp_(flat.grads, 1 - s.beta1)
        self.square.mul_(s.beta2).addcmul_(flat.grads, flat.grads, value=1 - s.beta2)
        torch.sqrt(self.square, out=self.scratch).add_(self.EPS * correction)
        flat.values.addcdiv_(self.mean, self.scratch, value=-size)

    def state(self) -> dict[str, Tensor]:
        """Both means; the number of steps is `count`."""
        return {"mean": self.mean, "square": self.square}


def make_optimizer(flat: FlatParameters, settings: TrainingSettings) -> Optimizer:
    """The optimizer that the settings name."""
    return {"sgd": SGD, "adamw": AdamW}[settings.optimizer](flat, settings)
