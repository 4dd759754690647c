"""The lecture's figure of the bigram counts: a cell for each pair, its characters and count."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import MOST
from hornbook.plots.saving import save
from hornbook.text.models.pair_counts import PairCounts
from hornbook.text.token_labels import letters
from hornbook.tokenizers.contract import Tokenizer

__all__ = ["draw_counts"]


@drawing()
def draw_counts(counts: PairCounts, tokenizer: Tokenizer, path: Path) -> int:
    """Draw the matrix N[before, after] of pair counts as a PNG or an SVG.

    Of a large vocabulary only the most frequent tokens are drawn, and the title says so.

    Returns:
        The number of tokens drawn per side.
    """
    from matplotlib.figure import Figure

    shown = counts.most_frequent(MOST)
    part = counts.matrix(shown)
    labels = letters(tokenizer, shown)
    side = len(shown)
    figure = Figure(figsize=(side * 0.55 + 1, side * 0.55 + 1), dpi=100, layout="tight")
    axes = figure.subplots()
    # The square root spreads the small counts; a linear scale would show them all as pale blue.
    axes.imshow(np.sqrt(part), cmap="Blues")
    dark = np.sqrt(part.max()) * 0.5
    for row in range(side):
        for column in range(side):
            ink = "white" if np.sqrt(part[row, column]) > dark else "#333333"
            pair, count = labels[row] + labels[column], f"{part[row, column]}"
            axes.text(column, row - 0.02, pair, fontsize=8, color=ink, ha="center", va="bottom")
            axes.text(column, row + 0.05, count, fontsize=6, color=ink, ha="center", va="top")
    axes.set_axis_off()
    title = f"{counts.total:,} pairs (row: first, column: second)"
    if side < counts.vocab_size:
        title += f"; the {side} most frequent of {counts.vocab_size:,} tokens"
    axes.set_title(title, fontsize=12)
    save(figure, path)
    return side
