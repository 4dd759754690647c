"""A figure in a page: embedded, and in words for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hornbook.plots.panels import WIDTH
from hornbook.plots.saving import embedded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["described", "picture"]

INCH = 96  # pixels of CSS: at this size the smallest letters of a figure can be read


def picture(figure: Figure, alt: str) -> str:
    """A figure as HTML; what is wider than a panel could not be read on a phone, and slides there.

    The page is told its true size, so that what slides has letters that can be read, whatever its
    shape.

    Args:
        figure: the figure.
        alt: what it shows in words, as HTML.
    """
    wide, high = figure.get_size_inches()
    size = f'width="{round(wide * INCH)}" height="{round(high * INCH)}"'
    image = f'<img alt="{alt}" {size} src="{embedded(figure)}">'
    if wide > WIDTH:  # reached by keyboard, to slide it
        return f'<figure class="large" tabindex="0">{image}</figure>'
    return f'<figure class="fits">{image}</figure>'


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
