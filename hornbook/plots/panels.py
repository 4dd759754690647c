"""Panels of line plots: axes, colours and legends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "WIDTH",
    "canvas",
    "form_of",
    "legend",
    "level",
    "log_marks",
    "logarithmic",
    "named",
    "shades",
    "spaced",
    "write_across",
]

WIDTH = 5.6  # inches: what a phone shows whole, with letters that can be read
NAMED = 8  # most lines with a legend entry; of more, the first and the last few get one

RGBA: TypeAlias = tuple[float, float, float, float]


def canvas(panels: int, height: float = 3.2) -> tuple[Figure, Sequence[Axes]]:
    """A figure with panels below each other, narrow enough to be read on a telephone.

    Args:
        panels: how many.
        height: of each, in inches.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, panels * height), dpi=160, layout="constrained")
    grid = list(figure.subplots(panels, 1, squeeze=False)[:, 0])
    for axes in grid:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return figure, grid


def logarithmic(axes: Axes) -> None:
    """Make the y axis logarithmic, with labels of one kind: 0.01, 0.1, 1, or 1e-06, 1e-03, 1e+00.

    What is drawn before decides which, and whether there are labels between the powers of ten.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_yscale("log")
    low, high = sorted(axes.get_ylim())
    axes.yaxis.set_major_formatter(StrMethodFormatter(form_of(low, high)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if high < 1000 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    if high < 10 * low:
        axes.yaxis.set_major_locator(LogLocator(subs=tuple(range(1, 10))))


ROUND = (
    (1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 7),
    (*np.arange(1, 2, 0.1).round(1), *np.arange(2, 5, 0.25), *np.arange(5, 10, 0.5)),
)  # fmt: skip
"Digits of the marks on a logarithmic axis, from the roundest on."


def log_marks(low: float, high: float, apart: float = 0.12) -> list[float]:
    """Where a logarithmic axis is marked: at least three round numbers, none too near another.

    Of less than a decade matplotlib marks so many that their labels run into each other.

    Args:
        low: end of the axis, above 0.
        high: the other end, above `low`.
        apart: the least distance of two marks, as a share of the axis.
    """
    marks: list[float] = []
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ROUND:
        every = [float(f"{digit}e{power}") for power in powers for digit in digits]
        marks = [mark for mark in every if low <= mark <= high]
        places = [math.log(mark / low) / math.log(high / low) for mark in marks]
        marks = [marks[at] for at in spaced(places, apart)]
        if len(marks) >= 3:
            break
    return marks


def spaced(places: Sequence[float], apart: float) -> list[int]:
    """Which of some marks are written: each but those too near to one before.

    Args:
        places: of the marks along an axis, in ascending order.
        apart: the least distance of two.
    """
    kept: list[int] = []
    for at, place in enumerate(places):
        if not kept or place - places[kept[-1]] >= apart:
            kept.append(at)
    return kept


def form_of(low: float, high: float) -> str:
    """The format of all numbers on a logarithmic axis: a plain one, unless some are far from 1."""
    return "{x:g}" if low >= 1e-4 and high <= 1e6 else "{x:.0e}"


def level(axes: Axes, height: float, text: str, colour: str) -> None:
    """Draw a dashed horizontal line; its text is for the legend, where no curve can cross it."""
    axes.axhline(height, color=colour, ls="--", lw=1, label=text)


def write_across(axes: Axes, text: str) -> None:
    """Write in the middle of an empty panel why nothing is drawn in it."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="#555555")
    axes.set_xticks([])
    axes.set_yticks([])


def shades(count: int) -> list[RGBA]:
    """A colour for each of `count` ordered lines, from dark to bright."""
    import matplotlib as mpl

    colours = mpl.colormaps["viridis"](np.linspace(0, 0.92, max(1, count)))
    return [(r, g, b, a) for r, g, b, a in colours.tolist()][:count]


def named(count: int) -> list[bool]:
    """Which of `count` lines get an entry in the legend."""
    half = NAMED // 2
    return [count <= NAMED or at < half or at >= count - half for at in range(count)]


def legend(axes: Axes, lines: int = 0) -> None:
    """Add a legend of what is drawn, if it has a name; it stands below, where it hides nothing.

    Args:
        axes: with the lines.
        lines: how many there are in all. If `named` has left some unnamed, the legend's title
            says so.
    """
    from matplotlib.lines import Line2D

    drawn = [
        (handle, name)
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
        if not isinstance(handle, Line2D) or len(handle.get_xdata())  # type: ignore[arg-type]
    ]
    if drawn:
        handles, names = zip(*drawn, strict=True)
        widest = max(map(len, names))
        rows = -(-len(names) // (4 if widest < 10 else 3 if widest < 16 else 2))
        axes.legend(
            handles, names, fontsize=9, frameon=False, ncols=-(-len(names) // rows),
            loc="upper center", bbox_to_anchor=(0.5, -0.17), handlelength=1.4, columnspacing=1.2,
            title=f"{NAMED} of {lines} named" if lines > NAMED else None, title_fontsize=9,
        )  # fmt: skip
