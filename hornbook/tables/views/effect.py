"""The effect of one column: what the model predicts when only that one is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.inspection.digits import percent, rounded
from hornbook.plots.colours import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION
from hornbook.plots.drawing import drawing
from hornbook.plots.panels import canvas
from hornbook.rendering import clip, listed, one_line
from hornbook.suggestions import did_you_mean
from hornbook.tables.features import CategoryFeature, NumberFeature
from hornbook.tables.mapper import Mapped
from hornbook.tables.views.rows_seen import DAY, RowsSeen, decoded

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Effect", "draw_effects", "effects_of", "known_columns", "write_effects"]

Floats = npt.NDArray[np.float64]
Feature = CategoryFeature | NumberFeature
ROWS = 300  # that are changed
POINTS = 21  # of a number
LABELS = 31  # of a category, those of most rows
LINES = 25  # of single rows
STEPS = 20  # that are told apart within a range
PARTS = 3  # of a date, those with the largest effect
CLASSES = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)


@dataclass(frozen=True)
class Effect:
    """What is predicted of the same rows as one feature takes some values."""

    feature: Feature
    values: Floats
    "Of a number the values, of a category codes; shape (points,)."
    labels: tuple[str, ...]
    "Of a category; empty of a number."
    curves: Floats
    "Shape (outputs, rows, points): of a number one output; of classes the probability of each."

    @property
    def mean(self) -> Floats:
        """The partial dependence, shape (outputs, points)."""
        found: Floats = self.curves.mean(1)
        return found

    @property
    def around(self) -> Floats:
        """The curve of each row moved to the mean of all: how much the effect differs by row."""
        apart = self.curves.mean(2, keepdims=True) - self.curves.mean((1, 2), keepdims=True)
        found: Floats = self.curves - apart
        return found

    @property
    def reach(self) -> float:
        """How far the mean goes."""
        return float(np.ptp(self.mean, axis=1).max())


def known_columns(seen: RowsSeen, asked: tuple[str, ...]) -> list[str]:
    """The columns whose effect was asked for.

    Raises:
        SettingsError: if the model does not read one of them.
    """
    for name in asked:
        if name not in seen.columns:
            why = next((one.reason for one in seen.data.mapper.columns
                        if one.name == name and one.kind == "left out"), "")  # fmt: skip
            left = f": it was left out ({why})" if why else ""
            raise SettingsError(
                f"The model does not read a column {clip(name, 60)!r}{left}; it reads "
                f"{listed(seen.columns)}.",
                hint=f"{did_you_mean(name, seen.columns)}Set `effect` to one of these.",
                setting="effect",
            )
    return list(dict.fromkeys(asked))


def effects_of(seen: RowsSeen, column: str) -> list[Effect]:
    """The effect of a column; of dates that of the parts that matter most."""
    mapper = seen.data.mapper
    features: list[tuple[int, Feature]] = [
        (place, one) for place, one in enumerate(mapper.categories) if one.column == column
    ]
    numbers: list[tuple[int, Feature]] = [
        (place, one) for place, one in enumerate(mapper.numbers) if one.column == column
    ]
    found = [effect_of(seen, place, one) for place, one in (*features, *numbers)]
    return sorted(found, key=lambda one: -one.reach)[:PARTS] if len(found) > 1 else found


def effect_of(seen: RowsSeen, place: int, feature: Feature) -> Effect:
    """The effect of a feature."""
    inputs = seen.rows.inputs
    chosen = np.linspace(0, len(inputs) - 1, min(ROWS, len(inputs))).astype(np.int64)
    some = inputs.take(chosen)
    labels: tuple[str, ...] = ()
    if isinstance(feature, CategoryFeature):
        counts = np.bincount(inputs.codes[:, place], minlength=feature.codes)
        codes = np.argsort(-counts, kind="stable")[:LABELS]
        codes = np.sort(codes[counts[codes] > 0])
        values, labels = codes.astype(np.float64), tuple(map(feature.label, codes.tolist()))
    else:
        known = inputs.numbers[:, place]
        values = np.unique(known)
        if len(values) > POINTS:  # between the ends of what is usual, for a few are far away
            low, high = np.quantile(known, (0.01, 0.99))
            values = np.unique(np.linspace(low, high, POINTS, dtype=np.float32))
    curves = []
    for value in values:
        made = Mapped(some.codes.copy(), some.numbers.copy(), some.places)
        if isinstance(feature, CategoryFeature):
            made.codes[:, place] = int(value)
        else:
            made.numbers[:, place] = value
            flags = seen.data.mapper.flags
            if feature in flags:  # a value is there
                made.numbers[:, len(seen.data.mapper.numbers) + flags.index(feature)] = 0
        predicted = seen.model.predict(made)
        outputs = predicted.T if seen.data.target.labels else seen.units(predicted)[None]
        curves.append(outputs)
    if isinstance(feature, NumberFeature):
        values = decoded(feature, values)
    return Effect(feature, values, labels, np.stack(curves, 2))


def outputs_shown(seen: RowsSeen) -> list[int]:
    """The outputs that are shown: of two classes the second, of more those of most rows."""
    labels = seen.data.target.labels
    if len(labels) <= 2:
        return [len(labels) - 1] if labels else [0]
    counts = np.bincount(seen.rows.target, minlength=len(labels))
    return sorted(np.argsort(-counts, kind="stable")[: len(CLASSES)].tolist())


def what_is_shown(seen: RowsSeen) -> str:
    """What is predicted, for an axis."""
    target = seen.data.target
    if len(target.labels) == 2:
        return f"probability of {clip(target.labels[1], 24)}"
    return "probability" if target.labels else clip(target.name, 32)


def write_effects(seen: RowsSeen, names: list[str]) -> str:
    """A line for each feature: its mean prediction at some of its values.

    Of more than two classes it is of the one whose probability moves most.
    """
    shown, labels = outputs_shown(seen), seen.data.target.labels
    most = "; of each column the class that it moves most" if len(shown) > 1 else ""
    lines = [f"{one_line(what_is_shown(seen))}, on average, when only one column is changed{most}:"]
    for name in names:
        for one in effects_of(seen, name):
            at = np.unique(np.linspace(0, len(one.values) - 1, 6).astype(np.int64)).tolist()
            output = max(shown, key=lambda place: np.ptp(one.mean[place]))
            of = f" ({one_line(labels[output], 20)})" if len(shown) > 1 else ""
            mean = one.mean[output]
            told = percent if labels else rounded
            fine = float(np.ptp(mean)) / STEPS
            values = (f"{value_text(one, place)}: {told(float(mean[place]), fine)}" for place in at)
            lines.append(f"  {one_line(one.feature.name)}{of}  {', '.join(values)}")
    return "\n".join(lines)


def value_text(one: Effect, place: int) -> str:
    """A value of a feature, for people."""
    if one.labels:
        return one_line(one.labels[place], 20)
    if one.feature.part == "elapsed":
        return str(np.datetime64(int(one.values[place]), "D"))
    return rounded(float(one.values[place]), float(np.ptp(one.values)) / STEPS)


@drawing()
def draw_effects(seen: RowsSeen, names: list[str]) -> Figure:
    """A panel for each feature: the mean over rows, and how single rows differ."""
    found = [effect for name in names for effect in effects_of(seen, name)]
    figure, panels = canvas(len(found), 2.9)
    figure.set_dpi(100)
    rows = found[0].curves.shape[1]
    for axes, one in zip(panels, found, strict=True):
        draw_effect(axes, seen, one)
        axes.set_ylabel(what_is_shown(seen), fontsize=9)
        axes.set_title(clip(one.feature.name, 50), fontsize=10, loc="left", x=0)
    single = len(outputs_shown(seen)) == 1
    spread = (
        "\nthin lines: single rows, moved to the same mean; band: 10 to 90 % of them"
        if single else ""
    )  # fmt: skip
    figure.suptitle(f"mean over {rows:,} rows of {seen.split}{spread}", fontsize=9)
    return figure


def draw_effect(axes: Axes, seen: RowsSeen, one: Effect) -> None:
    """The effect of one feature."""
    shown = outputs_shown(seen)
    at = np.arange(len(one.values), dtype=float) if one.labels else places_of(one)
    for number, output in enumerate(shown):
        curves, colour = one.around[output], CLASSES[number]
        mean = curves.mean(0)
        if len(shown) == 1:
            low, high = np.quantile(curves, (0.1, 0.9), axis=0)
            some = curves[np.linspace(0, len(curves) - 1, min(LINES, len(curves))).astype(int)]
            if one.labels:
                ends = np.maximum(mean - low, 0), np.maximum(high - mean, 0)
                axes.errorbar(
                    at, mean, yerr=ends, fmt="o", color=colour, linewidth=3, alpha=0.5, markersize=0
                )
            else:
                axes.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
                axes.plot(at, some.T, color=BLACK, alpha=0.18, linewidth=0.6)
        label = clip(seen.data.target.labels[output], 24) if len(shown) > 1 else None
        axes.plot(at, mean, "o" if one.labels else "-", color=colour, linewidth=2, markersize=5,
                  label=label)  # fmt: skip
    if one.labels:
        wide = max(len(label) for label in one.labels) * len(one.labels) > 70
        labels = [clip(label, 14) for label in one.labels]
        axes.set_xlim(-0.6, len(at) - 0.4)
        axes.set_xticks(at, labels, fontsize=7, rotation=90 if wide else 0)
    else:
        mark_deciles(axes, seen, one)
        if one.feature.part == "elapsed":
            axes.tick_params(axis="x", labelsize=7)
    if len(shown) > 1:
        axes.legend(fontsize=7, frameon=False, ncols=2)


def places_of(one: Effect) -> npt.NDArray[np.generic]:
    """Where the values of a number stand on the axis."""
    if one.feature.part == "elapsed":
        return (one.values * DAY).astype("datetime64[s]")
    return one.values


def mark_deciles(axes: Axes, seen: RowsSeen, one: Effect) -> None:
    """Marks below, a tenth of the rows between two."""
    assert isinstance(one.feature, NumberFeature)
    place = seen.data.mapper.numbers.index(one.feature)
    known = one.feature.decode(seen.rows.inputs.numbers[:, place])
    deciles = np.quantile(known, np.linspace(0.1, 0.9, 9))
    inside = deciles[(deciles >= one.values[0]) & (deciles <= one.values[-1])]
    marks = (inside * DAY).astype("datetime64[s]") if one.feature.part == "elapsed" else inside
    axes.plot(marks, np.full(len(marks), 0.02), "|", color=BLACK, markersize=7,
              transform=axes.get_xaxis_transform())  # fmt: skip
