"""The answers with the most edits, and how many answers have how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hornbook.pairs.evaluation import NOTHING
from hornbook.pairs.texts.views.seen import Seen
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.rendering import in_percent, one_line
from hornbook.reports import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_edits", "table_of_worst", "told_of_edits"]

CELL = 60  # characters
MOST = 10  # edits, from which on answers are counted together


def told_of_edits(seen: Seen) -> str:
    """How many answers are right, in a sentence without its end."""
    said = seen.said
    return (
        f"{in_percent(said.exact)} of {seen.where} answered right to the letter, "
        f"{in_percent(said.character_errors, 2)} character errors"
    )


def table_of_worst(seen: Seen, rows: int) -> Table:
    """Answers with the most edits for their length, the worst first; right ones are not shown."""
    said = seen.said
    order = np.lexsort((-said.edits, -said.edits / said.lengths))[:rows]
    made = tuple(
        (
            one_line(said.sources[at], CELL),
            one_line(said.said[at], CELL) or NOTHING,
            one_line(said.nearest[at][1], CELL),
            f"{said.nearest[at][0]}",
        )
        for at in order.tolist()
        if said.edits[at]
    )
    beyond = int((said.edits > 0).sum()) - len(made)
    return Table(("source", "said", "right", "edits"), made, left=3, beyond=beyond)


@drawing()
def draw_edits(seen: Seen) -> Figure:
    """How many answers have no edit, one, two and so on."""
    figure, (axes,) = canvas(1, 3.0)
    edits = np.minimum(seen.said.edits.astype(np.int64), MOST)
    counts = np.bincount(edits, minlength=2)
    axes.bar(range(len(counts)), counts, color=[BLUE, *[VERMILION] * (len(counts) - 1)])
    for at, n in enumerate(counts.tolist()):
        if n:
            axes.annotate(
                f"{n:,}", (at, n), ha="center", xytext=(0, 2), textcoords="offset points",
                fontsize=8,
            )  # fmt: skip
    labels = [f"{at}" if at < MOST else f"{MOST}+" for at in range(len(counts))]
    axes.set_xticks(range(len(counts)), labels)
    axes.margins(y=0.12)
    axes.set_xlabel("characters to insert, delete or replace")
    axes.set_ylabel("answers")
    axes.set_title(told_of_edits(seen), fontsize=9, loc="left", x=0, wrap=True)
    return figure
