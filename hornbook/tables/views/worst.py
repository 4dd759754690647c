"""The rows that the model gets most wrong, and how much of the whole error they carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.plots.colours import BLUE
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.rendering import many, one_line
from hornbook.reports import Table
from hornbook.tables.views.rows_seen import RowsSeen

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_worst", "share_of_worst", "table_of_worst", "write_worst"]

CELL = 24  # characters
LISTED = 5  # rows in a terminal


def losses_of(seen: RowsSeen) -> npt.NDArray[np.float64]:
    """Of each row what the deciding figure is the mean of."""
    return seen.scores.losses if seen.data.target.labels else seen.errors.losses


def share_of_worst(losses: npt.NDArray[np.float64], part: float = 0.01) -> tuple[int, float]:
    """How many rows are the worst hundredth, one at least, and their share of the whole."""
    n = max(1, round(part * len(losses)))
    total = float(losses.sum())
    return n, float(np.sort(losses)[::-1][:n].sum()) / total if total > 0 else 0.0


def what_of(seen: RowsSeen) -> str:
    """What the rows have shares of."""
    return {"number": "squared error", "logarithm": "squared relative error", "class": "loss"}[
        seen.data.kind
    ]


def told_of_worst(seen: RowsSeen) -> str:
    """What the worst hundredth carries."""
    n, share = share_of_worst(losses_of(seen))
    one = "is the worst 1 % and carries" if n == 1 else "are the worst 1 % and carry"
    return f"{many(n, 'row')} {one} {share:.0%} of the {what_of(seen)} of {seen.told}"


def table_of_worst(seen: RowsSeen, rows: int, columns: int) -> Table:
    """The worst rows, worst first: the truth, the prediction, and the most important columns.

    Args:
        seen: all rows.
        rows: how many.
        columns: how many.
    """
    target, names = seen.data.target, seen.most_important(columns)
    losses = losses_of(seen)
    order = np.argsort(-losses, kind="stable")[:rows]
    true = [seen.target_text(value) for value in seen.rows.target[order].tolist()]
    total = float(losses.sum()) or 1.0
    shares = [f"{loss / total:.1%}" for loss in losses[order].tolist()]
    if target.labels:
        chances = seen.scores.probabilities[order]
        found = [target.labels[at] for at in chances.argmax(1).tolist()]
        given = chances[np.arange(len(order)), seen.rows.target[order]]
        more = [f"{one:.1%}" for one in given.tolist()]
        heads = (target.name, "predicted", "probability of the truth")
    else:
        found = [seen.prediction_text(value) for value in seen.errors.predicted[order].tolist()]
        away = seen.errors.errors[order] / (np.abs(seen.errors.target[order]) if
                                            target.kind == "logarithm" else 1.0)  # fmt: skip
        more = [f"{one:+.0%}" if target.kind == "logarithm" else seen.prediction_text(one)
                for one in away.tolist()]  # fmt: skip
        heads = (target.name, "predicted", "error")
    cells = [seen.cells(name, order.tolist()) for name in names]
    made = zip(true, found, more, shares, *cells, strict=True)
    return Table(
        (*(one_line(head, CELL) for head in heads), f"share of {what_of(seen)}",
         *(one_line(name, CELL) for name in names)),
        tuple(tuple(one_line(cell, CELL) for cell in row) for row in made),
        left=1 if target.labels else 0,
    )  # fmt: skip


def write_worst(seen: RowsSeen, rows: int, columns: int) -> str:
    """The share of the worst hundredth, and the rows as an aligned table."""
    from hornbook.plots.fonts import columns as letters

    table = table_of_worst(seen, min(rows, LISTED), min(columns, 5))
    lines = [table.heads, *table.rows]
    wide = [max(letters(row[at]) for row in lines) for at in range(len(table.heads))]
    written = [
        "  " + "  ".join(" " * (width - letters(cell)) + cell
                         for cell, width in zip(row, wide, strict=True))
        for row in lines
    ]  # fmt: skip
    return "\n".join([f"{told_of_worst(seen)}. The worst of all:", *written])


@drawing()
def draw_worst(seen: RowsSeen) -> Figure:
    """The share of the whole error that the worst rows carry, by how many these are."""
    losses = np.sort(losses_of(seen))[::-1]
    total = float(losses.sum()) or 1.0
    figure, (axes,) = canvas(1, 3.6)
    rows = np.arange(1, len(losses) + 1) / len(losses)
    axes.plot(rows, np.cumsum(losses) / total, color=BLUE, drawstyle="steps-post")
    n, share = share_of_worst(losses)
    axes.plot([n / len(losses)], [share], "o", color="black", markersize=5)
    axes.annotate(
        f"{n / len(losses):.2g} of the rows: {share:.0%}", (n / len(losses), share), fontsize=9,
        xytext=(8, -4), textcoords="offset points", va="top",
    )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("share of rows, the worst first")
    axes.set_ylabel(f"share of the {what_of(seen)}")
    axes.set_title(told_of_worst(seen), fontsize=9, loc="left", x=0, wrap=True)
    return figure
