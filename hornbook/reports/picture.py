"""A figure in a page: embedded, in words for who cannot see it, and laid out again for a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hornbook.plots.drawing import drawing
from hornbook.plots.saving import embedded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["described", "picture"]

FLAT = 0.6  # height by width: what is flatter is too small on a phone, unless it is laid out again
WIDE, NARROW = (7.6, 3.2), (3.9, 2.9)
"""Inches: of a row of panels as wide as the page, and of one panel on a phone. A point of these is
about a pixel and a third of the page."""
SHARP = 160, 200  # dots per inch there
LARGE = 7.0  # inches of width: what is wider and cannot be laid out again slides sideways


def picture(figure: Figure, alt: str) -> str:
    """A figure as HTML.

    A row of panels is drawn twice: as wide as the page, and one below the other for a phone.

    Args:
        figure: the figure; its layout may be another afterwards.
        alt: what it shows in words, as HTML.
    """
    wide, high = figure.get_size_inches()
    if high < FLAT * wide and (panels := row_of(figure)):
        figure.set_size_inches(*WIDE)
        figure.set_dpi(SHARP[0])
        image = f'<img alt="{alt}" src="{embedded(figure)}">'
        with drawing():
            stack(figure, panels)
        narrow = f'<source media="(max-width: 34rem)" srcset="{embedded(figure)}">'
        return f"<figure><picture>{narrow}{image}</picture></figure>"
    image = f'<img alt="{alt}" src="{embedded(figure)}">'
    kind = "large" if wide > LARGE else "square"
    scrolls = ' tabindex="0"' if kind == "large" else ""
    return f'<figure class="{kind}"{scrolls}>{image}</figure>'


def row_of(figure: Figure) -> list[Axes]:
    """The panels of a figure that is one row of them; empty if it is anything else."""
    panels = list(figure.axes)
    for axes in panels:
        place = axes.get_subplotspec()
        if place is None or place.get_gridspec().nrows != 1:
            return []
    return panels


def stack(figure: Figure, panels: list[Axes]) -> None:
    """Lay a row of panels out as a column, as wide as a phone."""
    from matplotlib.gridspec import GridSpec

    width, height = NARROW
    grid = GridSpec(len(panels), 1, figure=figure)
    for place, axes in enumerate(panels):
        axes.set_subplotspec(grid[place])
    figure.set_size_inches(width, height * len(panels))
    figure.set_dpi(SHARP[1])


def described(figure: Figure) -> str:
    """What a figure shows, in words, from its titles, axes and named lines."""
    return " ".join(filter(None, map(panel_in_words, figure.axes)))


def panel_in_words(axes: Axes) -> str:
    """What a panel shows."""
    title = axes.get_title()
    across, up = axes.get_xlabel(), axes.get_ylabel()
    drawn = ", ".join(dict.fromkeys(labels_of(axes)))
    told = f"{up} by {across}" if up and across else up or across
    told = f"{title}: {told}" if title and told else title or told
    return f"{told}{': ' if told and drawn else ''}{drawn}." if told or drawn else ""


def labels_of(axes: Axes) -> Iterator[str]:
    """The names of what is drawn in a panel."""
    return (str(name) for name in axes.get_legend_handles_labels()[1])
