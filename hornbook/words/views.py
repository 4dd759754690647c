"""A map of the most frequent words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from hornbook.plots.colours import BLUE
from hornbook.plots.drawing import drawing
from hornbook.plots.maps import MARK, begin_map, principal_plane
from hornbook.rendering import clip
from hornbook.reports import View
from hornbook.settings import Bounds, Settings
from hornbook.words.nearest import some_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.runs import Run
    from hornbook.words.data import WordsData
    from hornbook.words.models.contract import WordVectors

__all__ = ["ViewSettings", "views_of"]

LABEL = 20  # characters of a word


@dataclass(frozen=True)
class ViewSettings(Settings):
    """What the map is of."""

    mapped: Annotated[int, Bounds(2, 2_000)] = 150
    "Number of words in the map: the most frequent ones, but for those of grammar."


def views_of(run: Run, settings: ViewSettings) -> Sequence[View]:
    """The map."""
    return [
        View(
            "map",
            f"the {settings.mapped:,} most frequent words, but for those of grammar, where their "
            "vectors vary most",
            lambda: draw_map(run.model, run.data, some_words(run.data, settings.mapped)),
        )
    ]


@drawing()
def draw_map(model: WordVectors, data: WordsData, words: Sequence[int]) -> Figure:
    """Words at their places in the plane in which their vectors, at length 1, vary most."""
    plane = principal_plane(model.unit_vectors[list(words)])
    drawn = begin_map(plane)
    drawn.axes.plot(*plane.points.T, "o", color=BLUE, markersize=MARK, markeredgewidth=0)
    order = drawn.outermost
    labels = [clip(data.words[words[at]], LABEL) for at in map(int, order)]
    shown = drawn.label(order, labels, every=False)
    title = f"The {len(words):,} most frequent words, but for those of grammar"
    if shown < len(words):
        title += f"\n{shown} have room for a label"
    drawn.axes.set_title(title)
    return drawn.figure
