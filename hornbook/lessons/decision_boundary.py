"""The plane as a classifier sees it, with the points that it learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hornbook.plots.colours import BLACK, BLUE, ORANGE
from hornbook.plots.drawing import drawing
from hornbook.plots.saving import save
from hornbook.scalar.moons import Point

__all__ = ["draw_boundary"]

SIDE = 160  # points a side where the score is asked for
MARGIN = 0.5  # of the plane around the points


@drawing()
def draw_boundary(
    points: Sequence[Point],
    targets: Sequence[float],
    scores: Callable[[Sequence[Point]], Sequence[float]],
    path: Path,
    *,
    title: str,
) -> None:
    """Draw the score as colour, the boundary where it is 0, and the margin where it is -1 or 1.

    Args:
        points: learned from.
        targets: 1 or -1 for each.
        scores: gives the score of each of some points.
        path: of the picture; the end of its name says the format, PNG or SVG.
        title: above it.

    Raises:
        SettingsError: if the path ends otherwise.
        RunError: if it cannot be written.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    x, y = np.array(points).T
    across = np.linspace(x.min() - MARGIN, x.max() + MARGIN, SIDE)
    up = np.linspace(y.min() - MARGIN, y.max() + MARGIN, SIDE)
    grid = [(float(a), float(b)) for b in up for a in across]
    score = np.array(scores(grid)).reshape(SIDE, SIDE)
    figure = Figure(figsize=(7.2, 5.4), dpi=120, layout="constrained")
    axes = figure.subplots()
    colours = LinearSegmentedColormap.from_list("sides", ["#F0C870", "#FFFFFF", "#80B8D8"])
    field = axes.imshow(
        np.clip(score, -2, 2), extent=(across[0], across[-1], up[0], up[-1]), origin="lower",
        cmap=colours, vmin=-2, vmax=2, interpolation="bilinear",
    )  # fmt: skip
    # A line can be drawn only where the score takes that value.
    found = [level for level in (-1.0, 0.0, 1.0) if score.min() < level < score.max()]
    for level, style in ((-1.0, "--"), (0.0, "-"), (1.0, "--")):
        if level in found:
            axes.contour(
                across, up, score, levels=[level], colors=BLACK, linestyles=style,
                linewidths=1.8 if level == 0 else 0.8,
            )  # fmt: skip
    size = min(32, max(6, 6400 / len(points)))
    for target, colour, marker in ((1, BLUE, "o"), (-1, ORANGE, "s")):
        of_it = np.array(targets) == target
        axes.scatter(
            x[of_it], y[of_it], s=size, c=colour, marker=marker, edgecolors=BLACK,
            linewidths=0.7, label=f"target {target:+d}", zorder=3,
        )  # fmt: skip
    points_of, _ = axes.get_legend_handles_labels()
    lines = []
    if 0.0 in found:
        name = "decision boundary: score 0"
        lines.append(Line2D([], [], color=BLACK, linewidth=1.8, label=name))
    if {-1.0, 1.0} & set(found):
        name = "margin: score ±1"
        lines.append(Line2D([], [], color=BLACK, linewidth=0.8, linestyle="--", label=name))
    figure.legend(handles=[*points_of, *lines], loc="outside lower center", ncols=4, fontsize=9)
    axes.set(xlabel="x", ylabel="y", title=title)
    ticks = [-2, -1, 0, 1, 2]
    figure.colorbar(field, ax=axes, label="score (clipped to ±2)", ticks=ticks, shrink=0.8)
    save(figure, path)
