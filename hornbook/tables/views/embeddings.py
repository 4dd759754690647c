"""The vectors of a category: where they vary most, with the mean of the target as colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.plots.colours import BLUE
from hornbook.plots.drawing import drawing
from hornbook.plots.maps import MARK, begin_map, principal_plane
from hornbook.plots.panels import WIDTH
from hornbook.rendering import clip, one_line
from hornbook.tables.data import TableData
from hornbook.tables.models.contract import HasVectors, Predictor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_embedding", "nearest_of", "vectors_of", "write_embedding"]

Floats = npt.NDArray[np.float64]
EVERY = 12  # labels, of which none is left out
LABELLED = 150  # labels that are tried: to find room for each takes time
LABEL = 18  # characters
BARS = 20  # of a category whose vectors are single numbers
LISTED, NEAREST, PAIRS = 12, 3, 6


def vectors_of(
    model: Predictor, data: TableData, place: int, most: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The vectors of the codes that train has, and the codes, those of most rows first.

    Args:
        model: with vectors.
        data: with its rows.
        place: of the category.
        most: codes.

    Returns:
        Shapes (codes, length) and (codes,).
    """
    assert isinstance(model, HasVectors)
    found = model.category_vectors(place)
    counts = np.bincount(data.train.inputs.codes[:, place],
                         minlength=data.mapper.categories[place].codes)  # fmt: skip
    order = np.argsort(-counts, kind="stable")[:most]
    kept = order[counts[order] > 0].astype(np.int64)
    return np.asarray(found, np.float64)[kept], kept


def means_of(data: TableData, place: int, codes: npt.NDArray[np.int64]) -> tuple[Floats, str]:
    """The mean target in train of some codes, and what it is; empty of more than two classes."""
    rows, target = data.train, data.target
    if len(target.labels) > 2:
        return np.empty(0), ""
    of_code = rows.inputs.codes[:, place]
    counts = np.bincount(of_code, minlength=int(codes.max()) + 1)
    sums = np.bincount(of_code, rows.target, minlength=int(codes.max()) + 1)
    what = f"share of {clip(target.labels[1], 24)}" if target.labels else (
        f"mean {clip(target.name, 24)}")  # fmt: skip
    return sums[codes] / counts[codes], f"{what} in train"


def nearest_of(vectors: Floats, n: int = NEAREST) -> npt.NDArray[np.int64]:
    """The nearest others of each vector, shape (codes, n or fewer)."""
    squares = np.square(vectors).sum(1)
    apart = squares[:, None] + squares - 2 * vectors @ vectors.T
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(n, len(vectors) - 1)]


def write_embedding(model: Predictor, data: TableData, place: int, most: int) -> str:
    """A line with the categories that are nearest each other, or with their weights."""
    feature = data.mapper.categories[place]
    vectors, codes = vectors_of(model, data, place, most)
    names = [one_line(feature.label(code), LABEL) for code in codes.tolist()]
    of = one_line(feature.name)
    if vectors.shape[1] == 1:
        order = np.argsort(-vectors[:, 0], kind="stable")
        shown = [*order[:LISTED]] if len(order) <= LISTED else [*order[:6], *order[-6:]]
        told = ", ".join(f"{names[at]} {vectors[at, 0]:+.2f}" for at in shown)
        return f"{of}: {told}"
    return f"{of}, nearest vectors of {len(names):,}: {nearest_pairs(vectors, names)}"


def nearest_pairs(vectors: Floats, names: list[str]) -> str:
    """The labels whose vectors are nearest each other, the nearest first."""
    if len(vectors) < 2:
        return "none"
    nearest = nearest_of(vectors, 1)[:, 0]
    pairs = {(min(at, other), max(at, other)) for at, other in enumerate(nearest.tolist())}
    apart = {pair: float(np.square(vectors[pair[0]] - vectors[pair[1]]).sum()) for pair in pairs}
    shown = sorted(pairs, key=lambda pair: (apart[pair], pair))[:PAIRS]
    return ", ".join(f"{names[one]} and {names[other]}" for one, other in shown)


@drawing()
def draw_embedding(model: Predictor, data: TableData, place: int, most: int) -> Figure:
    """A map of the vectors; bars where they are single numbers."""
    feature = data.mapper.categories[place]
    vectors, codes = vectors_of(model, data, place, most)
    labels = [clip(feature.label(code), LABEL) for code in codes.tolist()]
    if vectors.shape[1] == 1:
        return draw_bars(vectors[:, 0], labels, feature.name)
    plane = principal_plane(vectors)
    drawn = begin_map(plane)
    means, what = means_of(data, place, codes)
    if len(means) and np.ptp(means) > 0:
        across, up = plane.points.T
        marks = drawn.axes.scatter(
            across, up, (2.2 * MARK) ** 2, means, cmap="viridis", linewidths=0.4, edgecolors="black"
        )
        bar = drawn.figure.colorbar(marks, ax=drawn.axes, orientation="horizontal", pad=0.1,
                                    fraction=0.03)  # fmt: skip
        bar.set_label(what)
    else:
        drawn.axes.plot(*plane.points.T, "o", color=BLUE, markersize=2 * MARK)
    every = len(labels) <= EVERY
    order = np.arange(len(labels)) if every else drawn.outermost
    shown = drawn.label(order, [labels[at] for at in order[:LABELLED]], every=every)
    title = f"{clip(feature.name, 40)}: {len(labels):,} categories"
    if plane.dimensions > 2:
        title += f", {sum(plane.shares):.0%} of the variance in {plane.dimensions} dimensions"
    if shown < len(labels):
        title += f"\n{shown} have room for a label"
    drawn.axes.set_title(title)
    return drawn.figure


def draw_bars(values: Floats, labels: list[str], name: str) -> Figure:
    """Bars of single numbers, largest first; of many the ends."""
    from matplotlib.figure import Figure

    order = np.argsort(-values, kind="stable")
    half = BARS // 2
    shown = order if len(order) <= BARS else np.concatenate([order[:half], order[-half:]])
    figure = Figure(figsize=(WIDTH, 1.0 + 0.22 * len(shown)), dpi=100, layout="constrained")
    axes = figure.subplots()
    places = -np.arange(len(shown), dtype=float)
    if len(shown) < len(order):
        places[half:] -= 0.6  # between both ends lie all the others
    axes.barh(places, values[shown], color=BLUE, height=0.72)
    axes.set_yticks(places, [labels[at] for at in shown], fontsize=8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("weight")
    axes.set_title(f"{clip(name, 40)}: {len(order):,} categories", fontsize=9, loc="left", x=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
