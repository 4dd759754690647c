"""Panels of line plots: axes, colours and legends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["canvas", "legend", "level", "logarithmic", "named", "shades"]

NAMED = 8  # most lines with a legend entry; of more, the first and the last few get one

RGBA: TypeAlias = tuple[float, float, float, float]


def canvas(panels: int) -> tuple[Figure, Sequence[Axes]]:
    """A figure with panels side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.4), dpi=120, layout="constrained")
    grid = figure.subplots(1, panels, squeeze=False)[0]
    for axes in grid:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return figure, grid


def logarithmic(axes: Axes) -> None:
    """Make the y axis logarithmic, with plain numbers instead of formulas as labels."""
    from matplotlib.ticker import LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False))
    axes.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.5)))


def level(axes: Axes, height: float, text: str, colour: str) -> None:
    """Draw a dashed horizontal line, with a text at its right end."""
    axes.axhline(height, color=colour, ls="--", lw=1)
    axes.annotate(
        text, (1, height), xycoords=("axes fraction", "data"), ha="right", va="bottom",
        fontsize=8, color=colour,
    )  # fmt: skip


def shades(count: int) -> list[RGBA]:
    """A colour for each of `count` ordered lines, from dark to bright."""
    import matplotlib as mpl

    colours = mpl.colormaps["viridis"](np.linspace(0, 0.92, max(1, count)))
    return [(r, g, b, a) for r, g, b, a in colours.tolist()][:count]


def named(count: int) -> list[bool]:
    """Which of `count` lines get an entry in the legend."""
    half = NAMED // 2
    return [count <= NAMED or at < half or at >= count - half for at in range(count)]


def legend(axes: Axes) -> None:
    """Add a legend, if any line has a name."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)
