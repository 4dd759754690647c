"""Where labels stand beside their points so that none covers another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["place_labels"]

# From the point to the middle of the label, in units of half the label's box: right, left, above,
# below, and the corners.
SIDES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)])
# Just clear of the point, or, where those places are taken, a little further off.
REACHES = (1.05, 2.2)

Points = npt.NDArray[np.float64]


def place_labels(
    points: Points, sizes: Points, gap: float, frame: Points, *, every: bool
) -> Points:
    """A place for each label, the first points first: free of other labels and of all points.

    Args:
        points: x and y of each, shape (N, 2).
        sizes: width and height of the labels of the first M points, shape (M, 2), in the same unit.
        gap: from a point to where its mark ends.
        frame: lower left and upper right corner of what labels must not leave, shape (2, 2).
        every: whether a label that finds no free place stands where it covers least, or nowhere.

    Returns:
        The middle of each label, shape (M, 2); NaN where it stands nowhere.
    """
    middles = np.full(sizes.shape, np.nan)
    marks = np.full(points.shape, gap)
    # What is further from a point than that, none of the places tried for its label can touch.
    near = 2 * sizes.max(axis=0, initial=0) + gap * (max(REACHES) + 1)
    for at, (point, size) in enumerate(zip(points, sizes, strict=False)):
        tried = np.concatenate([point + SIDES * (gap * reach + size / 2) for reach in REACHES])
        around = (np.abs(points - point) < near).all(axis=1)
        set_ = (np.abs(middles - point) < near).all(axis=1)
        covered = overlap(tried, size / 2, points[around], marks[around])
        covered += overlap(tried, size / 2, middles[set_], sizes[set_] / 2)
        covered += size.prod() - overlap(tried, size / 2, frame.mean(0)[None], np.ptp(frame, 0) / 2)
        best = int(covered.round(6).argmin())  # the first of equals, but for rounding
        if every or covered[best] < 1e-6:
            middles[at] = tried[best]
    return middles


def overlap(tried: Points, half: Points, middles: Points, halves: Points) -> Points:
    """The area that a box at each tried place (M, 2) shares with other boxes, shape (M,)."""
    apart = np.abs(tried[:, None] - middles)  # (M, N, 2)
    shared = np.clip(half + halves - apart, 0, np.minimum(2 * half, 2 * halves))
    area: Points = shared.prod(2).sum(1)
    return area
