"""Pictures of a training that was watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from hornbook.monitoring.history import History, ratios
from hornbook.monitoring.record import Histogram, LayerFigures, UpdateRecord, label
from hornbook.plots.colours import BLUE, GREEN, ORANGE, SKY, VERMILION
from hornbook.plots.panels import canvas, legend, level, logarithmic, named, shades
from hornbook.reports.section import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES"]

What = Literal["outputs", "gradients", "matrices"]  # whose histograms
Figured = Callable[[LayerFigures], float | None]


def losses(history: History) -> Iterator[Section]:
    """The losses on train and dev against what knowing nothing costs."""
    figure, (axes,) = canvas(1)
    steps, batches = zip(*((record.step, record.loss) for record in history.records), strict=True)
    axes.plot(steps, batches, ".", ms=3, color="#999999", label="one batch")
    for split, colour in (("train", SKY), ("dev", BLUE)):
        found = [(one.step, one.losses[split]) for one in history.metrics if split in one.losses]
        if found:
            axes.plot(*zip(*found, strict=True), "-o", ms=3, color=colour, label=split)
    level(axes, history.ignorance.loss, history.ignorance.words, VERMILION)
    axes.set_xlabel("update")
    axes.set_ylabel(f"loss, {history.unit}" if history.unit else "loss")
    axes.legend(fontsize=8, frameon=False)
    yield Section(
        "Loss",
        "The first loss should lie near the dashed line: a net that knows nothing yet should be "
        "sure of nothing. Train and dev that part company tell of learning by heart.",
        figure,
    )


def activations(history: History) -> Iterator[Section]:
    """Histograms of what the layers give, at the first update and at the last that was watched."""
    yield from spreads(
        history,
        "Activations",
        "outputs",
        "What each layer gives, at the start and at the end. Tanh that piles up at ±1 is "
        "saturated; widths that shrink or grow from layer to layer ask for another gain.",
    )


def gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients of what the layers give."""
    yield from spreads(
        history,
        "Gradients of the activations",
        "gradients",
        "What the loss asks of each layer's output. The widths should be alike from the first "
        "layer to the last, not shrink to a spike or grow.",
    )


def matrix_gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients of the matrices."""
    names = [one.name for one in history.first.parameters if one.is_matrix]
    if names:
        yield Section(
            "Gradients of the matrices",
            "What the loss asks of each matrix. One far wider than the others, often the output "
            "layer's, learns faster than they do.",
            histograms(history, "matrices", names),
        )


def spreads(history: History, title: str, what: What, told: str) -> Iterator[Section]:
    """Histograms of the nonlinearities, or, where there are none, of all layers."""
    shown = [one for one in history.first.layers if one.kind not in ("Flatten", "Embedding")]
    flat = [one for one in shown if one.flat is not None]
    names = [one.name for one in (flat or shown)]
    # Half of a ReLU's outputs are zero, a spike that would flatten all else.
    spiked = what == "outputs" and any(one.kind.endswith("ReLU") for one in shown)
    yield Section(title, told, histograms(history, what, names, spiked=spiked))


def histograms(
    history: History, what: What, names: Sequence[str], *, spiked: bool = False
) -> Figure:
    """One line for each of some layers or matrices, at the first record and at the last."""
    figure, panels = canvas(2)
    for axes, record in zip(panels, (first_with(history, what), history.last), strict=True):
        chosen = [one for one in titled(record, what) if one[0] in names]
        for (_, title, histogram), colour, said in zip(
            chosen, shades(len(chosen)), named(len(chosen)), strict=True
        ):
            counts = np.array(histogram.counts)
            if len(counts) < 2:
                continue
            edges = np.linspace(histogram.low, histogram.high, len(counts) + 1)
            density = counts / counts.sum() / (edges[1] - edges[0])
            middles = (edges[1:] + edges[:-1]) / 2
            axes.plot(middles, density, color=colour, lw=1.2, label=title if said else None)
        axes.set_title(f"update {record.step:,}", fontsize=10)
        axes.set_xlabel("value")
        axes.set_ylabel("density")
        axes.locator_params(axis="x", nbins=6)
        if spiked:
            logarithmic(axes)
        elif what != "outputs":
            axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 2))
        legend(axes)
    return figure


def titled(record: UpdateRecord, what: What) -> Iterator[tuple[str, str, Histogram]]:
    """Of each layer or matrix that has one: its name, a title for people, and its histogram."""
    if what == "matrices":
        for parameter in record.parameters:
            if parameter.grad_histogram is not None:
                yield parameter.name, label(parameter.name), parameter.grad_histogram
        return
    for layer in record.layers:
        if what == "outputs":
            flat = "" if layer.flat is None else f", {layer.flat:.0%} flat"
            yield layer.name, f"{layer.title}{flat}", layer.output.histogram
        elif layer.gradient is not None:
            yield layer.name, layer.title, layer.gradient.histogram


def first_with(history: History, what: What) -> UpdateRecord:
    """The first record with a histogram to show: what starts at zero gets no gradient at first."""
    for record in history.records:
        if any(len(histogram.counts) > 1 for _, _, histogram in titled(record, what)):
            return record
    return history.first


def paces(history: History) -> Iterator[Section]:
    """How large a share of each matrix an update changes."""
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
    level(axes, -3, "the lecture's −3", VERMILION)
    axes.set_xlabel("update")
    axes.set_ylabel("log₁₀ (update / matrix)")
    legend(axes)
    yield Section(
        "Updates against weights",
        "About −3 is a good pace for SGD; Adam, whose updates are as large as the rate, stands "
        "near −2 at its highest rate. Below −4 next to nothing is learned, above −0.5 the weights "
        "are thrown about. A matrix that began at zero stands far above at first: it has no size "
        "of its own yet.",
        figure,
    )


def weight_gradients(history: History) -> Iterator[Section]:
    """Gradients of the matrices against their own size."""
    figure, (axes,) = canvas(1)
    chosen = [one.name for one in history.last.parameters if one.is_matrix and one.size > 0]
    for record, colour, mark in ((history.first, ORANGE, "o"), (history.last, BLUE, "s")):
        sizes = {one.name: one for one in record.parameters}
        at, values = [], []
        for place, name in enumerate(chosen):
            own = sizes.get(name)
            if own is not None and own.size > 0 and own.grad_size > 0:
                at.append(place)
                values.append(math.log10(own.grad_size / own.size))
        axes.plot(at, values, mark, color=colour, ms=5, label=f"update {record.step:,}")
    names = [label(name) for name in chosen]
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=7)
    axes.set_ylabel("log₁₀ (gradient / data)")
    axes.legend(fontsize=8, frameon=False)
    yield Section(
        "Gradients against weights",
        "The size of each matrix's gradient as a share of the matrix. One far above the others, "
        "often the output layer's, learns faster than they do.",
        figure,
    )


def flat_shares(history: History) -> Iterator[Section]:
    """Saturated outputs and dead units over time."""
    names = [one.name for one in history.first.layers if one.flat is not None]
    if not names:
        return
    figure, panels = canvas(2)
    told: tuple[tuple[Figured, str], ...] = (
        (lambda one: one.flat, "share of flat outputs"),
        (lambda one: one.idle, "share of units that are never on"),
    )
    for axes, (figured, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, figured)
        axes.set_ylim(-0.02, 1.02)
        axes.set_ylabel(title)
    yield Section(
        "Flat outputs, dead units",
        "Left: outputs that pass no gradient on: of tanh beyond ±0.97, of ReLU zero (about half is "
        "its nature). Right: units that pass none on for any row; they are lost.",
        figure,
    )


def norms(history: History) -> Iterator[Section]:
    """The gradient's norm and the learning rate over time."""
    figure, (left, right) = canvas(2)
    steps = [record.step for record in history.records]
    left.plot(steps, [record.norm for record in history.records], color=BLUE, lw=1.2)
    logarithmic(left)
    if history.clip:
        level(left, history.clip, f"shortened to {history.clip:g}", VERMILION)
    left.set_xlabel("update")
    left.set_ylabel("norm of the gradient")
    right.plot(steps, [record.rate for record in history.records], color=GREEN, lw=1.2)
    right.set_xlabel("update")
    right.set_ylabel("learning rate")
    yield Section(
        "Norm of the gradient, learning rate",
        "Spikes tell of batches that throw the net about; a norm that stands above the dashed line "
        "all the time makes of clipping another learning rate.",
        figure,
    )


def running_statistics(history: History) -> Iterator[Section]:
    """How far BatchNorm's running statistics are from the batch's."""
    names = [
        one.name for one in history.first.layers if one.running and one.running.mean is not None
    ]
    if not names:
        return
    figure, panels = canvas(2)
    told: tuple[tuple[Figured, str], ...] = (
        (lambda one: one.running.mean if one.running else None, "means: apart, in deviations"),
        (lambda one: one.running.std if one.running else None, "deviations: batch / running"),
    )
    for axes, (figured, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, figured)
        axes.set_ylabel(title)
    yield Section(
        "BatchNorm: running against batch statistics",
        "In use the running ones are taken. They should come near the batch's: differences of "
        "means near zero, deviations near one, but for the noise of a small batch.",
        figure,
    )


PICTURES: tuple[Callable[[History], Iterator[Section]], ...] = (
    losses,
    activations,
    flat_shares,
    gradients,
    matrix_gradients,
    weight_gradients,
    paces,
    norms,
    running_statistics,
)


def over_time(axes: Axes, history: History, names: Sequence[str], figured: Figured) -> None:
    """A figure of some layers, record by record: one line for each."""
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
    legend(axes)
