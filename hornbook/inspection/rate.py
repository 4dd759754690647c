"""The curve of the learning-rate finder, as a figure and as text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import in_ink
from hornbook.plots.panels import form_of
from hornbook.plots.saving import save

if TYPE_CHECKING:
    from hornbook.training.finder import Found

__all__ = ["chart_of_rate", "draw_rate"]

LOSS, SUGGESTED = "•", "│"


def highest_shown(found: Found) -> float:
    """The upper end of the loss axis: far above the first loss there is only divergence."""
    low, start = min(found.smoothed), found.smoothed[0]
    return max(low + 1.5 * (start - low), start + 0.1 * abs(start)) or 1.0


@drawing()
def draw_rate(found: Found, path: Path, title: str) -> None:
    """Plot the losses over the learning rates, on a logarithmic axis, as a PNG or an SVG.

    Args:
        found: the result of the finder, with at least one loss.
        path: the file to write.
        title: title of the figure.

    Raises:
        SettingsError: if the path does not end in .png or .svg.
        RunError: if the file cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    figure = Figure(figsize=(8, 5.4), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.plot(found.rates, found.losses, color=BLUE, alpha=0.3, lw=1, label="each batch")
    axes.plot(found.rates, found.smoothed, color=BLUE, lw=2.5, label="smoothed")
    if found.suggestion is None:
        axes.plot([], [], " ", label="no suggestion")
    else:
        label = f"suggested: {found.suggestion:g}"
        axes.axvline(found.suggestion, color=VERMILION, lw=2, ls="--", label=label)
    axes.set_xscale("log")
    # The scale's own labels are formulas, which `drawing` shows as they are spelled.
    left, right = axes.get_xlim()
    axes.xaxis.set_major_formatter(form_of(left, right))
    axes.xaxis.set_minor_formatter("{x:g}" if right < 10 * left else NullFormatter())
    lowest, top = min(*found.losses, *found.smoothed), highest_shown(found)
    axes.set_ylim(lowest - 0.05 * (top - lowest), top)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("batch loss")
    axes.set_title("".join(map(in_ink, title)), fontsize=12)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    save(figure, path)


def chart_of_rate(found: Found, width: int = 72, height: int = 12) -> str:
    """The smoothed losses over the learning rates (log scale), as a text chart.

    Args:
        found: the result of the finder, with at least one loss.
        width: columns of the chart, without the labels on its left.
        height: rows of the chart.
    """
    low, top = min(found.smoothed), highest_shown(found)
    first, last = math.log10(found.rates[0]), math.log10(found.rates[-1])

    def column(rate: float) -> int:
        share = (math.log10(rate) - first) / (last - first) if last > first else 0.0
        return min(width - 1, max(0, round(share * (width - 1))))

    rows = [[" "] * width for _ in range(height)]
    if found.suggestion is not None:
        for row in rows:
            row[column(found.suggestion)] = SUGGESTED
    for rate, loss in zip(found.rates, found.smoothed, strict=True):
        share = (top - loss) / (top - low) if top > low else 1.0
        if share >= 0:  # what is above the chart is left out
            rows[round(share * (height - 1))][column(rate)] = LOSS
    figures = {0: f"{top:.3g}", height - 1: f"{low:.3g}"}
    lines = [f"{figures.get(place, ''):>8} ┤{''.join(row)}" for place, row in enumerate(rows)]
    axis, ticks = ["─"] * width, [" "] * (width + 8)
    free = 0
    for exponent in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1):
        at, written = column(10.0**exponent), f"{10.0**exponent:g}"
        axis[at] = "┴"
        if at >= free:
            ticks[at : at + len(written)] = written
            free = at + len(written) + 1
    return "\n".join([*lines, " " * 9 + "└" + "".join(axis), " " * 10 + "".join(ticks).rstrip()])
