"""A figure in a page: embedded, and in words for who cannot see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hornbook.plots.saving import embedded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["described", "picture"]

LARGE = 7.0  # inches of width: what is wider could not be read on a phone, and slides sideways


def picture(figure: Figure, alt: str) -> str:
    """A figure as HTML.

    Args:
        figure: the figure.
        alt: what it shows in words, as HTML.
    """
    image = f'<img alt="{alt}" src="{embedded(figure)}">'
    if figure.get_size_inches()[0] > LARGE:  # reached by keyboard, to slide it
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
