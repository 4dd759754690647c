"""A text as an array of its code points, and where its lines are in it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["POINTS", "Points", "is_space", "line_bounds", "points_of"]

POINTS = 0x110000
LINE_FEED = 10

Points = npt.NDArray[np.unsignedinteger[Any]]


def points_of(text: str) -> Points:
    """The code points of a text, shape (characters,), in a byte each where it is ASCII."""
    if text.isascii():
        return np.frombuffer(text.encode(), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def line_bounds(points: Points) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where each line begins, and where its line end is; both of shape (lines,).

    A text that ends with a line end has no line after it.
    """
    ends = np.flatnonzero(points == LINE_FEED)
    if len(points) and points[-1] != LINE_FEED:
        ends = np.append(ends, len(points))
    return np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])[: len(ends)], ends


@cache
def spaces(end: int) -> npt.NDArray[np.bool_]:
    """Which code points below `end` are white space."""
    table = np.zeros(end, dtype=bool)
    # There is none above the first 65,536.
    table[[point for point in range(min(end, 0x10000)) if chr(point).isspace()]] = True
    return table


def is_space(points: Points) -> npt.NDArray[np.bool_]:
    """Which of some code points are white space."""
    return spaces(0x100 if points.dtype == np.uint8 else POINTS)[points]
