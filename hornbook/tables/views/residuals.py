"""Errors of numbers against predictions and columns: where the model is wrong on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.inspection.digits import rounded, with_error
from hornbook.plots.colours import BLACK, BLUE, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.rendering import clip, many, one_line
from hornbook.statistics import standard_error
from hornbook.tables.features import CategoryFeature, NumberFeature
from hornbook.tables.measures import NumberErrors
from hornbook.tables.views.rows_seen import DAY, RowsSeen, date_text, decoded
from hornbook.tasks.scores import blocks_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Band", "bands", "draw_residuals", "write_residuals"]

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int32] | None
BANDS = 10  # with equally many rows
LABELS = 31  # of a category, those of most rows
DRAWN = 3_000  # points
STEPS = 30  # that are told apart within the range of a column
LEAST = 10  # rows, before it is told that their mean error is more than chance
CLEAR, TOLD = 3, 4  # standard errors, and bands


@dataclass(frozen=True)
class Band:
    """Rows that lie beside each other, and their errors."""

    name: str
    middle: float
    rows: int
    mean: float
    error: float
    "Standard error of that mean, over groups where there are any; NaN of one group."
    std: float

    @property
    def told(self) -> str:
        """The mean error with its standard error, for people."""
        return with_error(self.mean, self.error)

    @property
    def sure(self) -> float:
        """How many standard errors the mean lies from 0; 0 where these are not known."""
        if self.rows < LEAST or not math.isfinite(self.error) or not self.mean:
            return 0.0
        return abs(self.mean) / self.error if self.error else math.inf


def band(name: str, middle: float, errors: Floats, groups: Groups = None) -> Band:
    """The errors of some rows."""
    std = float(errors.std(ddof=1)) if len(errors) > 1 else 0.0
    error = std / len(errors) ** 0.5
    if groups is not None:
        blocks = blocks_of(len(errors), groups)
        error = standard_error(np.bincount(blocks, errors), np.bincount(blocks))
    return Band(name, middle, len(errors), float(errors.mean()), error, std)


def of_rows(groups: Groups, rows: npt.NDArray[np.bool_]) -> Groups:
    """The groups of some rows."""
    return None if groups is None else groups[rows]


def bands(values: Floats, errors: Floats, n: int = BANDS, groups: Groups = None) -> list[Band]:
    """Rows by the size of something, in bands with about equally many of them."""
    ends = np.unique(np.quantile(values, np.linspace(0, 1, n + 1)))
    places = np.clip(np.searchsorted(ends, values, side="right") - 1, 0, max(0, len(ends) - 2))
    return [
        band(
            "",
            float(values[places == place].mean()),
            errors[places == place],
            of_rows(groups, places == place),
        )
        for place in np.unique(places)
    ]


@dataclass(frozen=True)
class Against:
    """What errors are shown against."""

    title: str
    values: Floats
    "Of a category its places in `labels`, -1 of those that are not shown."
    labels: tuple[str, ...] = ()
    dates: bool = False

    def bands(self, errors: NumberErrors) -> list[Band]:
        """The errors by label, or by size."""
        off, groups = errors.errors, errors.groups
        if not self.labels:
            return bands(self.values, off, groups=groups)
        return [
            band(label, place, off[self.values == place], of_rows(groups, self.values == place))
            for place, label in enumerate(self.labels)
        ]

    def text(self, one: Band) -> str:
        """A band, for people."""
        return one.name or (
            date_text(round(one.middle))
            if self.dates
            else rounded(one.middle, float(np.ptp(self.values)) / STEPS)
        )


def against(seen: RowsSeen, names: list[str]) -> list[Against]:
    """Predictions, and columns; of a date its days."""
    found = [Against(f"predicted {seen.data.target.name}", seen.errors.predicted)]
    mapper, inputs = seen.data.mapper, seen.rows.inputs
    for name in names:
        category = next(((at, one) for at, one in enumerate(mapper.categories)
                         if one.column == name and not one.part), None)  # fmt: skip
        number = next(((at, one) for at, one in enumerate(mapper.numbers)
                       if one.column == name and one.part in ("", "elapsed")), None)  # fmt: skip
        if category is not None:
            found.append(against_category(name, category[1], inputs.codes[:, category[0]]))
        elif number is not None:
            found.append(against_number(name, number[1], inputs.numbers[:, number[0]]))
    return found


def against_category(name: str, feature: CategoryFeature, codes: npt.NDArray[np.int32]) -> Against:
    """The labels of most rows, in their order."""
    counts = np.bincount(codes, minlength=feature.codes)
    kept = np.argsort(-counts, kind="stable")[:LABELS]
    kept = np.sort(kept[counts[kept] > 0])
    places = np.full(feature.codes, -1.0)
    places[kept] = np.arange(len(kept))
    return Against(name, places[codes], tuple(map(feature.label, kept.tolist())))


def against_number(name: str, feature: NumberFeature, values: npt.NDArray[np.float32]) -> Against:
    """The numbers in their own units."""
    return Against(name, decoded(feature, values), dates=feature.part == "elapsed")


def write_residuals(seen: RowsSeen, names: list[str]) -> str:
    """A line for each with the bands in which the mean error is more than chance."""
    lines = [
        f"Mean error (predicted less true) in {one_line(seen.data.target.name)}, ± its standard "
        f"error, where it is {CLEAR} of these or more, {seen.told}:"
    ]
    quiet = []
    for one in against(seen, names):
        found = one.bands(seen.errors)
        clear = [band for band in found if band.sure >= CLEAR]
        kept = sorted(clear, key=lambda band: -band.sure)[:TOLD]
        told = ", ".join(f"{one_line(one.text(b), 20)}: {b.told}" for b in clear if b in kept)
        if told:
            lines.append(f"  {one_line(one.title)}  {told}{', …' * (len(clear) > len(kept))}")
        else:
            quiet.append(one_line(one.title))
    if quiet:
        lines.append(f"  no more than chance: {', '.join(quiet)}")
    return "\n".join(lines)


@drawing()
def draw_residuals(seen: RowsSeen, names: list[str]) -> Figure:
    """A panel for predictions, and one for each column."""
    found = against(seen, names)
    figure, panels = canvas(len(found), 2.7)
    figure.set_dpi(100)
    errors = seen.errors.errors
    some = np.linspace(0, len(errors) - 1, min(DRAWN, len(errors))).astype(np.int64)
    low, high = np.quantile(errors, (0.005, 0.995))
    room = 0.15 * (high - low) or 1.0
    out = int(((errors < low - room) | (errors > high + room)).sum())
    for axes, one in zip(panels, found, strict=True):
        draw_against(axes, one, seen.errors, some)
        axes.axhline(0, color=BLACK, linewidth=0.8)
        axes.set_ylim(low - room, high + room)
        axes.set_ylabel("predicted less true", fontsize=9)
        axes.set_xlabel(clip(one.title, 50), fontsize=9)
    beyond = f"; {many(out, 'row')} outside the frame" if out else ""
    figure.suptitle(
        f"{seen.told}{beyond}\npoints: rows; red: mean error ± its standard error", fontsize=9
    )
    return figure


def draw_against(
    axes: Axes, one: Against, errors: NumberErrors, some: npt.NDArray[np.int64]
) -> None:
    """Points, and the mean error beside them."""
    shift = np.random.default_rng(0).uniform(-0.25, 0.25, len(some)) if one.labels else 0.0
    values: npt.NDArray[np.generic] = one.values[some] + shift
    found = one.bands(errors)
    middles: npt.NDArray[np.generic] = np.array([b.middle for b in found])
    inside = one.values[some] >= 0 if one.labels else np.ones(len(some), bool)
    if one.dates:
        values = (one.values[some] * DAY).astype("datetime64[s]")
        middles = (np.array([b.middle for b in found]) * DAY).astype("datetime64[s]")
        axes.tick_params(axis="x", labelsize=7)
    axes.plot(
        values[inside], errors.errors[some][inside], ".", color=BLUE, markersize=2, alpha=0.35
    )
    axes.errorbar(
        middles, [b.mean for b in found], yerr=[np.nan_to_num(b.error) for b in found],
        fmt="o" if one.labels else "o-", color=VERMILION, markersize=4, linewidth=1.4, capsize=2,
    )  # fmt: skip
    if one.labels:
        wide = max(map(len, one.labels)) * len(one.labels) > 70
        axes.set_xlim(-0.6, len(one.labels) - 0.4)
        axes.set_xticks(np.arange(len(one.labels)), [clip(label, 14) for label in one.labels],
                        fontsize=7, rotation=90 if wide else 0)  # fmt: skip
