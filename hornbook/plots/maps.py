"""Maps: rows of many numbers in the plane in which they vary most, with labels beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.plots.fonts import columns, has_shapes
from hornbook.plots.label_placement import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MARK", "Map", "Plane", "begin_map", "principal_components", "principal_plane"]

Rows = npt.NDArray[np.floating[Any]]
Points = npt.NDArray[np.float64]

SIDE, LEFT, BELOW, ABOVE = 7.2, 0.8, 1.2, 0.6  # inches: the square of points, and room around it
MARK = 3.5  # points of paper, from a mark's middle to its edge
SIZE = 11.0  # of letters, in points of paper


@dataclass(frozen=True)
class Plane:
    """Rows of numbers projected to two dimensions."""

    points: Points
    "Shape (N, 2)."
    shares: tuple[float, float]
    "Share of the variance of the rows along each axis."
    dimensions: int
    "Of a row before the projection."


def principal_components(rows: Rows, n: int) -> tuple[Points, Points]:
    """The places of rows along the first principal components, and what those account for.

    The components are the right singular vectors of the centred rows, each with the sign that
    makes its largest weight positive.

    Args:
        rows: shape (N, C).
        n: how many components.

    Returns:
        Shapes (N, n) and (n,): the places, and the share of the variance along each component. Of
        components that there are not, all zeros.
    """
    whole: Points = rows.astype(np.float64)
    centred = whole - whole.mean(axis=0)
    _, singular, components = np.linalg.svd(centred, full_matrices=False)
    largest = np.abs(components).argmax(axis=1)
    components *= np.sign(components[np.arange(len(components)), largest])[:, None]
    variances = singular**2 / (float((singular**2).sum()) or 1.0)
    places, shares = centred @ components[:n].T, variances[:n]
    missing = n - len(shares)
    return np.pad(places, ((0, 0), (0, missing))), np.pad(shares, (0, missing))


def principal_plane(rows: Rows) -> Plane:
    """The projection to the first two principal components; two dimensions stay as they are.

    Args:
        rows: shape (N, C).
    """
    size = rows.shape[1]
    if size != 2:
        points, shares = principal_components(rows, 2)
        return Plane(points, (float(shares[0]), float(shares[1])), size)
    points = rows.astype(np.float64)
    variances = points.var(axis=0)
    first, second = variances / (float(variances.sum()) or 1.0)
    return Plane(points, (float(first), float(second)), size)


@dataclass(frozen=True)
class Map:
    """A square figure of points at equal scales, and the frame around them."""

    figure: Figure
    axes: Axes
    points: Points
    frame: Points
    "Its lower left and upper right corner, shape (2, 2)."

    def label(self, order: npt.NDArray[np.int64], labels: Sequence[str], *, every: bool) -> int:
        """Draw labels beside points, first come first served.

        Args:
            order: numbers of the points, those with labels first.
            labels: of the first of them.
            every: whether one without room is drawn where it overlaps least, or left out.

        Returns:
            How many were drawn.
        """
        points = self.points[order]
        boxes = np.array([(width_of(label), SIZE * 1.1) for label in labels]).reshape(-1, 2)
        scale = SIDE * 72 / np.ptp(self.frame[:, 0])  # points of paper in a unit of the plane
        places = place_labels(points * scale, boxes, MARK, self.frame * scale, every=every)
        free = ~np.isnan(places[:, 0])
        for at in map(int, np.flatnonzero(free)):
            x, y = places[at] / scale
            self.axes.text(x, y, labels[at], fontsize=SIZE, ha="center", va="center")
        return int(free.sum())

    @property
    def outermost(self) -> npt.NDArray[np.int64]:
        """The numbers of the points, those furthest from the middle first."""
        apart = ((self.points - self.points.mean(axis=0)) ** 2).sum(axis=1)
        return np.argsort(-apart, kind="stable")


def begin_map(plane: Plane) -> Map:
    """An empty map with axes named after what they are."""
    from matplotlib.figure import Figure

    points, (first, second) = plane.points, plane.shares
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    # Equal scales on both axes keep distances true; a single point still gets a frame.
    reach = max(np.ptp(points, axis=0).max() * 0.54, 1e-9)
    width, height = SIDE + 1.2 * LEFT, SIDE + BELOW + ABOVE
    figure = Figure(figsize=(width, height), dpi=100)
    axes = figure.add_axes((LEFT / width, BELOW / height, SIDE / width, SIDE / height))
    frame = np.array([middle - reach, middle + reach])
    axes.set_xlim(*frame[:, 0])
    axes.set_ylim(*frame[:, 1])
    names = ["dimension 1", "dimension 2"]
    if plane.dimensions != 2:
        names = [
            f"{which} principal component ({share:.1%} of the variance)"
            for which, share in (("first", first), ("second", second))
        ]
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.grid(color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)
    return Map(figure, axes, points, frame)


def width_of(label: str) -> float:
    """The width of a label in points of paper, with a little room on its sides."""
    from matplotlib.textpath import TextPath

    if not label.isascii() or not has_shapes(label):
        return SIZE * (0.2 + 0.6 * columns(label))
    return 3 + float(TextPath((0, 0), label, size=SIZE).get_extents().width)
