"""The lecture's figure of the bigram counts: a cell for each pair, its characters and count."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns, ink_on
from hornbook.plots.saving import save
from hornbook.rendering import many
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.token_labels import letters
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["draw_counts"]

MOST = 30  # tokens per side: with more no count could be read at the width of a page
CELL = 0.46  # inches: side of a cell
LETTERS, DIGITS = 11.5, 11.0  # points


@drawing()
def draw_counts(counts: PairCounts, tokenizer: Tokenizer, path: Path) -> int:
    """Draw the matrix N[before, after] of pair counts as a PNG or an SVG.

    Pairs that never occur are blank. Of a large vocabulary only the most frequent tokens are drawn,
    and the title says so.

    Returns:
        The number of tokens drawn per side.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    shown = counts.most_frequent(MOST)
    part = counts.matrix(shown)
    labels = letters(tokenizer, shown)
    side = len(shown)
    size = max(3.2, side * CELL) + 0.8
    figure = Figure(figsize=(size, size + 0.3), dpi=100, layout="constrained")
    axes = figure.subplots()
    # The square root spreads the small counts; a linear scale would show them all as pale blue.
    strength, colours = np.sqrt(part / max(1, part.max())), colormaps["Blues"]
    axes.imshow(strength, cmap=colours, vmin=0, vmax=1)
    for row, column in np.argwhere(part):
        ink = ink_on(colours(strength[row, column]))
        at_edge = not {row, column}.isdisjoint({0, side - 1})  # the others need no room outside
        pair, count = labels[row] + labels[column], short(int(part[row, column]))
        axes.text(
            column, row - 0.04, pair, fontsize=LETTERS * min(1, 4 / columns(pair)), color=ink,
            ha="center", va="bottom", in_layout=at_edge,
        )  # fmt: skip
        axes.text(
            column, row + 0.02, count, fontsize=DIGITS, color=ink, ha="center", va="top",
            weight="bold", in_layout=at_edge,
        )  # fmt: skip
    axes.set_xticks(range(side), labels, fontsize=LETTERS)
    axes.set_yticks(range(side), labels, fontsize=LETTERS)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_ylabel("first token", fontsize=LETTERS)
    axes.set_xlabel("second token", fontsize=LETTERS)
    axes.xaxis.set_label_position("top")
    title = f"How often each pair occurs: {many(counts.total, 'pair')}"
    if side < counts.vocab_size:
        title += f"; the {side} most frequent of {counts.vocab_size:,} tokens"
    axes.set_title(title, fontsize=max(10.0, min(18.0, 1.1 * size)))
    save(figure, path)
    return side


def short(count: int) -> str:
    """A count in at most four characters: 6763, 123k, 1.2M."""
    if count < 10_000:
        return str(count)
    for unit, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if count < 999.5 * unit:
            return f"{count / unit:.{int(count < 9.95 * unit)}f}{letter}"
    return f"{count:.0e}"
