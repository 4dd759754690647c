"""The gradients of a whole net three ways: by hand, by autograd, by finite differences.

In float64. The first two are compared element by element. Finite differences cannot be had for all
elements of a net in good time, so they are derivatives along random directions in the space of one
parameter at a time, to which every element contributes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hornbook.compute.pinned import pinned
from hornbook.errors import SettingsError
from hornbook.settings import Settings
from hornbook.tasks import Task, choose_task, tasks

__all__ = [
    "DIFFERENCES",
    "HAND",
    "FamilyCheck",
    "ParameterCheck",
    "check_family",
    "check_gradients",
    "nets",
    "small",
]

HAND = 1e-9
"Tolerance: relative difference between a gradient by hand and by autograd."
DIFFERENCES = 1e-6
"Tolerance: relative difference between finite differences and either."
CAPS = {
    "n_factors": 5,
    "block_size": 8,
    "row_size": 16,
    "n_embd": 8,
    "n_hidden": 12,
    "n_layer": 2,
    "n_head": 2,
}
NUDGE = 0.3  # standard deviation: away from zeros and ones, where a wrong factor could hide
STEPS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)  # along a direction of length 1
LEAST = 1e-3  # of the largest parameter's: a gradient smaller than that is measured by that
TRIES = 8  # directions tried in the place of one that meets a kink at every step


@dataclass(frozen=True)
class ParameterCheck:
    """How well the gradients of one parameter agree; all differences are relative."""

    name: str
    shape: tuple[int, ...]
    hand: float
    "By hand against autograd: largest difference of an element, relative to the largest element."
    hand_differences: float
    "By hand against finite differences: largest difference along a direction."
    autograd_differences: float
    "Autograd against finite differences; compared with the former it shows which one is wrong."
    kinks: int
    "Directions replaced by others because the loss has a kink (of a ReLU) too close."

    @property
    def excess(self) -> float:
        """The worst difference in parts of what is allowed; above 1 something is wrong."""
        found = (
            self.hand / HAND,
            self.hand_differences / DIFFERENCES,
            self.autograd_differences / DIFFERENCES,
        )
        return math.inf if any(map(math.isnan, found)) else max(found)


@dataclass(frozen=True)
class FamilyCheck:
    """The gradients of one net."""

    family: str
    settings: dict[str, Any]
    parameters: tuple[ParameterCheck, ...]
    "Worst first."

    @property
    def right(self) -> bool:
        """Whether every difference is what rounding leaves."""
        return all(parameter.excess <= 1 for parameter in self.parameters)


def nets() -> list[str]:
    """The families that are trained by gradients, of all tasks that have a batch for them."""
    return [
        name
        for task in tasks().values()
        if type(task).gradient_case is not Task.gradient_case
        for name, line in task.families.items()
        if line.trained
    ]


def task_of(name: str) -> Task[Any]:
    """The task of a family.

    Raises:
        SettingsError: if there is none.
    """
    return choose_task(None, None, name)[0]


def small(name: str) -> Settings:
    """A family's default settings with the sizes cut down, so that a check takes moments.

    Raises:
        SettingsError: if there is no such family, or it has no gradients.
    """
    line = task_of(name).family(name)
    if not line.trained:
        raise SettingsError(
            f"{name} has no gradients to check: it is made by {line.made_by}.",
            hint=f"Families with gradients: {', '.join(nets())}.",
        )
    settings: Settings = line.load().Settings()
    return dataclasses.replace(
        settings,
        **{
            name: tuple(min(size, cap) for size in value)
            if isinstance(value := getattr(settings, name), tuple)
            else min(value, cap)
            for name, cap in CAPS.items()
            if hasattr(settings, name)
        },
    )


@pinned()
def check_family(
    name: str, settings: Settings | None = None, *, seed: int = 0, directions: int = 2
) -> FamilyCheck:
    """Check the gradients of a family on a small batch of its task.

    Args:
        name: of the family.
        settings: of the net; by default those of `small`.
        seed: of the start, the batch and the directions.
        directions: along how many each parameter is checked by finite differences.

    Raises:
        SettingsError: if there is no such family, or it has no gradients.
    """
    settings = settings or small(name)
    generator = torch.Generator().manual_seed(seed)
    model, batch = task_of(name).gradient_case(name, settings, generator, seed)
    model.double()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=generator, dtype=p.dtype), alpha=NUDGE)
    found = check_gradients(model, batch, seed=seed, directions=directions)
    return FamilyCheck(name, settings.as_dict(), found)


@pinned()
def check_gradients(
    model: Any, batch: Any, *, seed: int = 0, directions: int = 2
) -> tuple[ParameterCheck, ...]:
    """Hold a net's gradients by hand against autograd's and against finite differences.

    Args:
        model: in float64, in training mode; what it draws at random is drawn alike each time. Its
            parameters stay as they are, even if the loss raises an error; BatchNorm's running
            statistics do not. Every parameter's `grad` is None afterwards.
        batch: what the loss is that of.
        seed: of the random directions, and of what the net draws.
        directions: how many for each parameter.

    Returns:
        The parameters, worst first.
    """
    named = dict(model.named_parameters())

    def by_hand() -> None:
        with torch.no_grad():
            model.loss_vjp(batch)[1]()

    def by_autograd() -> None:
        model.loss(batch).backward()

    def loss() -> float:
        with torch.no_grad():
            torch.default_generator.manual_seed(seed)
            return float(model.loss(batch))

    hand, auto = (gradients(model, named, way, seed) for way in (by_hand, by_autograd))
    largest = max(float(g.abs().max()) for g in auto.values())
    steepest = max(slope(g) for g in auto.values())
    generator = torch.Generator().manual_seed(seed)
    found = []
    for name, p in named.items():
        own = max(float(auto[name].abs().max()), LEAST * largest)
        scale = max(slope(auto[name]), LEAST * steepest)
        measured, kinks = along_directions(loss, p, scale, directions, generator)
        found.append(
            ParameterCheck(
                name,
                (*p.shape,),
                hand=float((hand[name] - auto[name]).abs().max()) / own,
                hand_differences=worst(hand[name], measured) / scale,
                autograd_differences=worst(auto[name], measured) / scale,
                kinks=kinks,
            )
        )
    return tuple(sorted(found, key=lambda check: check.excess, reverse=True))


def gradients(
    model: Any, named: dict[str, torch.nn.Parameter], way: Callable[[], None], seed: int
) -> dict[str, Tensor]:
    """The gradients of parameters that `way` finds; zero where it finds none."""
    for p in named.values():
        p.grad = None
    torch.default_generator.manual_seed(seed)
    way()
    found = {
        n: torch.zeros_like(p) if p.grad is None else p.grad.to_dense()  # tables: of touched rows
        for n, p in named.items()
    }
    model.zero_grad()
    return found


def slope(gradient: Tensor) -> float:
    """How steep the loss is along a random direction of length 1, root mean square."""
    return float(gradient.norm()) / math.sqrt(gradient.numel())


def worst(gradient: Tensor, measured: list[tuple[Tensor, float]]) -> float:
    """The largest difference of a gradient from slopes along directions; NaN if there is none."""
    gaps = [abs(float((gradient * direction).sum()) - found) for direction, found in measured]
    return max(gaps, default=math.nan)


def along_directions(
    loss: Callable[[], float],
    p: Tensor,
    scale: float,
    directions: int,
    generator: torch.Generator,
) -> tuple[list[tuple[Tensor, float]], int]:
    """Slopes of the loss along random directions of length 1, every element moved as far.

    Returns:
        The directions with their slopes, and how many were given up because of a kink.
    """
    found: list[tuple[Tensor, float]] = []
    kinks = 0
    while len(found) < directions and kinks < TRIES:
        signs = torch.randint(2, p.shape, generator=generator).to(p.dtype) * 2 - 1
        direction = signs / math.sqrt(p.numel())
        measured, doubt = slope_along(loss, p, direction, enough=DIFFERENCES * scale / 100)
        if doubt <= DIFFERENCES * scale / 4:
            found.append((direction, measured))
        else:
            kinks += 1
    return found, kinks


def slope_along(
    loss: Callable[[], float], p: Tensor, direction: Tensor, enough: float
) -> tuple[float, float]:
    """The derivative of the loss along a direction, by central differences of the fourth order.

    Where the loss has a kink between the points, steps of different lengths disagree. So the step
    is shortened until two in turn agree; the gradient that is to be checked has no say in that.
    `p` is moved while this lasts, and put back however it ends.

    Returns:
        The slope on which two steps agreed best, and their disagreement.
    """
    kept = p.detach().clone()

    def at(distance: float) -> float:
        p.data.copy_(kept).add_(direction, alpha=distance)
        return loss()

    best, doubt, before = math.nan, math.inf, math.nan
    try:
        for t in STEPS:
            # f'(0) = (8 (f(t) - f(-t)) - (f(2t) - f(-2t))) / 12t + O(t⁴)
            now = (8 * (at(t) - at(-t)) - (at(2 * t) - at(-2 * t))) / (12 * t)
            if abs(now - before) < doubt:
                best, doubt = now, abs(now - before)
            if doubt <= enough:
                break
            before = now
    finally:
        p.data.copy_(kept)
    return best, doubt
