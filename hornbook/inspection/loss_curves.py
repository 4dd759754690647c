"""The curves of a training: train and dev by step, with what guessing and the baselines reach."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hornbook.monitoring.history import Ignorance
from hornbook.plots.colours import BLUE, GREEN, SKY, VERMILION
from hornbook.plots.panels import canvas, legend
from hornbook.rendering import figure
from hornbook.reports.section import Section
from hornbook.tasks import Baseline
from hornbook.training.measures import LOSS, Evaluation, Measure
from hornbook.training.record import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curves_of", "fit_height", "loss_curves"]

Points = Sequence[tuple[int, float]]
GREY, STYLES = "#888888", ("--", ":", "-.")
START = 0.05  # of the steps: what is higher only there may lie above the chart
ROOM = 0.06  # of the height of the chart, above and below what is drawn


def curves_of(metrics: Sequence[Record], measure: Measure) -> dict[str, list[tuple[int, float]]]:
    """Steps and values of a measure on train and dev, each where it was measured."""
    found: dict[str, list[tuple[int, float]]] = {"train": [], "dev": []}
    for one in metrics:
        held = Evaluation(one.losses, one.measures)
        for split, points in found.items():
            if (value := held.figure(measure, split)) is not None:
                points.append((one.step, value))
    return {split: points for split, points in found.items() if points}


def loss_curves(
    metrics: Sequence[Record],
    kept: int | None,
    measure: Measure,
    ignorance: Ignorance,
    baselines: Sequence[Baseline] = (),
    batches: Points = (),
) -> Section:
    """The deciding measure on train and dev by step, of any run, watched or not.

    Args:
        metrics: the evaluations.
        kept: step whose weights were kept; None if none were yet.
        measure: that decides.
        ignorance: the loss of a uniform guess, drawn if the measure is the loss.
        baselines: each drawn as a line at what it reaches on dev.
        batches: steps and losses of single batches, of a run that was watched.
    """
    of_loss = measure.name == LOSS.name
    found = curves_of(metrics, measure)
    levels = {
        f"{one.name}, dev {figure(one.reached['dev'], measure.digits)}": one.reached["dev"]
        for one in baselines
        if math.isfinite(one.reached.get("dev", math.nan))
    }
    drawn, (axes,) = canvas(1)
    if of_loss and math.isfinite(ignorance.loss):
        name = f"a uniform guess, {figure(ignorance.loss, measure.digits)}"
        axes.axhline(ignorance.loss, color=GREY, ls=STYLES[1], lw=1.3, label=name)
    for place, (name, height) in enumerate(levels.items()):
        style = STYLES[place % len(STYLES)]
        axes.axhline(height, color=VERMILION, ls=style, lw=1.5, label=name)
    if of_loss and batches:
        axes.plot(*zip(*batches, strict=True), ".", ms=3, color="#999999", label="one batch")
    draw_splits(axes, found, kept)
    shown = [*found.values(), batches] if of_loss else []
    above = fit_height(axes, shown, [*levels.values(), ignorance.loss])
    axes.set_xlabel("step")
    axes.set_ylabel(", ".join(dict.fromkeys(filter(None, (measure.title, measure.unit)))))
    legend(axes)
    return Section(
        "Loss" if of_loss else "Training",
        explained(measure, compared=bool(levels)) + above,
        drawn,
        alt=in_words(found, kept, measure, list(levels)),
    )


def draw_splits(axes: Axes, found: Mapping[str, Points], kept: int | None) -> None:
    """A line for each split, and a circle around the point whose weights were kept."""
    colours = {"train": SKY, "dev": BLUE}
    for split, points in found.items():
        axes.plot(*zip(*points, strict=True), "-o", ms=3, color=colours[split], label=split)
    deciding = found.get("dev") or found.get("train") or ()
    for step, value in deciding:
        if step == kept:
            axes.plot(
                [step], [value], "o", ms=10, mfc="none", mew=1.6, color=GREEN,
                label=f"kept, step {step:,}",
            )  # fmt: skip


def fit_height(
    axes: Axes, lines: Sequence[Sequence[tuple[float, float]]], levels: Sequence[float]
) -> str:
    """Show what comes after the start in full, and say where the start lies if that is above.

    A net that is confident and wrong begins at ten times the loss that it ends with, and all that
    it learns would be a flat line.
    """
    points = [(step, value) for line in lines for step, value in line if math.isfinite(value)]
    if not points:
        return ""
    last = max(step for step, _ in points)
    later = [value for step, value in points if step >= START * last]
    later += filter(math.isfinite, levels)
    low, top, highest = min(later), max(later), max(value for _, value in points)
    room = ROOM * ((top - low) or abs(top) or 1.0)
    if highest <= top + 4 * room:
        return ""
    axes.set_ylim(low - room, top + 4 * room)
    return f" The start is above the chart: up to {highest:.3g}."


def explained(measure: Measure, *, compared: bool) -> str:
    """How to read the curves."""
    way = "lower" if measure.best == "lowest" else "higher"
    told = (
        f"How well the model does on train, the data it learns from, and on dev, data it does not "
        f"learn from: {way} is better. Where dev becomes worse while train still improves, it "
        "overfits. The circle marks the weights that were kept."
    )
    if compared:
        told += " The dashed line is the baseline that it has to beat."
    return told


def in_words(
    found: Mapping[str, Points], kept: int | None, measure: Measure, levels: Sequence[str]
) -> str:
    """The chart in words."""
    told = [f"Line chart of the {measure.title} by step."]
    for split, points in found.items():
        (first, begins), (last, ends) = points[0], points[-1]
        told.append(
            f"{split} goes from {figure(begins, measure.digits)} at step {first:,} to "
            f"{figure(ends, measure.digits)} at step {last:,}."
        )
    if kept is not None:
        told.append(f"The weights of step {kept:,} were kept.")
    if levels:
        told.append(f"Drawn as lines for comparison: {'; '.join(levels)}.")
    return " ".join(told)
