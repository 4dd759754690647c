"""Which pictures there are of a run on a table, and why others cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated

from hornbook.inspection.reliability import draw_reliability, write_reliability
from hornbook.rendering import clip
from hornbook.reports import View
from hornbook.settings import Bounds, Settings
from hornbook.tables.models.contract import HasVectors
from hornbook.tables.views.effect import draw_effects, known_columns, write_effects
from hornbook.tables.views.embeddings import draw_embedding, write_embedding
from hornbook.tables.views.importance import draw_importance, write_importance
from hornbook.tables.views.residuals import draw_residuals, write_residuals
from hornbook.tables.views.rows_seen import RowsSeen
from hornbook.tables.views.worst import draw_worst, table_of_worst, write_worst

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.runs import Run
    from hornbook.tables.data import TableData

__all__ = ["ViewSettings", "views_of"]

WORST_COLUMNS = 8  # that stand beside the worst rows
GONE = "it needs the rows, and this run is without its data"


@dataclass(frozen=True)
class ViewSettings(Settings):
    """What the pictures are of."""

    effect: tuple[str, ...] = ()
    "Columns whose effect is drawn; by default the most important ones."
    important: Annotated[int, Bounds(1, 100)] = 4
    "How many of the most important columns effects and residuals are drawn of."
    shuffles: Annotated[int, Bounds(1, 1_000)] = 5
    "Shuffles of each column, for its importance."
    measured: Annotated[int, Bounds(0, 10**9)] = 50
    """Columns whose importance is measured; of a table with more, those that a first look finds
    likely to matter (0: all)."""
    rows: Annotated[int, Bounds(0, 10**9)] = 5_000
    "Rows of dev that pictures are made from, evenly spread (0: all)."
    embeddings: Annotated[int, Bounds(0, 1_000)] = 6
    "Categories whose embeddings are drawn, those with most labels first."
    mapped: Annotated[int, Bounds(2, 5_000)] = 500
    "Labels in the map of an embedding, those with most rows."
    worst: Annotated[int, Bounds(1, 1_000)] = 20
    "How many of the worst rows are listed."


def views_of(run: Run, settings: ViewSettings) -> list[View]:
    """The views of a finished run; one that cannot be had says why.

    Raises:
        SettingsError: if the model does not read a column that is named.
    """
    data: TableData = run.data
    seen = RowsSeen(run.model, data, settings.rows, settings.shuffles, settings.measured)
    asked = known_columns(seen, settings.effect)
    gone = "" if data.kept else GONE
    classes = data.kind == "class"

    def columns() -> list[str]:
        return seen.most_important(settings.important)

    def effects() -> list[str]:
        return asked or columns()

    return [
        View(
            "importance",
            "how much worse predictions are when the values of one column are shuffled",
            lambda: draw_importance(seen),
            gone,
            lambda: write_importance(seen),
        ),
        View(
            "effects",
            "what is predicted of the same rows when only one column is changed",
            lambda: draw_effects(seen, effects()),
            gone,
            lambda: write_effects(seen, effects()),
        ),
        *embedding_views(run, settings, gone),
        View(
            "calibration",
            "how often what was predicted with some probability came true",
            lambda: draw_reliability(seen.scores, data.target.labels, seen.told),
            gone or ("" if classes else "a number is predicted, and not a class"),
            lambda: write_reliability(seen.scores, data.target.labels, seen.told),
        ),
        View(
            "residuals",
            "errors against predictions, and against the most important columns",
            lambda: draw_residuals(seen, columns()),
            gone or ("classes are predicted, and no number" if classes else ""),
            lambda: write_residuals(seen, columns()),
        ),
        View(
            "worst",
            "the rows that the model gets most wrong, with the most important columns",
            lambda: draw_worst(seen),
            gone,
            lambda: write_worst(seen, settings.worst, WORST_COLUMNS),
            lambda: table_of_worst(seen, settings.worst, WORST_COLUMNS),
        ),
    ]


def embedding_views(run: Run, settings: ViewSettings, gone: str) -> Iterator[View]:
    """A view for each category with vectors; one that says why, where there is none."""
    data: TableData = run.data
    categories = data.mapper.categories
    has = cache(lambda place: vectors_known(run, place))
    order = sorted(range(len(categories)), key=lambda place: -categories[place].codes)
    known = [] if gone else [place for place in order if has(place)]
    if not known:
        why = gone or (
            "this model has no vectors of categories with several values"
            if categories
            else "no column is a category"
        )
        yield View("embeddings", "the vectors of categories", nothing, why)
        return
    for place in known[: settings.embeddings]:
        name = categories[place].name
        drawn, written = of_place(run, place, settings.mapped)
        yield View(
            f"embedding of {clip(name, 60)}",
            f"the vectors of {clip(name, 60)}, in the plane in which they vary most",
            drawn,
            written=written,
        )


def of_place(run: Run, place: int, most: int) -> tuple[Callable[[], Figure], Callable[[], str]]:
    """What draws and what writes the vectors of a category."""
    return (
        lambda: draw_embedding(run.model, run.data, place, most),
        lambda: write_embedding(run.model, run.data, place, most),
    )


def vectors_known(run: Run, place: int) -> bool:
    """Whether a model has vectors of a category, and train more than one value of it."""
    if not isinstance(run.model, HasVectors) or run.model.category_vectors(place) is None:
        return False
    codes = run.data.train.inputs.codes[:, place]
    return bool((codes != codes[0]).any())


def nothing() -> Figure:
    """What is never drawn."""
    raise AssertionError("a view that cannot be had is not drawn")
