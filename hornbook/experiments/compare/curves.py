"""The curves of all runs in one picture: train and dev, by steps and by seconds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hornbook.experiments.compare.board import Board
from hornbook.experiments.compare.contest import Curve
from hornbook.inspection.loss_curves import fit_height
from hornbook.plots.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import WIDTH
from hornbook.rendering import figure
from hornbook.reports import Section
from hornbook.training.measures import Evaluation, Measure
from hornbook.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["curves_section"]

COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
STYLES = ("-", "--", ":", "-.")
GREY = "#888888"
SPLITS = ("train", "dev")
SECONDS = "seconds of training"
ACROSS: dict[str, Callable[[Record], float]] = {
    "step": lambda record: float(record.step),
    SECONDS: lambda record: record.seconds,
}


@drawing()
def curves_section(board: Board, curves: Sequence[Curve]) -> Section | None:
    """A panel for train and one for dev, by steps and by seconds; None if nothing was trained.

    Runs that were trained together are shown by steps alone: their seconds are shared.

    Args:
        board: of the same data.
        curves: of all runs; those of one kind have one colour.
    """
    if not curves:
        return None
    kinds = list(dict.fromkeys(one.kind for one in curves))
    looks = {
        kind: {"color": COLOURS[at % len(COLOURS)], "ls": STYLES[at // len(COLOURS) % len(STYLES)]}
        for at, kind in enumerate(kinds)
    }
    apart = [one for one in curves if not one.together]
    shown = {across: apart if across == SECONDS else curves for across in ACROSS}
    rows = [across for across, some in shown.items() if some]
    figure_, grid = panels(len(rows))
    levels = [
        (one.kind, value)
        for one in board.entries
        if not one.seeded and (value := one.figure("dev")) is not None
    ]
    by_step = ACROSS["step"]
    every = [points_of(c.metrics, board.measure, s, by_step) for c in curves for s in SPLITS]
    above = ""
    for (row, across), (column, split) in itertools.product(enumerate(rows), enumerate(SPLITS)):
        axes = grid[row][column]
        for one in shown[across]:
            points = points_of(one.metrics, board.measure, split, ACROSS[across])
            if points:
                axes.plot(*zip(*points, strict=True), lw=1.2, alpha=0.8, **looks[one.kind])  # type: ignore[arg-type]
        if split == "dev":
            for place, (_, value) in enumerate(levels):
                axes.axhline(value, color=GREY, ls=STYLES[place % len(STYLES)], lw=1)
        above = fit_height(axes, every, [value for _, value in levels]) or above
        axes.set_title(split, fontsize=10)
        axes.set_xlabel(across)
        axes.set_ylabel(board.measure.unit or board.measure.title)
    named(figure_, looks, levels, board.measure)
    missing = dict.fromkeys(one.kind for one in curves if one.together)
    shared = ""
    if missing:
        shared = (
            f" By steps alone: {', '.join(missing)}, for seconds of runs that were trained "
            "together are shared with each other."
        )
    return Section(
        f"Curves on {board.data}",
        "How well each run does in the course of its training, on train, the data it learns from, "
        f"and on dev, {ways(rows)}. Runs of one kind have one colour, a line for each "
        f"seed; grey is what is made in one pass, and other baselines.{above}{shared}",
        figure_,
        alt=in_words(board, kinds, ways(rows)),
    )


def ways(rows: Sequence[str]) -> str:
    """By what the curves are drawn."""
    return "by steps and by seconds" if SECONDS in rows else "by steps"


def panels(rows: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure of so many rows and two columns."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(2 * WIDTH, rows * 3.2), dpi=160, layout="constrained")
    grid = [list(row) for row in made.subplots(rows, 2, squeeze=False)]
    for axes in itertools.chain(*grid):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return made, grid


def points_of(
    metrics: Sequence[Record], measure: Measure, split: str, at: Callable[[Record], float]
) -> list[tuple[float, float]]:
    """Where a measure was taken on a split, and its value."""
    found = []
    for one in metrics:
        value = Evaluation(one.losses, one.measures).figure(measure, split)
        if value is not None and math.isfinite(value):
            found.append((at(one), value))
    return found


def named(
    figure_: Figure, looks: dict[str, dict[str, str]], levels: Sequence[tuple[str, float]],
    measure: Measure,
) -> None:  # fmt: skip
    """Add the names of all lines, below the panels."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], label=kind, **look) for kind, look in looks.items()]  # type: ignore[arg-type]
    handles += [
        Line2D([], [], color=GREY, ls=STYLES[place % len(STYLES)], lw=1,
               label=f"{kind}, dev {figure(value, measure.digits)}")
        for place, (kind, value) in enumerate(levels)
    ]  # fmt: skip
    figure_.legend(
        handles=handles, loc="outside lower center", ncols=min(4, len(handles)), frameon=False,
        fontsize=9,
    )  # fmt: skip


def in_words(board: Board, kinds: Sequence[str], by: str) -> str:
    """The picture in words."""
    told = [f"Line charts of the {board.measure.title} on train and on dev {by}."]
    for kind in kinds:
        entry = next((one for one in board.entries if one.kind == kind), None)
        if entry is not None and (value := entry.figure("dev")) is not None:
            told.append(f"{kind} ends at {figure(value, board.measure.digits)} on dev.")
    return " ".join(told)
