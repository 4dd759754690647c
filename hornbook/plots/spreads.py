"""Histograms as lines over each other, on scales on which none hides another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from hornbook.plots.panels import RGBA, legend, logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Binned", "Spread", "draw_spreads"]

APART = 6.0  # times as tall, or as wide: then a common scale would hide one of two
SPIKED = 10.0  # times as tall as most of the line: a spike that would hide the rest of it
FORMAT = "{x:g}"  # of numbers on an axis: plain, all of one kind
LEAST = 1e-3  # of the peak: the floor of a logarithmic scale

Floats = npt.NDArray[np.float64]


class Binned(Protocol):
    """Counts of values in bins of equal width."""

    @property
    def low(self) -> float:
        """The lower end of the first bin."""
        ...

    @property
    def high(self) -> float:
        """The upper end of the last bin."""
        ...

    @property
    def counts(self) -> Sequence[int]:
        """At least two bins."""
        ...


@dataclass(frozen=True)
class Spread:
    """A histogram and how it is drawn."""

    name: str | None
    "For the legend; None: it is not named there."
    colour: RGBA
    histogram: Binned

    @property
    def edges(self) -> Floats:
        """The ends of the bins."""
        return np.linspace(self.histogram.low, self.histogram.high, len(self.histogram.counts) + 1)

    @property
    def density(self) -> Floats:
        """The density in each bin; 1 in all."""
        counts = np.array(self.histogram.counts, dtype=np.float64)
        found: Floats = counts / counts.sum() / np.diff(self.edges)
        return found

    @property
    def middles(self) -> Floats:
        """The middle of each bin."""
        found: Floats = (self.edges[1:] + self.edges[:-1]) / 2
        return found

    @property
    def peak(self) -> float:
        """The density of the tallest bin."""
        return float(self.density.max())

    @property
    def std(self) -> float:
        """The standard deviation, as far as the bins tell."""
        share = np.array(self.histogram.counts) / np.sum(self.histogram.counts)
        mean = share @ self.middles
        return float(np.sqrt(share @ (self.middles - mean) ** 2)) or float(np.diff(self.edges)[0])


def draw_spreads(panels: Sequence[tuple[Axes, Sequence[Spread]]], lines: int = 0) -> None:
    """Draw histograms over each other in panels that are to be compared: on scales of one kind.

    Where some are much taller than others, each is drawn relative to its own peak. Where a line is
    all spike, as of a ReLU whose outputs are zero half of the time, the scale is logarithmic. Where
    some are much wider than others, the x axis is linear around zero and logarithmic further out.

    Args:
        panels: axes, and what is drawn in each.
        lines: how many there are, of which `named` may have left some without a name.
    """
    every = [one for _, spreads in panels for one in spreads]
    relative = any(apart([one.peak for one in spreads]) for _, spreads in panels)
    stretched = any(apart([one.std for one in spreads]) for _, spreads in panels)
    spiked = any(is_spiked(one.density) for one in every)
    for axes, spreads in panels:
        if not spreads:
            continue
        axes.set_xlabel("value")
        axes.set_ylabel("density / its peak" if relative else "density")
        for one in spreads:
            height = one.density / (one.peak if relative else 1.0)
            if spiked:
                height = np.maximum(height, LEAST * height.max())
            axes.plot(one.middles, height, color=one.colour, lw=1.3, label=one.name)
        if spiked:
            logarithmic(axes)
        if stretched:
            ends = [abs(end) for one in spreads for end in one.edges[[0, -1]]]
            stretch(axes, min(one.std for one in spreads), max(ends))
        else:
            axes.xaxis.set_major_formatter(FORMAT)
            axes.locator_params(axis="x", nbins=6)
    names = [[one.name for one in spreads] for _, spreads in panels]
    for (axes, _), own in zip(panels, names, strict=True):
        if axes is panels[-1][0] or own != names[-1]:  # what is the same below is said there
            legend(axes, lines)


def apart(sizes: Sequence[float]) -> bool:
    """Whether some sizes are so far from others that a common scale would hide one."""
    return bool(sizes) and max(sizes) > APART * min(sizes)


def is_spiked(density: Floats) -> bool:
    """Whether one bin is far above all but the few tallest."""
    return bool(density.max() > SPIKED * max(np.quantile(density, 0.8), 1e-12))


def stretch(axes: Axes, width: float, reach: float) -> None:
    """Make the x axis linear up to a width and logarithmic beyond, with plain numbers.

    Its ticks are powers of ten; where none lies between the two, they are where they always are.

    Args:
        axes: of the figure.
        width: of the narrowest spread.
        reach: how far the widest goes.
    """
    from matplotlib.ticker import FixedLocator, NullLocator

    axes.set_xscale("asinh", linear_width=width)
    first, last = np.ceil(np.log10(width)), np.floor(np.log10(reach))
    powers = 10.0 ** np.arange(first, last + 1)
    axes.xaxis.set_major_formatter(FORMAT)
    if not len(powers):
        return
    step = -(-len(powers) // 3)  # few enough that their labels do not touch
    chosen = powers[::-1][::step]
    axes.xaxis.set_major_locator(FixedLocator([*-chosen, 0.0, *chosen[::-1]]))
    axes.xaxis.set_minor_locator(NullLocator())
