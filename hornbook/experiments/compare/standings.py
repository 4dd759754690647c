"""The boards in one picture: a dot with its interval for each kind of model."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.experiments.compare.board import Board, BoardEntry
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import WIDTH
from hornbook.rendering import figure
from hornbook.reports import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["standings_section"]

ROW, AROUND = 0.24, 1.05  # inches: of a line, and of title and axis of a panel
ROOM = 0.05  # of what is shown, beside it
REACH = 1.5  # usual lengths of a line, beyond all figures: of two seeds one can be far longer
APART = 0.13  # of a row, by which dev stands above and test below the middle


@drawing()
def standings_section(boards: Sequence[Board]) -> Section | None:
    """A panel for each data set, the best on dev on top; None if there is nothing on any board.

    Args:
        boards: one for each data set; panels of the same measure have one unit, not one scale.
    """
    shown = [board for board in boards if board.entries]
    if not shown:
        return None
    from matplotlib.figure import Figure

    heights = [AROUND + ROW * len(board.entries) for board in shown]
    made = Figure(figsize=(WIDTH, sum(heights)), dpi=160, layout="constrained")
    grid = made.subplots(len(shown), 1, squeeze=False, height_ratios=heights)[:, 0]
    for board, axes in zip(shown, grid, strict=True):
        draw(board, axes)
    splits = " and ".join(dict.fromkeys(split for board in shown for split in board.splits))
    return Section(
        "All models",
        f"What each model reaches on {splits}, with intervals of 95 %: where the figure of such a "
        "model would lie with other examples and, where there are several, other seeds; of two "
        "seeds that are far apart, a line from one to the other. A line that ends in an arrow "
        "goes on. The tables tell whether a model is ahead of another: intervals may overlap "
        "where it is sure.",
        made,
        alt=in_words(shown),
    )


@dataclass(frozen=True)
class Drawn:
    """A dot and the line through it."""

    at: float
    colour: str
    value: float
    low: float
    high: float


def draw(board: Board, axes: Axes) -> None:
    """The lines of a board as dots, the first on top."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)
    drawn: list[Drawn] = []
    for split, colour in zip(board.splits, (VERMILION, BLUE), strict=False):
        shift = 0.0 if len(board.splits) == 1 else (APART if split == "test" else -APART)
        named = False
        for place, entry in enumerate(board.entries):
            value = entry.figure(split)
            if value is None:
                continue
            at = place + shift
            line = ends(entry, split, value)
            drawn.append(Drawn(at, colour, value, *line))
            axes.plot(line, (at, at), color=colour, lw=1.2)
            axes.plot([value], [at], "o", color=colour, ms=3.5, label=None if named else split)
            named = True
    axes.set_yticks(range(len(board.entries)), [one.kind for one in board.entries], fontsize=8)
    axes.set_ylim(len(board.entries) - 0.4, -0.6)
    low, high = shown_range(drawn)
    axes.set_xlim(low, high)
    for one in drawn:  # a line that goes on beyond the panel ends in an arrow
        if one.low < low:
            axes.plot([low], [one.at], "<", color=one.colour, ms=4, clip_on=False)
        if one.high > high:
            axes.plot([high], [one.at], ">", color=one.colour, ms=4, clip_on=False)
    axes.set_title(board.data, fontsize=10)
    axes.set_xlabel(board.measure.unit or board.measure.title, fontsize=9)
    if len(board.splits) > 1:
        axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def shown_range(drawn: Sequence[Drawn]) -> tuple[float, float]:
    """From where to where a panel goes: all dots, and all lines but for the ends of very long ones.

    Args:
        drawn: at least one.
    """
    values = [one.value for one in drawn]
    reach = REACH * statistics.median(one.high - one.low for one in drawn)
    low = min(min(values), max(min(one.low for one in drawn), min(values) - reach))
    high = max(max(values), min(max(one.high for one in drawn), max(values) + reach))
    room = ROOM * (high - low) or 1.0
    return low - room, high + room


def ends(one: BoardEntry, split: str, value: float) -> tuple[float, float]:
    """From where to where the line through a dot goes."""
    if one.too_few(split):
        known = [figure for run in one.runs if (figure := run.figure(split)) is not None]
        return min(known), max(known)
    interval = one.interval(split)
    return (value, value) if interval is None else (interval.low, interval.high)


def in_words(boards: Sequence[Board]) -> str:
    """The picture in words."""
    told = []
    for board in boards:
        told.append(f"On {board.data}, {board.measure.title} on {board.split}:")
        digits = board.measure.digits
        told += [
            f"{one.kind} {figure(value, digits)}."
            for one in board.entries
            if (value := one.figure(board.split)) is not None
        ]
    return " ".join(told)
