"""Figures of a training run that was watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from hornbook.monitoring.history import History, ratios
from hornbook.monitoring.record import Histogram, LayerFigures, UpdateRecord, label
from hornbook.plots.colours import BLUE, GREEN, ORANGE, VERMILION
from hornbook.plots.panels import (
    canvas,
    legend,
    level,
    logarithmic,
    named,
    shades,
    write_across,
)
from hornbook.plots.spreads import Spread, draw_spreads
from hornbook.reports.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES", "STILL"]

What = Literal["outputs", "gradients", "matrices"]  # whose histograms
Figured = Callable[[LayerFigures], float | None]


def activations(history: History) -> Iterator[Section]:
    """Histograms of the layers' outputs, at the first and the last recorded update."""
    yield from spreads(
        history,
        "Activations",
        "outputs",
        "Outputs of {layers}, on one training batch at the start and on one at the end. Tanh "
        "outputs that pile up at ±1 are saturated."
        + (
            " If the spread shrinks or grows from layer to layer, change `gain`."
            if "gain" in (history.settings or ())
            else ""
        ),
    )


def gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients with respect to the layers' outputs."""
    yield from spreads(
        history,
        "Gradients of the activations",
        "gradients",
        "Gradient of the loss with respect to the outputs of {layers}. The spread should be "
        "similar from the first layer to the last; it should neither shrink to a spike nor grow.",
    )


def matrix_gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients of the weight matrices."""
    names = [one.name for one in history.first.parameters if one.is_matrix]
    if names:
        yield Section(
            "Gradients of the matrices",
            "Gradient of the loss with respect to each weight matrix. A matrix with a much wider "
            "spread than the others (often the output layer) learns faster than they do.",
            histograms(history, "matrices", names),
        )


def spreads(history: History, title: str, what: What, told: str) -> Iterator[Section]:
    """Histograms of the nonlinearities, or of all layers if there are none.

    Args:
        history: of the training.
        title: of the section.
        what: whose histograms.
        told: how to read them; `{layers}` stands for the layers that are shown.
    """
    shown = [one for one in history.first.layers if one.kind not in ("Flatten", "Embedding")]
    flat = [one for one in shown if one.flat is not None]
    names = [one.name for one in (flat or shown)]
    layers = "the nonlinearities" if flat else "each layer"
    yield Section(title, told.format(layers=layers), histograms(history, what, names))


def histograms(history: History, what: What, names: Sequence[str]) -> Figure:
    """One line per layer or matrix, at the first record and at the last."""
    figure, panels = canvas(2)
    found = []
    for axes, record in zip(panels, (first_with(history, what, names), history.last), strict=True):
        chosen = [one for one in titled(record, what) if one[0] in names]
        lines = [
            Spread(title if said else None, colour, histogram)
            for (_, title, histogram), colour, said in zip(
                chosen, shades(len(chosen)), named(len(chosen)), strict=True
            )
        ]
        found.append((axes, [line for line in lines if len(line.histogram.counts) > 1]))
        axes.set_title(f"update {record.step:,}", fontsize=10)
        if not found[-1][1]:
            write_across(axes, empty([histogram for _, _, histogram in chosen]))
    draw_spreads(found, len(names))
    return figure


def empty(given: Sequence[Histogram]) -> str:
    """Why histograms have no line to draw: all values of each are equal, or none is finite."""
    if not any(one.counts for one in given):
        return "no finite values" if given else "not recorded"
    same = all(not one.counts or one.low == 0 == one.high for one in given)
    return "all zero" if same else "all values of a layer are equal"


def titled(record: UpdateRecord, what: What) -> Iterator[tuple[str, str, Histogram]]:
    """Name, display title and histogram of each layer or matrix that has one."""
    if what == "matrices":
        for parameter in record.parameters:
            if parameter.grad_histogram is not None:
                yield parameter.name, label(parameter.name), parameter.grad_histogram
        return
    for layer in record.layers:
        if what == "outputs":
            flat = "" if layer.flat is None else f", {layer.flat:.0%} saturated"
            yield layer.name, f"{layer.title}{flat}", layer.output.histogram
        elif layer.gradient is not None:
            yield layer.name, layer.title, layer.gradient.histogram


def first_with(history: History, what: What, names: Sequence[str]) -> UpdateRecord:
    """The first record with a histogram: zero-initialised weights can block gradients at first."""
    for record in history.records:
        shown = (histogram for name, _, histogram in titled(record, what) if name in names)
        if any(len(histogram.counts) > 1 for histogram in shown):
            return record
    return history.first


def paces(history: History) -> Iterator[Section]:
    """The ratio of update size to weight size, for each matrix."""
    figure, (axes,) = canvas(1)
    found: dict[str, list[tuple[int, float]]] = {}
    for record in history.records:
        for name, share in ratios(record):
            if math.isfinite(share):
                found.setdefault(name, []).append((record.step, share))
    for (name, points), colour, said in zip(
        found.items(), shades(len(found)), named(len(found)), strict=True
    ):
        axes.plot(
            *zip(*points, strict=True), color=colour, lw=1.1, label=label(name) if said else None
        )
    level(axes, -3, "−3, as in the lecture", VERMILION)
    axes.set_xlabel("update")
    axes.set_ylabel("log₁₀ (update / weights)")
    legend(axes, len(found))
    yield Section(
        "Updates against weights",
        "Size of each update relative to the weights. For SGD about −3 is good; for Adam, whose "
        "updates are about as large as the learning rate, about −2 at the highest learning rate. "
        "Below −4 almost nothing is learned; above −0.5 training is unstable. A matrix that was "
        "initialised to zero is far above at first, because its weights are still tiny.",
        figure,
    )


def weight_gradients(history: History) -> Iterator[Section]:
    """The ratio of gradient size to weight size, for each matrix."""
    chosen = [one.name for one in history.last.parameters if one.is_matrix and one.size > 0]
    if not chosen:
        return  # all weights are zero: there is nothing to compare with
    figure, (axes,) = canvas(1, height=1.3 + 0.24 * len(chosen))
    for record, colour, mark in ((history.first, ORANGE, "o"), (history.last, BLUE, "s")):
        sizes = {one.name: one for one in record.parameters}
        at, values = [], []
        for place, name in enumerate(chosen):
            own = sizes.get(name)
            if own is not None and own.size > 0 and own.grad_size > 0:
                at.append(place)
                values.append(math.log10(own.grad_size / own.size))
        axes.plot(values, at, mark, color=colour, ms=5, label=f"update {record.step:,}")
    axes.set_yticks(range(len(chosen)), [label(name) for name in chosen], fontsize=9)
    axes.set_ylim(len(chosen) - 0.5, -0.5)  # the first above
    axes.set_xlabel("log₁₀ (gradient / weights)")
    handles, names = axes.get_legend_handles_labels()
    if names:
        axes.legend(
            handles, names, fontsize=9, frameon=False, ncols=2, loc="lower right",
            bbox_to_anchor=(1, 1),
        )  # fmt: skip
    yield Section(
        "Gradients against weights",
        "Size of each matrix's gradient relative to its weights. A matrix far above the others "
        "(often the output layer) learns faster than they do.",
        figure,
    )


def flat_shares(history: History) -> Iterator[Section]:
    """Saturated outputs and dead units over time."""
    from matplotlib.ticker import PercentFormatter

    names = [one.name for one in history.first.layers if one.flat is not None]
    if not names:
        return
    figure, panels = canvas(2)
    told: tuple[tuple[Figured, str], ...] = (
        (lambda one: one.flat, "share of saturated outputs"),
        (lambda one: one.idle, "share of dead units"),
    )
    for axes, (figured, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, figured)
        top = max(0.1, 1.05 * axes.get_ylim()[1])
        axes.set_ylim(-0.03 * top, top)  # so that a line at zero does not lie under the axis
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
        axes.set_ylabel(title)
    yield Section(
        "Saturated outputs, dead units",
        "Above: outputs that pass almost no gradient: tanh beyond ±0.97, ReLU at zero (about half "
        "is normal for ReLU). Below: units that are saturated for every row of the batch; they no "
        "longer learn.",
        figure,
    )


def norms(history: History) -> Iterator[Section]:
    """The gradient's norm and the learning rate over time."""
    figure, (above, below) = canvas(2, height=2.6)
    steps = [record.step for record in history.records]
    above.plot(steps, [record.norm for record in history.records], color=BLUE, lw=1.2)
    logarithmic(above)
    if history.clip:
        level(above, history.clip, f"clipped at {history.clip:g}", VERMILION)
    above.set_xlabel("update")
    above.set_ylabel("gradient norm")
    legend(above)
    below.plot(steps, [record.rate for record in history.records], color=GREEN, lw=1.2)
    below.set_ylim(bottom=0)
    below.set_xlabel("update")
    below.set_ylabel("learning rate")
    yield Section(
        "Gradient norm, learning rate",
        "Spikes are batches with unusually large gradients. The dashed line, if any, is the "
        "clipping threshold: a norm that is always above it means that clipping scales down every "
        "update, like a lower learning rate.",
        figure,
    )


def running_statistics(history: History) -> Iterator[Section]:
    """The distance between BatchNorm's running statistics and the batch's."""
    names = [
        one.name for one in history.first.layers if one.running and one.running.mean is not None
    ]
    if not names:
        return
    figure, panels = canvas(2)
    told: tuple[tuple[Figured, str], ...] = (
        (
            lambda one: one.running.mean if one.running else None,
            "difference of means (in std)",
        ),
        (
            lambda one: one.running.std if one.running else None,
            "std: batch / running",
        ),
    )
    for axes, (figured, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, figured)
        axes.set_ylabel(title)
    yield Section(
        "BatchNorm: running and batch statistics",
        "At inference BatchNorm uses its running statistics, so they should approach the batch's: "
        "the difference of means near 0 and the ratio of standard deviations near 1, apart from "
        "the noise of a small batch.",
        figure,
    )


PICTURES: tuple[Callable[[History], Iterator[Section]], ...] = (
    activations,
    flat_shares,
    gradients,
    matrix_gradients,
    weight_gradients,
    paces,
    norms,
    running_statistics,
)


STILL = (activations, gradients, matrix_gradients, weight_gradients)
"Those that a single record has: an untrained net's, or that of a single update."


def over_time(axes: Axes, history: History, names: Sequence[str], figured: Figured) -> None:
    """Plot a figure of some layers over time, one line per layer."""
    titles = {one.name: one.title for one in history.first.layers}
    for name, colour, said in zip(names, shades(len(names)), named(len(names)), strict=True):
        steps, values = [], []
        for record in history.records:
            for one in record.layers:
                if one.name == name and (value := figured(one)) is not None:
                    steps.append(record.step)
                    values.append(value)
        axes.plot(steps, values, color=colour, lw=1.2, label=titles[name] if said else None)
    axes.set_xlabel("update")
    legend(axes, len(names))
