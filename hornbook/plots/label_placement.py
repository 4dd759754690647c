"""Place labels beside their points so that they do not overlap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["place_labels"]

# From the point to the middle of the label, in units of half the label's box: right, left, above,
# below, and the corners.
SIDES = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)])
# Just clear of the point, or, where those positions are taken, a little further away.
REACHES = (1.05, 2.2)

Points = npt.NDArray[np.float64]


def place_labels(
    points: Points, sizes: Points, gap: float, frame: Points, *, every: bool
) -> Points:
    """A position for each label that overlaps no other label and no point, first come first served.

    Args:
        points: x and y of each, shape (N, 2).
        sizes: width and height of the labels of the first M points, shape (M, 2), in the same unit.
        gap: radius of the marker of a point.
        frame: lower left and upper right corner of the area for labels, shape (2, 2).
        every: whether a label without a free position is put where it overlaps least, or left out.

    Returns:
        The middle of each label, shape (M, 2); NaN for labels that are left out.
    """
    middles = np.full(sizes.shape, np.nan)
    marks = np.full(points.shape, gap)
    # Anything further away than this cannot overlap a label of the point.
    near = 2 * sizes.max(axis=0, initial=0) + gap * (max(REACHES) + 1)
    for at, (point, size) in enumerate(zip(points, sizes, strict=False)):
        tried = np.concatenate([point + SIDES * (gap * reach + size / 2) for reach in REACHES])
        around = (np.abs(points - point) < near).all(axis=1)
        set_ = (np.abs(middles - point) < near).all(axis=1)
        covered = overlap(tried, size / 2, points[around], marks[around])
        covered += overlap(tried, size / 2, middles[set_], sizes[set_] / 2)
        covered += size.prod() - overlap(tried, size / 2, frame.mean(0)[None], np.ptp(frame, 0) / 2)
        best = int(covered.round(6).argmin())  # the first of equals, up to rounding
        if every or covered[best] < 1e-6:
            middles[at] = tried[best]
    return middles


def overlap(tried: Points, half: Points, middles: Points, halves: Points) -> Points:
    """The overlap of a box at each tried position (M, 2) with other boxes, shape (M,)."""
    apart = np.abs(tried[:, None] - middles)  # (M, N, 2)
    shared = np.clip(half + halves - apart, 0, np.minimum(2 * half, 2 * halves))
    area: Points = shared.prod(2).sum(1)
    return area
