"""Pictures of a sweep: its course, its curves, a slice for each setting, all settings at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.rows import Trial
from hornbook.plots.colours import BLUE, GREEN, ORANGE, VERMILION
from hornbook.plots.panels import WIDTH, canvas, legend, log_marks, spaced
from hornbook.ranges import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["course", "curves", "parallel", "slices"]

GREY = "#999999"
FAR = 4.0  # times as far from the best as the middle one is: what is further is drawn at the edge
NEVER = 8.0  # times: if none is further than this, all are drawn where they are
HIGH = 3.0  # inches of a panel of slices
APART = 1.15  # inches between two axes of the parallel coordinates, at least
LETTER, MARK = 0.066, 0.058  # inches of a letter of their names, and of what is written beside them
LINE = 0.045  # of the height of an axis: below it two marks run into each other
LONG = 60  # letters of the marks of an axis that lie beside each other without running together
MANY = 12  # different values of a setting whose axis has a mark for each
Floats = npt.NDArray[np.float64]


def course(found: Sweep) -> Figure:
    """What each trial reached, in the order in which they began, and the best until then."""
    figure, (axes,) = canvas(1)
    draw = drawn_on(axes, found)
    finished = [one for one in found.trials if one.finished]
    pruned = [one for one in found.trials if one.state == "pruned" and one.dev is not None]
    draw([one.number for one in pruned], pruned, color=GREY, marker="x", label="pruned")
    draw([one.number for one in finished], finished, color=BLUE, marker="o", label="finished")
    best, at, heights = None, [], []
    for one in finished:
        if best is None or found.measure.is_better(one.dev or 0.0, best):
            best = one.dev
        at.append(one.number)
        heights.append(best or 0.0)
    axes.step(at, heights, where="post", color=ORANGE, lw=1.4, label="best so far")
    if (usual := found.recommended) is not None:
        axes.axhline(usual.dev or 0.0, color=GREEN, ls="--", lw=1, label="recommended settings")
    axes.set_xlabel("trial")
    count_along(axes)
    legend(axes)
    return figure


def count_along(axes: Axes) -> None:
    """Have whole numbers only below an axis, where there is one alone, too."""
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def curves(found: Sweep) -> Figure:
    """Dev in the course of each training."""
    figure, (axes,) = canvas(1)
    told = set()
    for one in sorted(found.trials, key=lambda one: one.state != "pruned"):
        if one.number == found.best.number or not one.curve:
            continue
        name = one.state if one.state in ("pruned", "finished") else None
        at, heights = zip(*one.curve, strict=True)
        colour = BLUE if one.finished else GREY
        label = None if name in told else name
        axes.plot(at, heights, color=colour, lw=0.8, alpha=0.6, label=label)
        told.add(name)
    if found.best.curve:
        at, heights = zip(*found.best.curve, strict=True)
        axes.plot(at, heights, color=VERMILION, lw=1.8, label=f"best, trial {found.best.number}")
    ends = [one.curve[-1][1] for one in found.trials if one.curve]
    starts = [one.curve[0][1] for one in found.trials if one.finished and one.curve]
    fit(axes, found, [*ends, *starts])
    axes.set_xlabel("evaluation")
    axes.set_ylabel(dev_of(found))
    count_along(axes)
    legend(axes)
    return figure


def slices(found: Sweep) -> Figure:
    """What the trials reached, by each setting alone."""
    figure, grid = canvas(len(found.over), HIGH)
    shown = [one for one in found.trials if one.finished or one.state == "pruned"]
    shown = [one for one in shown if one.dev is not None]
    for axes, (name, span) in zip(grid, found.over.items(), strict=True):
        draw = drawn_on(axes, found)
        places, marks = places_of(name, span, found.trials)
        for state, colour, marker in (("pruned", GREY, "x"), ("finished", BLUE, "o")):
            some = [one for one in shown if one.state == state]
            at = [places(one.values[name]) for one in some]
            draw(at, some, color=colour, marker=marker, label=state)
        best = found.best
        draw([places(best.values[name])], [best], color=VERMILION, marker="*", s=110, label="best")
        axes.set_xlabel(name)
        marked(axes, span, marks)
    legend(grid[-1])
    return figure


def parallel(found: Sweep) -> Figure:
    """All settings at once: a line for each finished trial, bright for the better ones."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    names = list(found.over)
    finished = [one for one in found.trials if one.finished and one.dev is not None]
    low, high = window(found, [one.dev or 0.0 for one in finished])
    columns: list[tuple[str, Callable[[Any], float], list[tuple[float, str]]]] = []
    for name in names:
        places, marks = places_of(name, found.over[name], found.trials)
        columns.append((name, *scaled(places, marks, found.over[name])))
    apart = room_for([*names, dev_of(found)], [text for *_, m in columns for _, text in m])
    wide = max(WIDTH, apart * (len(names) + 1.4))
    figure = Canvas(figsize=(wide, 3.6), dpi=160, layout="constrained")
    axes = figure.subplots()
    order = sorted(finished, key=lambda one: rank(found, one), reverse=True)  # the best on top
    palette = mpl.colormaps["viridis"](np.linspace(0.95, 0, max(1, len(order))))
    for at, one in enumerate(order):
        heights = [place(one.values[name]) for name, place, _ in columns]
        heights.append((min(max(one.dev or 0.0, low), high) - low) / (high - low or 1.0))
        best = one.number == found.best.number
        axes.plot(
            range(len(heights)), heights, color=VERMILION if best else palette[at],
            lw=2.2 if best else 0.9, alpha=1.0 if best else 0.75, zorder=3 if best else 2,
        )  # fmt: skip
    ends = [(0.0, f"{low:.4g}"), (1.0, f"{high:.4g}")]
    for at, written in enumerate([*(marks for _, _, marks in columns), ends]):
        axes.axvline(at, color="#555555", lw=0.8, zorder=1)
        for place in spaced([height for height, _ in written], LINE):
            height, text = written[place]
            axes.annotate(
                text, (at, height), xytext=(3, 0), textcoords="offset points", fontsize=7,
                va="center", bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.6},
                zorder=4,
            )  # fmt: skip
    axes.set_xticks(range(len(names) + 1), [*names, dev_of(found)], fontsize=8)
    axes.set_yticks([])
    axes.set_xlim(-0.15, len(names) + 0.45)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return figure


def room_for(names: Sequence[str], marks: Sequence[str]) -> float:
    """Inches between two axes, so that neither their names nor their marks run into the next."""
    names_need = max(len(one) + len(other) for one, other in itertools.pairwise(names)) / 2 + 1
    marks_need = max(map(len, marks), default=0) + 2
    return max(APART, LETTER * names_need, MARK * marks_need)


def rank(found: Sweep, one: Trial) -> float:
    """Lower for a better trial."""
    value = one.dev or 0.0
    return value if found.measure.best == "lowest" else -value


def dev_of(found: Sweep) -> str:
    """What stands on the axis of what trials reach."""
    return f"{found.measure.title} on dev"


def window(found: Sweep, values: Sequence[float]) -> tuple[float, float]:
    """The values that are drawn where they are: what is far worse than most is at the edge."""
    if not values:
        return 0.0, 1.0
    held = np.sort(np.asarray(values, dtype=np.float64))
    low, high, middle = float(held[0]), float(held[-1]), float(np.median(held))
    if found.measure.best == "lowest" and high - low > NEVER * (middle - low) > 0:
        high = low + FAR * (middle - low)
    elif found.measure.best == "highest" and high - low > NEVER * (high - middle) > 0:
        low = high - FAR * (high - middle)
    return low, high


def fit(axes: Axes, found: Sweep, values: Sequence[float]) -> tuple[float, float]:
    """Show the window of some values, with a little room."""
    low, high = window(found, values)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)
    return low, high


def drawn_on(axes: Axes, found: Sweep) -> Callable[..., None]:
    """What draws trials on axes: those far off stand at the edge, as triangles."""
    every = [one.dev for one in found.trials if one.dev is not None]
    low, high = fit(axes, found, every)
    axes.set_ylabel(dev_of(found))

    def draw(at: Sequence[float], trials: Sequence[Trial], **how: Any) -> None:
        if not trials:
            return
        heights: Floats = np.array([one.dev for one in trials], dtype=np.float64)
        inside = (heights >= low) & (heights <= high)
        where = np.array(at, dtype=np.float64)
        axes.scatter(where[inside], heights[inside], **{"s": 26, "alpha": 0.85, "zorder": 3, **how})
        if not inside.all():
            edge = np.clip(heights[~inside], low, high)
            beyond = {
                **how,
                "marker": "^" if found.measure.best == "lowest" else "v",
                "label": None,
            }
            axes.scatter(where[~inside], edge, **{"s": 26, "alpha": 0.85, "zorder": 3, **beyond})

    return draw


def places_of(
    name: str, span: str, trials: Sequence[Trial]
) -> tuple[Callable[[Any], float], Mapping[float, str]]:
    """Where the values of a setting stand on an axis, and what is written there.

    Numbers of a range stand where they are, and the axis has marks of its own; choices stand side
    by side.
    """
    if ".." not in span:
        words = span.split(",")
        return (lambda value: float(words.index(word(value)))), dict(
            zip(map(float, range(len(words))), words, strict=True)
        )
    different = sorted({float(one.values[name]) for one in trials})
    whole = all(value.is_integer() for value in different)
    if whole and len(different) <= MANY // 2 and ":log" not in span:
        return float, {value: word(int(value)) for value in different}
    return float, {}


def marked(axes: Axes, span: str, marks: Mapping[float, str]) -> None:
    """Set the scale and the marks of a setting's axis."""
    from matplotlib.ticker import NullLocator

    if marks:
        places, words = list(marks), list(marks.values())
        if ".." in span:
            across = places[-1] - places[0] or 1.0
            kept = spaced([place / across for place in places], 0.08)
            places, words = [places[at] for at in kept], [words[at] for at in kept]
        axes.set_xticks(places, words)
        if sum(len(one) + 2 for one in words) > LONG:
            axes.set_xticks(places, words, rotation=30, ha="right", rotation_mode="anchor")
        room = 0.5 if ".." not in span else 0.06 * (max(marks) - min(marks)) or 0.5
        axes.set_xlim(min(marks) - room, max(marks) + room)
    elif ":log" in span:
        axes.set_xscale("log")
        left, right = axes.get_xlim()
        at = log_marks(left, right)
        axes.set_xticks(at, [f"{one:g}" for one in at])
        axes.set_xlim(left, right)
        axes.xaxis.set_minor_locator(NullLocator())


def scaled(
    places: Callable[[Any], float], marks: Mapping[float, str], span: str
) -> tuple[Callable[[Any], float], list[tuple[float, str]]]:
    """Where values stand between 0 and 1, and what is written beside the axis there."""
    turn: Callable[[float], float] = np.log if ":log" in span else float
    if marks and ".." not in span:
        ends = [min(marks), max(marks)]
    else:
        ends = [float(end) for end in span.split(":")[0].split("..")]
    low, high = (float(turn(end)) for end in ends)

    def place(value: Any) -> float:
        return (float(turn(places(value))) - low) / (high - low)

    if marks:
        return place, [((float(turn(at)) - low) / (high - low), text) for at, text in marks.items()]
    return place, [(0.0, word(ends[0])), (1.0, word(ends[1]))]
