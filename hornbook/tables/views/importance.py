"""Which columns matter: how much worse predictions are when one is shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hornbook.inspection.digits import with_error
from hornbook.plots.colours import BLUE
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns as letters
from hornbook.plots.panels import WIDTH
from hornbook.rendering import clip, one_line
from hornbook.tables.views.rows_seen import RowsSeen
from hornbook.tables.views.shuffled import Importance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_importance", "write_importance"]

MOST = 30  # columns
LISTED = 10  # of them in a terminal
LABEL = 28  # characters


def shown(seen: RowsSeen) -> tuple[Sequence[Importance], str]:
    """The columns that are shown, and what of those that are not."""
    every = seen.importances
    left = len(every) - MOST
    return every[:MOST], f"; {left:,} less important columns not shown" if left > 0 else ""


def measured(seen: RowsSeen) -> str:
    """What is measured."""
    unit = {"number": "RMSE", "logarithm": "RMSPE", "class": "loss"}[seen.data.kind]
    return f"{unit} when a column is shuffled, less {unit} as it is"


def chosen(seen: RowsSeen) -> str:
    """Which columns are measured, where not all are; else empty."""
    n, every = len(seen.importances), len(seen.columns)
    return f"of the {n:,} columns that a first look found among {every:,}" if n < every else ""


def write_importance(seen: RowsSeen) -> str:
    """A line for each column that matters; the others by name."""
    clear = [one for one in seen.importances if one.mean > 2 * one.std and one.mean > 0]
    some = clear[:LISTED]
    wide = max((letters(one_line(one.column, LABEL)) for one in some), default=0)
    figures = [with_error(one.mean, one.std) for one in some]
    ahead = max((len(one.partition(" ")[0]) for one in figures), default=0)
    some_only = f"; {chosen(seen)}" if chosen(seen) else ""
    lines = [f"{measured(seen)}, {seen.told}{some_only}:"]
    for one, figure in zip(some, figures, strict=True):
        name = one_line(one.column, LABEL)
        room = wide - letters(name) + ahead - len(figure.partition(" ")[0])
        lines.append(f"  {name}{' ' * room}  {figure}")
    for what, rest in (
        ("less", clear[LISTED:]),
        ("no more than chance", [one for one in seen.importances if one not in clear]),
    ):
        names = [one_line(one.column, LABEL) for one in rest]
        if names:
            more = f", and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
            lines.append(f"  {what}: {', '.join(names[:LISTED])}{more}")
    return "\n".join(lines)


@drawing()
def draw_importance(seen: RowsSeen) -> Figure:
    """A bar for each column, with a dot for each shuffle."""
    from matplotlib.figure import Figure

    some, left = shown(seen)
    height = 1.1 + 0.26 * len(some)
    figure = Figure(figsize=(WIDTH, height), dpi=100, layout="constrained")
    axes = figure.subplots()
    places = -np.arange(len(some), dtype=float)
    axes.barh(places, [one.mean for one in some], color=BLUE, alpha=0.45, height=0.7)
    for place, one in zip(places, some, strict=True):
        axes.plot(one.worse, np.full(len(one.worse), place), "|", color="black", markersize=8)
    axes.set_yticks(places, [clip(one.column, LABEL) for one in some], fontsize=8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(measured(seen), fontsize=9)
    some_only = f"\n{chosen(seen)}" if chosen(seen) else ""
    axes.set_title(
        f"{seen.told}; a mark for each of {seen.shuffles} shuffles{left}{some_only}",
        fontsize=9,
        loc="left",
        x=0,
    )
    axes.margins(y=0.02)
    axes.locator_params(axis="x", nbins=6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
