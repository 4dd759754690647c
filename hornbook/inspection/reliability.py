"""Whether probabilities of classes mean what they say: a reliability diagram (any task's)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.inspection.digits import percent, rounded
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import WIDTH
from hornbook.rendering import clip, many
from hornbook.statistics import ratio_interval, wilson
from hornbook.tasks.scores import ClassScores, blocks_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Bin", "bins_of", "draw_reliability", "write_reliability"]

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Rows whose probability lies between two tenths."""

    low: float
    high: float
    rows: int
    mean: float
    "Probability that was predicted, on average."
    share: float
    "How often it came true."
    interval: tuple[float, float] | None
    """Where that share lies with 95 % confidence. Over groups it is at least as wide as over rows;
    None where all rows are of one group."""


def interval_of(
    true: npt.NDArray[np.bool_], groups: npt.NDArray[np.int32] | None
) -> tuple[float, float] | None:
    """The interval of how often something came true, over groups where there are any."""
    low, high = wilson(len(true), float(true.mean()))
    if groups is None:
        return low, high
    blocks = blocks_of(len(true), groups)
    over = ratio_interval(np.bincount(blocks, true), np.bincount(blocks), most=1)
    return None if over is None else (min(low, over.low), max(high, over.high))


def bins_of(
    sure: npt.NDArray[np.float64],
    true: npt.NDArray[np.bool_],
    n: int = BINS,
    groups: npt.NDArray[np.int32] | None = None,
) -> list[Bin]:
    """The bins that have rows.

    Args:
        sure: probabilities, shape (rows,).
        true: whether it came true, shape (rows,).
        n: how many bins of equal width there are.
        groups: of each row, None where rows are independent; shape (rows,).
    """
    places = np.minimum((sure * n).astype(np.int64), n - 1)
    found = []
    for place in range(n):
        mine = places == place
        if mine.any():
            interval = interval_of(true[mine], None if groups is None else groups[mine])
            found.append(Bin(place / n, (place + 1) / n, int(mine.sum()), float(sure[mine].mean()),
                             float(true[mine].mean()), interval))  # fmt: skip
    return found


def calibrated(scores: ClassScores, labels: Sequence[str]) -> tuple[list[Bin], str]:
    """The bins, and what the probability is of: the second of two classes, or the likeliest."""
    if len(labels) == 2:
        second, true = scores.probabilities[:, 1], scores.target == 1
        return bins_of(second, true, groups=scores.groups), clip(labels[1], 40)
    found = bins_of(scores.probabilities.max(1), scores.right, groups=scores.groups)
    return found, "the most likely class"


def write_reliability(
    scores: ClassScores, labels: Sequence[str], told: str, one: str = "row"
) -> str:
    """A line for each bin in which what came true is not what was predicted.

    Args:
        scores: of the predictions.
        labels: of the classes.
        told: what the predictions are of, for people.
        one: what one of them is called.
    """
    bins, what = calibrated(scores, labels)
    error = f"calibration error {rounded(scores.calibration_error)}"
    lines = [f"Probability of {what}, {told}; {error}:"]
    known = [(bin_, bin_.interval) for bin_ in bins if bin_.interval is not None]
    off = [(bin_, ends) for bin_, ends in known if not ends[0] <= bin_.mean <= ends[1]]
    lines += [
        f"  predicted {percent(bin_.mean)} on average, came true {percent(bin_.share)} "
        f"(95 % interval {percent(ends[0])} to {percent(ends[1])}), {many(bin_.rows, one)}"
        for bin_, ends in off
    ]
    if known:
        right = f"{len(known) - len(off)} of {many(len(known), 'band')}"
        lines.append(f"  came true as often as predicted, within chance: {right}")
    else:
        lines.append("  all rows are of one group, so it is not known what is chance")
    return "\n".join(lines)


@drawing()
def draw_reliability(
    scores: ClassScores, labels: Sequence[str], told: str, several: str = "rows"
) -> Figure:
    """How often it came true over what was predicted, and how many rows there are of each.

    Args:
        scores: of the predictions.
        labels: of the classes.
        told: what the predictions are of, for people.
        several: what they are called, in the plural.
    """
    from matplotlib.figure import Figure

    bins, what = calibrated(scores, labels)
    figure = Figure(figsize=(WIDTH, 6.2), dpi=100, layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
    top.plot([0, 1], [0, 1], "--", color="#777777", linewidth=1, label="as often as predicted")
    shares = np.array([one.share for one in bins])
    ends = np.array([one.interval or (one.share, one.share) for one in bins])
    top.errorbar(
        [one.mean for one in bins], shares, yerr=np.abs(ends.T - shares), fmt="o-", color=BLUE,
        markersize=5, linewidth=1.2, capsize=2, label="came true, with its 95 % interval",
    )  # fmt: skip
    top.set_ylabel(f"share of {several} where it came true")
    top.set_ylim(-0.03, 1.03)
    top.legend(fontsize=8, frameon=False, loc="upper left")
    error = f"calibration error {scores.calibration_error:.4f}"
    top.set_title(f"{told}; {error}", fontsize=9, loc="left", x=0)
    below.bar([(one.low + one.high) / 2 for one in bins], [one.rows for one in bins],
              width=0.9 / BINS, color=VERMILION, alpha=0.5)  # fmt: skip
    for one in bins:
        below.annotate(
            f"{one.rows:,}", ((one.low + one.high) / 2, one.rows), ha="center", va="bottom",
            fontsize=7,
        )  # fmt: skip
    below.set_ylabel(several)
    below.margins(y=0.25)
    below.set_xlabel(f"predicted probability of {what}")
    below.set_xlim(-0.03, 1.03)
    for axes in (top, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return figure
