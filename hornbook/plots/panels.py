"""Panels of lines: a bare canvas, and how many lines are told apart on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["canvas", "legend", "level", "logarithmic", "named", "shades"]

NAMED = 8  # lines with a name of their own in a legend; of more, the first and the last few

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
    """A logarithmic axis upwards, with plain numbers: pictures are lettered without mathematics."""
    from matplotlib.ticker import LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False))
    axes.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.5)))


def level(axes: Axes, height: float, text: str, colour: str) -> None:
    """A dashed line across, with a text on its right end."""
    axes.axhline(height, color=colour, ls="--", lw=1)
    axes.annotate(
        text, (1, height), xycoords=("axes fraction", "data"), ha="right", va="bottom",
        fontsize=8, color=colour,
    )  # fmt: skip


def shades(count: int) -> list[RGBA]:
    """A colour for each of some lines that have an order, from dark to bright."""
    import matplotlib as mpl

    colours = mpl.colormaps["viridis"](np.linspace(0, 0.92, max(1, count)))
    return [(r, g, b, a) for r, g, b, a in colours.tolist()][:count]


def named(count: int) -> list[bool]:
    """Which of many lines are named in the legend."""
    half = NAMED // 2
    return [count <= NAMED or at < half or at >= count - half for at in range(count)]


def legend(axes: Axes) -> None:
    """Names of the lines, if any has one."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)
