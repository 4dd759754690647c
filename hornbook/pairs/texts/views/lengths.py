"""How good answers are by the length of the source, told apart where train has none as long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hornbook.pairs.texts.views.seen import Seen
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.rendering import in_percent
from hornbook.reports import Table
from hornbook.statistics import wilson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OfLength", "by_length", "draw_lengths", "table_of_lengths"]

MOST = 24  # groups: more lengths are taken together


@dataclass(frozen=True)
class OfLength:
    """Answers to sources of some lengths."""

    low: int
    high: int
    "Tokens of the shortest and of the longest."
    n: int
    right: int
    errors: float
    "Character errors per character."
    beyond: bool
    "Whether all are longer than any source of train."

    @property
    def told(self) -> str:
        """The lengths."""
        return f"{self.low}" if self.low == self.high else f"{self.low}–{self.high}"

    @property
    def share(self) -> float:
        """Share exactly right."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Where that share lies with 95 % certainty."""
        return wilson(self.n, self.share)


def by_length(seen: Seen) -> list[OfLength]:
    """Answers by the length of the source, short ones first; none of both sides of the longest."""
    said, lengths = seen.said, seen.lengths
    every = np.unique(lengths)
    width = max(1, -(-(int(every[-1]) - int(every[0]) + 1) // MOST))
    groups = np.where(
        lengths > seen.longest,
        seen.longest + 1 + (lengths - seen.longest - 1) // width * width,
        (lengths - every[0]) // width * width + every[0],
    )
    found = []
    for first in np.unique(groups):
        at = groups == first
        some = lengths[at]
        found.append(
            OfLength(
                int(some.min()),
                int(some.max()),
                int(at.sum()),
                int((said.edits[at] == 0).sum()),
                float(said.edits[at].sum() / said.lengths[at].sum()),
                bool(first > seen.longest),
            )
        )
    return found


def table_of_lengths(seen: Seen) -> Table:
    """A row for each length."""
    rows = tuple(
        (
            one.told + (" (longer than in train)" if one.beyond else ""),
            f"{one.n:,}",
            in_percent(one.share),
            f"{one.interval[0]:.1%}–{one.interval[1]:.1%}",
            in_percent(one.errors, 2),
        )
        for one in by_length(seen)
    )
    heads = ("tokens of the source", "sources", "exact", "95 % certain", "character errors")
    return Table(heads, rows)


@drawing()
def draw_lengths(seen: Seen) -> Figure:
    """The share of exact answers by length, with what chance allows, and how many there are."""
    found = by_length(seen)
    figure, (axes, below) = canvas(2, 2.4)
    for beyond, colour, label in (
        (False, BLUE, "lengths of train"),
        (True, VERMILION, "longer than any source of train"),
    ):
        some = [one for one in found if one.beyond == beyond]
        if not some:
            continue
        places = np.array([(one.low + one.high) / 2 for one in some])
        shares = np.array([one.share for one in some])
        ends = np.array([one.interval for one in some]).T
        reach = np.abs(ends - shares)
        axes.errorbar(places, shares, reach, fmt="o-", color=colour, markersize=4, lw=1,
                      elinewidth=0.8, label=label)  # fmt: skip
        widths = [max(0.8, one.high - one.low + 0.8) for one in some]
        below.bar(places, [one.n for one in some], widths, color=colour)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_ylabel("exactly right")
    below.set_ylabel("sources")
    below.set_xlabel("tokens of the source")
    below.sharex(axes)
    if any(one.beyond for one in found):
        for one_axes in (axes, below):
            one_axes.axvline(seen.longest + 0.5, color="black", ls="--", lw=0.8)
        axes.legend(fontsize=8, frameon=False)
    axes.set_title(f"{seen.where}; bars: 95 % certain", fontsize=9, loc="left", x=0)
    return figure
