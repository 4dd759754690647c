"""The lecture's picture of the bigram counts: a square for each pair, its letters and its count."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.data.tokenizer import CharTokenizer
from hornbook.inspection.fonts import families, legible
from hornbook.models.contract import Ids
from hornbook.storage import write_bytes

__all__ = ["MOST", "draw_counts"]

MOST = 40  # symbols a side: more than that and no letter could be read


def draw_counts(matrix: Ids, tokenizer: CharTokenizer, path: Path) -> int:
    """Draw the matrix N[before, after] of pair counts as a PNG.

    Of a large alphabet only the most frequent symbols are drawn, and the title says so.

    Returns:
        How many symbols are drawn a side.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    frequency = matrix.sum(axis=0) + matrix.sum(axis=1)
    shown = np.sort(np.argsort(-frequency, kind="stable")[:MOST])
    part = matrix[np.ix_(shown, shown)]
    labels = legible([tokenizer.label(int(token)) for token in shown])
    side = len(shown)
    with mpl.rc_context({"font.family": families()}):
        figure = Figure(figsize=(side * 0.55 + 1, side * 0.55 + 1), dpi=100, layout="tight")
        axes = figure.subplots()
        # The root spreads the small counts, which a linear scale would show as one pale grey.
        axes.imshow(np.sqrt(part), cmap="Blues")
        dark = np.sqrt(part.max()) * 0.5
        for row in range(side):
            for column in range(side):
                ink = "white" if np.sqrt(part[row, column]) > dark else "#333333"
                pair = labels[row] + labels[column]
                place: dict[str, Any] = {"ha": "center", "color": ink, "parse_math": False}
                axes.text(column, row - 0.02, pair, va="bottom", fontsize=8, **place)
                axes.text(column, row + 0.05, f"{part[row, column]}", va="top", fontsize=6, **place)
        axes.set_axis_off()
        title = f"{matrix.sum():,} pairs: row first, column second"
        if side < len(matrix):
            title += f"; the {side} most frequent of {len(matrix)} symbols"
        axes.set_title(title, fontsize=12)
        drawn = BytesIO()
        figure.savefig(drawn, format="png")
    write_bytes(path, drawn.getvalue())
    return side
