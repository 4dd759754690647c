"""Pictures of a training that was watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING, Any

import numpy as np

from hornbook.monitoring.history import History, number
from hornbook.monitoring.probe import label
from hornbook.reports.page import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES"]

# Okabe and Ito's colours, told apart by everyone.
BLUE, ORANGE, GREEN, RED, SKY, PINK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
)  # fmt: skip
NAMED = 8  # lines with a name of their own in a legend; of more, the first and the last few


def losses(history: History) -> Iterator[Section]:
    """The losses on train and dev against guessing evenly."""
    figure, (axes,) = canvas(1)
    steps = [record["step"] for record in history.records]
    axes.plot(
        steps, [number(record["loss"]) for record in history.records], ".", ms=3, color="#999999",
        label="one batch",
    )  # fmt: skip
    for split, colour in (("train", SKY), ("dev", BLUE)):
        found = [
            (one["step"], one["losses"][split]) for one in history.metrics if split in one["losses"]
        ]
        if found:
            axes.plot(*zip(*found, strict=True), "-o", ms=3, color=colour, label=split)
    axes.axhline(history.even, color=RED, ls="--", lw=1)
    axes.annotate(
        f"guessing evenly: ln {history.vocab_size} = {history.even:.2f}", (1, history.even),
        xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8, color=RED,
    )  # fmt: skip
    axes.set_xlabel("update")
    axes.set_ylabel("loss, nats a symbol")
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
        "histogram",
        "What each layer gives, at the start and at the end. Tanh that piles up at ±1 is "
        "saturated; widths that shrink or grow from layer to layer ask for another gain.",
    )


def gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients of what the layers give."""
    yield from spreads(
        history,
        "Gradients of the activations",
        "grad_histogram",
        "What the loss asks of each layer's output. The widths should be alike from the first "
        "layer to the last, not shrink to a spike or grow.",
    )


def matrix_gradients(history: History) -> Iterator[Section]:
    """Histograms of the gradients of the matrices."""
    names = [one["name"] for one in history.first["parameters"] if len(one["shape"]) == 2]
    if names:
        yield Section(
            "Gradients of the matrices",
            "What the loss asks of each matrix. One far wider than the others, often the output "
            "layer's, learns faster than they do.",
            histograms(history, "parameters", names, "grad_histogram"),
        )


def spreads(history: History, title: str, key: str, told: str) -> Iterator[Section]:
    """Histograms of the nonlinearities, or, where there are none, of all layers."""
    shown = [one for one in history.first["layers"] if one["kind"] not in ("Flatten", "Embedding")]
    flat = [one for one in shown if "flat" in one]
    names = [one["name"] for one in (flat or shown)]
    # Half of a ReLU's outputs are zero, a spike that would flatten all else.
    spiked = key == "histogram" and any(one["kind"].endswith("ReLU") for one in shown)
    yield Section(title, told, histograms(history, "layers", names, key, spiked=spiked))


def histograms(
    history: History, what: str, names: Sequence[str], key: str, *, spiked: bool = False
) -> Figure:
    """One line for each of some layers or parameters, at the first record and at the last."""
    figure, panels = canvas(2)
    for axes, record in zip(panels, (first_with(history, what, key), history.last), strict=True):
        chosen = [one for one in record[what] if one["name"] in names and one.get(key)]
        for one, colour, said in zip(chosen, depths(len(chosen)), some(len(chosen)), strict=True):
            low, high, counts = one[key]
            if len(counts) < 2:
                continue
            edges = np.linspace(low, high, len(counts) + 1)
            density = np.array(counts) / sum(counts) / (edges[1] - edges[0])
            text = f"{label(one['name'])} {one.get('kind', '')}".strip()
            if key == "histogram" and "flat" in one:
                text += f", {one['flat']:.0%} flat"
            axes.plot(
                (edges[1:] + edges[:-1]) / 2, density, color=colour, lw=1.2,
                label=text if said else None,
            )  # fmt: skip
        axes.set_title(f"update {record['step']:,}", fontsize=10)
        axes.set_xlabel("value")
        axes.set_ylabel("density")
        axes.locator_params(axis="x", nbins=6)
        if spiked:
            logarithmic(axes)
        elif key == "grad_histogram":
            axes.ticklabel_format(axis="x", style="sci", scilimits=(-2, 2))
        legend(axes)
    return figure


def first_with(history: History, what: str, key: str) -> dict[str, Any]:
    """The first record with a histogram to show: what starts at zero gets no gradient at first."""
    for record in history.records:
        if any(len(one.get(key, ((), (), ()))[2]) > 1 for one in record[what]):
            return record
    return history.first


def ratios(history: History) -> Iterator[Section]:
    """How large a share of each matrix an update changes."""
    figure, (axes,) = canvas(1)
    found: dict[str, list[tuple[int, float]]] = {}
    for record in history.records:
        for name, share in history.ratios(record):
            if math.isfinite(share):
                found.setdefault(name, []).append((record["step"], share))
    for (name, points), colour, said in zip(
        found.items(), depths(len(found)), some(len(found)), strict=True
    ):
        axes.plot(
            *zip(*points, strict=True), color=colour, lw=1.1, label=label(name) if said else None
        )
    axes.axhline(-3, color=RED, ls="--", lw=1)
    axes.annotate(
        "the lecture's −3", (1, -3), xycoords=("axes fraction", "data"), ha="right", va="bottom",
        fontsize=8, color=RED,
    )  # fmt: skip
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
    chosen = [one for one in history.last["parameters"] if len(one["shape"]) == 2]
    chosen = [one for one in chosen if number(one["size"]) > 0]
    for record, colour, mark in ((history.first, ORANGE, "o"), (history.last, BLUE, "s")):
        sizes = {one["name"]: one for one in record["parameters"]}
        at, values = [], []
        for place, one in enumerate(chosen):
            own = sizes[one["name"]]
            if number(own["size"]) > 0 and number(own["grad_size"]) > 0:
                at.append(place)
                values.append(math.log10(number(own["grad_size"]) / number(own["size"])))
        axes.plot(at, values, mark, color=colour, ms=5, label=f"update {record['step']:,}")
    names = [label(one["name"]) for one in chosen]
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
    names = [one["name"] for one in history.first["layers"] if "flat" in one]
    if not names:
        return
    figure, panels = canvas(2)
    told = (("flat", "share of flat outputs"), ("idle", "share of units that are never on"))
    for axes, (key, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, key)
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
    steps = [record["step"] for record in history.records]
    left.plot(steps, [number(record["norm"]) for record in history.records], color=BLUE, lw=1.2)
    logarithmic(left)
    if history.clip:
        left.axhline(history.clip, color=RED, ls="--", lw=1)
        left.annotate(
            f"shortened to {history.clip:g}", (1, history.clip), fontsize=8, color=RED, ha="right",
            xycoords=("axes fraction", "data"), va="bottom",
        )  # fmt: skip
    left.set_xlabel("update")
    left.set_ylabel("norm of the gradient")
    right.plot(steps, [record["rate"] for record in history.records], color=GREEN, lw=1.2)
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
    names = [one["name"] for one in history.first["layers"] if "mean" in one.get("running", {})]
    if not names:
        return
    figure, panels = canvas(2)
    told = (
        ("mean", "means: apart, in deviations"),
        ("std", "deviations: batch / running"),
    )
    for axes, (key, title) in zip(panels, told, strict=True):
        over_time(axes, history, names, "running", key)
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
    ratios,
    norms,
    running_statistics,
)


def over_time(axes: Axes, history: History, names: Sequence[str], *keys: str) -> None:
    """A figure of some layers, record by record, found under its keys: one line for each."""
    for name, colour, said in zip(names, depths(len(names)), some(len(names)), strict=True):
        found = [
            (record["step"], one)
            for record in history.records
            for one in record["layers"]
            if one["name"] == name
        ]
        text = f"{label(name)} {found[0][1]['kind']}" if said else None
        values = [reduce(getitem, keys, one) for _, one in found]
        axes.plot([step for step, _ in found], values, color=colour, lw=1.2, label=text)
    axes.set_xlabel("update")
    legend(axes)


def canvas(panels: int) -> tuple[Figure, Sequence[Axes]]:
    """A figure with panels side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 3.4), dpi=120, layout="constrained")
    grid = figure.subplots(1, panels, squeeze=False)[0]
    for axes in grid:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    return figure, grid


def logarithmic(axes: Axes) -> None:
    """A logarithmic axis upwards, with plain numbers: pictures are lettered without mathematics."""
    from matplotlib.ticker import LogFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False))
    axes.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.5)))


def depths(count: int) -> list[Any]:
    """A colour for each of some layers, dark at the input and bright at the output."""
    import matplotlib as mpl

    return list(mpl.colormaps["viridis"](np.linspace(0, 0.92, max(1, count))))[:count]


def some(count: int) -> list[bool]:
    """Which of many lines are named in the legend."""
    half = NAMED // 2
    return [count <= NAMED or at < half or at >= count - half for at in range(count)]


def legend(axes: Axes) -> None:
    """Names of the lines, if any has one."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)
