"""The curves of two runs in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.inspection.loss_curves import curves_of, fit_height
from hornbook.plots.colours import BLUE, VERMILION
from hornbook.plots.panels import canvas, legend
from hornbook.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["two_curves"]

NAMED = 24  # characters of a run's name: two of them stand side by side


def two_curves(first: Run, second: Run) -> Figure:
    """The deciding measure of two runs by step: dev as a line, train dashed, a colour for each run.

    Args:
        first: with a training.
        second: another, with the same measure.
    """
    measure = first.task.decides
    drawn, (axes,) = canvas(1)
    shown = []
    for run, name, colour in zip(
        (first, second), short_names(first, second), (BLUE, VERMILION), strict=True
    ):
        for split, points in curves_of(run.directory.read_metrics(), measure).items():
            style = "--" if split == "train" else "-"
            axes.plot(
                *zip(*points, strict=True), style, lw=1.6, color=colour, label=f"{name}, {split}"
            )
            shown.append(points)
    fit_height(axes, shown, [])
    axes.set_xlabel("step")
    axes.set_ylabel(", ".join(dict.fromkeys(filter(None, (measure.title, measure.unit)))))
    legend(axes)
    return drawn


def short_names(first: Run, second: Run) -> list[str]:
    """What two runs are called in a legend: the ends of their paths, where these differ."""
    paths = [str(run.path) for run in (first, second)]
    if first.path.name != second.path.name:
        paths = [run.path.name for run in (first, second)]
    short = [path if len(path) <= NAMED else f"…{path[1 - NAMED :]}" for path in paths]
    return short if short[0] != short[1] else [f"{short[0]} (1)", f"{short[1]} (2)"]
