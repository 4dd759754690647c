"""The picture of `benchmarks.roofline`: rates over intensities, under the machine's roofs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.machine import Peaks
from hornbook.plots.colours import BLACK, BLUE, ORANGE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.label_placement import place_labels
from hornbook.plots.panels import WIDTH, form_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from benchmarks.roofline_report import Report, Result

__all__ = ["draw"]

GREY = "#777777"
GIGA = 1e9
HEIGHT = 4.6  # inches of the panel
LEGEND, ROW = 0.45, 0.17  # of half the legend, and of a line of the list of works, below it
MARK, LETTERS = 3.5, 8.5  # points of paper


@drawing()
def draw(report: Report) -> Figure:
    """Each work as a point before and after, its own limit above it, and the roofs over all."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import StrMethodFormatter

    results = report.results
    below = 0.6 + 2.2 * LEGEND + ROW * len(results)
    figure = Figure(figsize=(WIDTH, HEIGHT + below), dpi=160)
    axes = figure.add_axes(
        (0.12, below / (HEIGHT + below), 0.85, (HEIGHT - 0.3) / (HEIGHT + below))
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.set_xscale("log")
    axes.set_yscale("log")
    left, right = bounds([one.counted.intensity for one in results], 2.5)
    rates = [rate for one in results for rate in rates_of(one) if rate is not None]
    low, high = bounds([*rates, *(peaks.float32 / GIGA for peaks in report.roofs)], 1.6)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    for peaks in report.roofs:
        roofs(axes, peaks, main=peaks is report.peaks)
    for number, one in enumerate(results, 1):
        point(axes, one, first=number == 1)
    figure.draw_without_rendering()
    number_points(axes, results)
    for axis, ends in ((axes.xaxis, (left, right)), (axes.yaxis, (low, high))):
        axis.set_major_formatter(StrMethodFormatter(form_of(*ends)))
    axes.set_xlabel("operations a byte")
    axes.set_ylabel("GFLOP/s")
    axes.legend(
        fontsize=7.5, frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.48, -0.1),
        columnspacing=1.2,
    )  # fmt: skip
    listed(figure, results)
    return figure


def listed(figure: Figure, results: Sequence[Result]) -> None:
    """The works by their numbers, at the foot."""
    height = figure.get_figheight()
    for number, one in enumerate(results, 1):
        y = (0.15 + ROW * (len(results) - number)) / height
        title = one.work.title.replace("`", "")
        share = f"{one.limit.seconds / one.before:.0%} → {one.limit.seconds / one.after:.0%}"
        figure.text(0.05, y, f"{number}", fontsize=LETTERS, ha="right")
        figure.text(0.07, y, f"{title}, {one.work.step}", fontsize=LETTERS)
        figure.text(0.97, y, f"{share} of its limit", fontsize=LETTERS, ha="right")


def bounds(values: Sequence[float], room: float) -> tuple[float, float]:
    """The ends of a logarithmic axis around some values."""
    return min(values) / room, max(values) * room


def rates_of(one: Result) -> tuple[float | None, float, float, float]:
    """GFLOP/s of the peer, before, after, and of the limit."""
    operations = one.counted.operations / GIGA
    peer = operations / one.peer if one.peer else None
    return peer, operations / one.before, operations / one.after, operations / one.limit.seconds


def roofs(axes: Axes, peaks: Peaks, *, main: bool) -> None:
    """What so many threads can do: large products, and reading from memory and caches."""
    xs = np.geomspace(*axes.get_xlim(), 200)
    style = "-" if main else "--"
    threads = "one thread" if peaks.threads == 1 else f"{peaks.threads} threads"
    top = peaks.float32 / GIGA
    axes.plot(
        xs, np.minimum(top, xs * peaks.memory / GIGA), color=BLACK, ls=style, lw=1.3,
        label=f"{threads}: products {top:.0f} GFLOP/s, memory {peaks.memory / GIGA:.0f} GB/s",
    )  # fmt: skip
    if not main:
        return
    for name, rate in list(peaks.read.items())[:-1]:
        axes.plot(
            xs, np.minimum(top, xs * rate / GIGA), color=GREY, ls=":", lw=1,
            label=f"read from {name}: {rate / GIGA:.0f} GB/s",
        )  # fmt: skip


def point(axes: Axes, one: Result, *, first: bool) -> None:
    """A work: from the peer's rate, by that without kernels, to today's, and its own limit."""
    x = one.counted.intensity
    peer, before, after, limit = rates_of(one)
    plot = functools.partial(axes.plot, ls="none", zorder=3)
    names = ("peer", "without compiled kernels", "with", "limit at its own shapes")
    labels = names if first else (None,) * 4
    axes.plot([x, x], [min(before, after), limit], color=GREY, lw=0.8, zorder=2)
    if peer:
        plot([x], [peer], marker="x", ms=5, color=ORANGE, label=labels[0])
    plot([x], [before], marker="o", ms=5, mfc="white", mec=BLUE, label=labels[1])
    if after != before:
        plot([x], [after], marker="o", ms=5, color=BLUE, label=labels[2])
    plot([x], [limit], marker="_", ms=9, mew=1.6, color=VERMILION, label=labels[3])


def number_points(axes: Axes, results: Sequence[Result]) -> None:
    """The works' numbers beside their points of today."""
    to_paper = axes.transData.transform
    scale = 72 / axes.figure.dpi
    points = np.array([to_paper((r.counted.intensity, rates_of(r)[2])) for r in results]) * scale
    others = [
        to_paper((r.counted.intensity, rate)) * scale
        for r in results
        for rate in (rates_of(r)[0], rates_of(r)[1], rates_of(r)[3])
        if rate
    ]
    frame = to_paper([(axes.get_xlim()[i], axes.get_ylim()[i]) for i in (0, 1)]) * scale
    sizes = np.array([(LETTERS * 0.65 * len(str(n)), LETTERS) for n in range(1, len(results) + 1)])
    every = np.concatenate([points, np.array(others).reshape(-1, 2)])
    places = place_labels(every, sizes, MARK, frame, every=True) / scale
    for number, (x, y) in enumerate(axes.transData.inverted().transform(places), 1):
        axes.text(x, y, str(number), fontsize=LETTERS, ha="center", va="center", zorder=4)
