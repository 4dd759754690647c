"""Pictures of what a model has learned of the items: biases, components, a map."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt

from hornbook.plots.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.fonts import columns
from hornbook.plots.maps import MARK, begin_map, principal_components, principal_plane
from hornbook.plots.panels import WIDTH
from hornbook.ratings.models.contract import tells
from hornbook.rendering import clip
from hornbook.reports import View
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.ratings.data import RatingsData
    from hornbook.ratings.models.contract import Recommender
    from hornbook.runs import Run

__all__ = ["ViewSettings", "ends", "views_of"]

ENDS = 10  # items at each end of a bias or a component
COMPONENTS = 3  # as the lesson looks at
LABEL, MAPPED = 30, 20  # characters of a title beside a bar, and in a map
YEAR = re.compile(r"\s*\(\d{4}\)$")
HIGH, LOW = BLUE, VERMILION
KINDS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)

Floats = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ViewSettings(Settings):
    """What the pictures are of."""

    most_rated: Annotated[int, Bounds(2, 10**7)] = 3_000
    "Number of items, the most rated ones, that biases and components are shown of."
    mapped: Annotated[int, Bounds(2, 2_000)] = 100
    "Number of items, the most rated ones, in the map."


def views_of(run: Run, settings: ViewSettings) -> list[View]:
    """The views of a finished run; one that this model does not have says why."""
    model: Recommender = run.model
    data: RatingsData = run.data
    gone = "" if data.kept else "it needs the data, to tell which items are rated most"
    no_bias = gone or ("" if tells(model.item_biases) else "this model has no item biases")
    no_vector = gone or ("" if tells(model.item_vectors) else "this model has no item vectors")

    def some() -> Numbers:
        return most_rated(data, settings.most_rated)

    return [
        View(
            "biases",
            f"the items with the lowest and the highest bias, of the {settings.most_rated:,} rated "
            "most",
            lambda: draw_ends(bias_ends(model, data, some())),
            why_not=no_bias,
            written=lambda: as_text(bias_ends(model, data, some())),
        ),
        View(
            "components",
            f"the items at both ends of the first {COMPONENTS} principal components of the item "
            "vectors",
            lambda: draw_ends(component_ends(model, data, some())),
            why_not=no_vector,
            written=lambda: as_text(component_ends(model, data, some())),
        ),
        View(
            "map",
            f"the {settings.mapped:,} items rated most, where their vectors vary most",
            lambda: draw_map(model, data, most_rated(data, settings.mapped)),
            why_not=no_vector,
        ),
    ]


Ended = tuple[Sequence[tuple[str, float]], Sequence[tuple[str, float]]]


def most_rated(data: RatingsData, n: int) -> Numbers:
    """The numbers of the items that most users have rated, most first."""
    order = np.argsort(-data.raters, kind="stable")[:n]
    return order[data.raters[order] > 0]


def ends(values: Floats, names: Sequence[str], n: int = ENDS) -> Ended:
    """The names with the lowest values, lowest first, and those with the highest, highest first."""
    order = np.argsort(values, kind="stable")
    n = min(n, len(order) // 2)
    low = [(names[at], float(values[at])) for at in order[:n]]
    return low, [(names[at], float(values[at])) for at in order[::-1][:n]]


def titles_of(data: RatingsData, items: Numbers) -> list[str]:
    """What to call some items."""
    return [data.title(item) for item in map(int, items)]


def bias_ends(model: Recommender, data: RatingsData, items: Numbers) -> dict[str, Ended]:
    """The items with the lowest and the highest bias."""
    biases = model.item_biases
    assert biases is not None
    return {"bias of the item": ends(biases[items], titles_of(data, items))}


def component_ends(model: Recommender, data: RatingsData, items: Numbers) -> dict[str, Ended]:
    """The items at both ends of each of the first principal components of their vectors."""
    vectors = model.item_vectors
    assert vectors is not None
    n, names = min(COMPONENTS, vectors.shape[1]), titles_of(data, items)
    places, shares = principal_components(vectors[items], n)
    return {
        f"component {number} ({share:.1%} of the variance)": ends(column, names)
        for number, (column, share) in enumerate(zip(places.T, shares, strict=True), 1)
    }


def as_text(found: dict[str, Ended]) -> str:
    """Ends as text: two lists beside each other."""
    lines: list[str] = []
    for name, (low, high) in found.items():
        wide = max((columns(clip(title, LABEL)) for title, _ in low), default=0)
        lines += [f"{name}, lowest and highest:"]
        for (title, value), (other, more) in zip(low, high, strict=True):
            room = " " * (wide - columns(clip(title, LABEL)))
            lines += [
                f"  {value:+.2f}  {clip(title, LABEL)}{room}    {more:+.2f}  {clip(other, LABEL)}"
            ]
    return "\n".join(lines)


@drawing()
def draw_ends(found: dict[str, Ended]) -> Figure:
    """Bars of the highest and the lowest, a panel for each name."""
    from matplotlib.figure import Figure

    rows = sum(len(low) + len(high) for low, high in found.values())
    height = 0.8 * len(found) + 0.2 * rows
    figure = Figure(figsize=(WIDTH, height), dpi=100, layout="constrained")
    panels = figure.subplots(len(found), squeeze=False)[:, 0]
    for axes, (name, (low, high)) in zip(panels, found.items(), strict=True):
        shown = [*high, *reversed(low)]
        places = -np.arange(len(shown), dtype=float)
        places[len(high) :] -= 0.6  # between both ends lie all the others
        colours = [HIGH] * len(high) + [LOW] * len(low)
        axes.barh(places, [value for _, value in shown], color=colours, height=0.72)
        axes.set_yticks(places, [clip(title, LABEL) for title, _ in shown], fontsize=8)
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_title(name, fontsize=9, loc="left", x=0)
        axes.margins(y=0.02)
        axes.locator_params(axis="x", nbins=5)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    return figure


@drawing()
def draw_map(model: Recommender, data: RatingsData, items: Numbers) -> Figure:
    """Items at their places in the plane in which their vectors vary most."""
    vectors = model.item_vectors
    assert vectors is not None
    plane = principal_plane(vectors[items])
    drawn = begin_map(plane)
    for name, colour, mine in kinds_of(data, items):
        drawn.axes.plot(
            *plane.points[mine].T, "o", color=colour, markersize=2 * MARK if name else MARK,
            markeredgewidth=0, label=name or None,
        )  # fmt: skip
    if data.features is not None:
        drawn.axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False)
    order = drawn.outermost
    labels = [clip(YEAR.sub("", title), MAPPED) for title in titles_of(data, items[order])]
    shown = drawn.label(order, labels, every=False)
    title = f"The {len(items):,} items rated most"
    title += f": {sum(plane.shares):.0%} of the variance in {plane.dimensions} dimensions"
    if shown < len(items):
        title += f"\n{shown} have room for a title"
    drawn.axes.set_title(title)
    return drawn.figure


def kinds_of(data: RatingsData, items: Numbers) -> list[tuple[str, str, list[int]]]:
    """What is drawn in one colour: a name, the colour, and places in `items`.

    Each item has the colour of the first of its features, such as genres, that is among the
    commonest of all; without features all items are of one kind without a name.
    """
    if data.features is None:
        return [("", BLUE, list(range(len(items))))]
    names, of = data.features.names, [data.features.of[item] for item in map(int, items)]
    common = [number for number, _ in Counter(chain.from_iterable(of)).most_common(len(KINDS))]
    first = [next((number for number in row if number in common), -1) for row in of]
    found = [
        (names[number], colour, [place for place, one in enumerate(first) if one == number])
        for number, colour in zip(common, KINDS, strict=False)
    ]
    found.append(("others", BLACK, [place for place, one in enumerate(first) if one < 0]))
    return [kind for kind in found if kind[2]]
