"""L-BFGS: the lowest point of a smooth convex function from its slopes alone.

The last steps s and the changes of the slope y that came of them stand for the inverse of the
matrix of second derivatives (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.5).
(torch.optim.LBFGS does the same sums; its first use imports a compiler, two seconds long.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

__all__ = ["lowest"]

HISTORY, STEPS = 10, 25  # pairs of s and y that are kept; places tried along one line
ENOUGH, FLATTER = 1e-4, 0.9  # shares of the first slope: by what it sinks, and what may be left
ROUNDING = 1e-12  # of a value: where two differ by less, their slopes decide
WIDER, EDGE = 4.0, 0.1  # factor while no upper end is known; share of a bracket kept from its ends

Function = Callable[[Tensor], tuple[float, Tensor]]
"What is minimised: a value and its slope, of the shape of where it is asked."


class Place(NamedTuple):
    """A place on a line: how far along, the value, its slope, and the slope along the line."""

    far: float
    value: float
    slope: Tensor
    along: float


def lowest(function: Function, start: Tensor, rounds: int, flat: float) -> Tensor:
    """Where a convex function is lowest.

    Args:
        function: a value and its slope.
        start: where to begin, shape (P,).
        rounds: lines to go along at most.
        flat: it ends where no part of the slope is larger.

    Returns:
        The place, shape (P,).
    """
    at = start.clone()
    value, slope = function(at)
    known: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=HISTORY)
    for _ in range(rounds):
        if float(slope.abs().max()) <= flat:
            break
        way = downhill(slope, known)
        along = float(way @ slope)
        if not along < 0:
            break  # only rounding is left
        first = 1.0 if known else min(1.0, 1 / float(slope.abs().sum()))
        found = reached(function, at, way, Place(0.0, value, slope, along), first)
        if found is None:
            break
        step, change = found.far * way, found.slope - slope
        at, value, slope = at + step, found.value, found.slope
        bend = float(step @ change)
        if bend > 0:
            known.append((step, change, bend))
    return at


def downhill(slope: Tensor, known: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """-H g with the inverse H that the kept steps stand for, shape (P,): two loops over them."""
    way, shares = -slope, []
    for step, change, bend in reversed(known):
        shares.append(float(step @ way) / bend)
        way.add_(change, alpha=-shares[-1])
    if known:
        _, change, bend = known[-1]
        way.mul_(bend / float(change @ change))
    for (step, change, bend), share in zip(known, reversed(shares), strict=True):
        way.add_(step, alpha=share - float(change @ way) / bend)
    return way


def reached(function: Function, at: Tensor, way: Tensor, near: Place, first: float) -> Place | None:
    """A place further along a line that is low and flat enough (the strong Wolfe conditions).

    The function is convex, so its slope along the line only grows: where it is still steep
    downwards the place lies further on, else nearer.

    Args:
        function: a value and its slope.
        at: where the line begins, shape (P,).
        way: its direction, shape (P,).
        near: the place where it begins.
        first: how far to look first.

    Returns:
        The place; None where rounding hides what is lower.
    """
    begin, limit, beyond = near, ROUNDING * abs(near.value), None
    far = first
    for _ in range(STEPS):
        value, slope = function(at + far * way)
        here = Place(far, value, slope, float(way @ slope))
        low = value <= begin.value + ENOUGH * far * begin.along + limit
        if low and abs(here.along) <= -FLATTER * begin.along:
            return here
        if low and here.along < 0:
            near = here
            if beyond is None:
                far *= WIDER
                continue
        else:
            beyond = here
        far = between(near, beyond) if beyond is not None else far
    return near if near.far else None


def between(near: Place, beyond: Place) -> float:
    """Where the straight line between two slopes crosses 0, away from both ends."""
    width = beyond.far - near.far
    rise = beyond.along - near.along
    share = -near.along / rise if rise > 0 else 0.5
    return near.far + width * min(max(share, EDGE), 1 - EDGE)
