"""Two half moons, one in the other's mouth: points that no straight line can part."""

from __future__ import annotations

import math
import random

__all__ = ["Point", "two_moons"]

Point = tuple[float, float]


def two_moons(count: int, *, noise: float, seed: int) -> tuple[list[Point], list[float]]:
    """Points on two half circles of radius 1, the second upside down and moved by (1, 0.5).

    Args:
        count: how many points, the first half (rounded up) on the first circle.
        noise: standard deviation of what is added to each coordinate.
        seed: of the noise.

    Returns:
        The points, and 1 for each of the first moon, -1 for the second.

    Raises:
        ValueError: if there are fewer than two points.
    """
    if count < 2:
        raise ValueError(f"two moons need at least 2 points, not {count}")
    generator = random.Random(seed)
    points, targets = [], []
    first = (count + 1) // 2
    for number, sign in ((first, 1.0), (count - first, -1.0)):
        for i in range(number):
            angle = math.pi * i / max(number - 1, 1)
            x = 0.5 + sign * (math.cos(angle) - 0.5)
            y = 0.25 + sign * (math.sin(angle) - 0.25)
            points.append((x + generator.gauss(0, noise), y + generator.gauss(0, noise)))
            targets.append(sign)
    return points, targets
