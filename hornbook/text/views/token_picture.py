"""A text coloured by its tokens: neighbours have different colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns, has_shapes, in_ink, spelled_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TINTS", "draw_tokens", "placed"]

TINTS = ("#F6D7A7", "#BFE3F5", "#BFE5D3", "#F3C9E1", "#D9D6F2")
"Pale, so that black letters can be read on each; a token has the colour of its place."
ACROSS = 84  # columns in a line
CELL = (0.098, 0.21)  # inches: size of a column
NOTE = 0.8  # lines: room for a note on what no font has
BREAK = "⏎"


def placed(labels: Sequence[str], across: int = ACROSS) -> list[tuple[int, int, int]]:
    """Where each token stands: its line, its first column, and how many columns it takes.

    A line ends where the next token does not fit, and after one with a line break.
    """
    found, line, column = [], 0, 0
    for label in labels:
        shown = in_ink(label)
        wide = max(columns(shown), 1)
        if not has_shapes(shown):  # in a PNG code points then stand there, in small letters
            wide = max(wide, -(-len(spelled_out(shown)) // 2))
        wide = min(wide, across)
        if column + wide > across:
            line, column = line + 1, 0
        found.append((line, column, wide))
        column += wide
        if BREAK in label:
            line, column = line + 1, 0
    return found


@drawing()
def draw_tokens(labels: Sequence[str], title: str) -> Figure:
    """Draw a text, each token on a colour of its own.

    Args:
        labels: of the tokens in their order, with signs for what leaves no ink.
        title: above it.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    places = placed(labels)
    lines = max((line for line, _, _ in places), default=0) + 1
    size = (ACROSS * CELL[0] + 0.3, lines * CELL[1] + 0.6)
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    axes = figure.subplots()
    for at, (label, (line, column, wide)) in enumerate(zip(labels, places, strict=True)):
        tint = TINTS[at % len(TINTS)]
        axes.add_patch(Rectangle((column, line), wide, 1, color=tint, lw=0))
        axes.text(column + wide / 2, line + 0.5, in_ink(label), fontsize=8, color="black",
                  ha="center", va="center_baseline", clip_on=True)  # fmt: skip
    axes.set_xlim(0, ACROSS)
    axes.set_ylim(lines + NOTE, 0)
    axes.set_axis_off()
    axes.set_title(title, fontsize=11)
    return figure
