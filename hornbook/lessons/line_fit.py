"""A line fitted by stochastic gradient descent, three ways that take the same path.

The sixth fast.ai lesson's smallest example: if two parameters can be learned so, a hundred million
can. The gradients come from the scalar engine, from derivatives by hand in NumPy, or from tensors
with autograd; start, batches and learning rate are the same, all in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from hornbook.compute.pinned import pinned
from hornbook.errors import TrainingError
from hornbook.extras import has_torch
from hornbook.scalar import Value, mean_squared_error
from hornbook.settings import Bounds, Settings

__all__ = ["WAYS", "LineFit", "LineSettings", "fit_line"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LineSettings(Settings):
    """The line, the points around it, and the descent."""

    a: Annotated[float, Bounds(-1000, 1000)] = 3.0
    "Slope of the true line y = ax + b."
    b: Annotated[float, Bounds(-1000, 1000)] = 8.0
    "Intercept of the true line."
    points: Annotated[int, Bounds(2, 10_000)] = 50
    "Number of points, with x drawn uniformly from 0 to 1."
    noise: Annotated[float, Bounds(0, 1000)] = 0.3
    "Standard deviation of the noise added to y."
    steps: Annotated[int, Bounds(1, 10_000)] = 300
    "Number of updates."
    batch: Annotated[int, Bounds(1, 10_000)] = 10
    "Points in each batch, sampled again for each update; at most all of them."
    rate: Annotated[float, Bounds(0, 100, above=True)] = 0.05
    "Learning rate."
    seed: Annotated[int, Bounds(0, 2**32 - 1)] = 0
    "Random seed for the points and the batches."


@dataclass(frozen=True)
class LineFit:
    """The paths of one fit."""

    x: Floats
    "Shape (points,)."
    y: Floats
    "Shape (points,)."
    paths: Mapping[str, Floats]
    "For each implementation, (a, b) before and after each update, shape (steps + 1, 2)."

    @property
    def path(self) -> Floats:
        """The path of derivatives by hand, for pictures."""
        return self.paths["NumPy, derivatives by hand"]

    @property
    def difference(self) -> float:
        """The largest difference between two ways in any number of their paths."""
        stacked = np.stack(list(self.paths.values()))
        return float((stacked.max(axis=0) - stacked.min(axis=0)).max())

    def losses(self) -> Floats:
        """The mean squared error over all points, along the path, shape (steps + 1,)."""
        a, b = self.path.T[:, :, None]
        errors: Floats = a * self.x + b - self.y
        return np.asarray((errors * errors).mean(axis=1))


START = (-1.0, 1.0)  # a and b before the first update, as in the lesson


@pinned()
def fit_line(settings: LineSettings) -> LineFit:
    """Draw points around a line and fit it in all three ways; in two if there is no torch.

    Raises:
        TrainingError: if the path leaves what a float can hold: the rate is too high.
    """
    chance = np.random.default_rng(settings.seed)
    x = chance.uniform(0, 1, settings.points)
    y = settings.a * x + settings.b + chance.normal(0, settings.noise, settings.points)
    size = min(settings.batch, settings.points)
    batches = [chance.permutation(settings.points)[:size] for _ in range(settings.steps)]
    data = [(x[rows], y[rows]) for rows in batches]
    with np.errstate(over="ignore", invalid="ignore"):
        paths = {
            name: way(data, settings.rate)
            for name, way in WAYS.items()
            if way is not by_tensors or has_torch()
        }
    fit = LineFit(x, y, paths)
    for path in paths.values():
        if not np.abs(path).max() < 1e100:  # its square must be a float too
            raise TrainingError(
                f"The fit diverges at a learning rate of {settings.rate:g}.",
                hint="Lower `rate`.",
                setting="rate",
            )
    return fit


def by_values(data: list[tuple[Floats, Floats]], rate: float) -> Floats:
    """With the scalar engine."""
    a, b = (Value(number) for number in START)
    path = [START]
    for x, y in data:
        loss = mean_squared_error([a * number + b for number in x.tolist()], y.tolist())
        a.grad = b.grad = 0.0
        loss.backward()
        a.data -= rate * a.grad
        b.data -= rate * b.grad
        path.append((a.data, b.data))
    return np.array(path)


def by_hand(data: list[tuple[Floats, Floats]], rate: float) -> Floats:
    """With NumPy and derivatives by hand."""
    a, b = START
    path = [START]
    for x, y in data:
        # L = mean (ax + b - y)²: dL/da = mean 2x(ax + b - y), dL/db = mean 2(ax + b - y)
        slope = 2 * (a * x + b - y)
        a, b = a - rate * float((x * slope).mean()), b - rate * float(slope.mean())
        path.append((a, b))
    return np.array(path)


def by_tensors(data: list[tuple[Floats, Floats]], rate: float) -> Floats:
    """With tensors and autograd."""
    import torch

    a, b = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in START)
    path = [START]
    for x, y in data:
        error: Any = a * torch.from_numpy(x) + b - torch.from_numpy(y)
        da, db = torch.autograd.grad((error**2).mean(), (a, b))
        with torch.no_grad():
            a -= rate * da
            b -= rate * db
        path.append((a.item(), b.item()))
    return np.array(path)


WAYS: dict[str, Callable[[list[tuple[Floats, Floats]], float], Floats]] = {
    "scalar engine": by_values,
    "NumPy, derivatives by hand": by_hand,
    "tensors, autograd": by_tensors,
}
