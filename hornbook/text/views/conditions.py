"""What giving a condition saves, value by value: for which of them it tells most."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from hornbook.plots.fonts import columns
from hornbook.rendering import figure, many
from hornbook.reports import View
from hornbook.text.savings import Saving, savings_by_value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.runs import Run

__all__ = ["view_of_conditions"]

MOST = 20  # values of each condition
ROW = 0.24  # inches


def view_of_conditions(run: Run) -> View | None:
    """The view of a run's conditions; None if it has none."""
    data = run.data
    if data.conditions is None:
        return None
    split = next(
        (name for name in ("dev", "test", "train") if data.kept and name in data.sizes), ""
    )

    @cache
    def found() -> list[Saving]:
        stream = data.stream(split)
        return list(savings_by_value(run.model, stream, data.conditions, data.tokenizer, MOST))

    return View(
        "conditions",
        f"bits that each value of {', '.join(data.conditions.names)} saves per example that has it",
        lambda: draw_savings(found(), split),
        why_not="" if split else "this run is without the text that it would be measured on",
        written=lambda: in_words(found(), split),
    )


def in_words(found: Sequence[Saving], split: str) -> str:
    """A line for each value, as aligned text."""
    wide = max(columns(one.given) for one in found)
    lines = [
        f"  {one.given}{' ' * (wide - columns(one.given))}  {figure(one.bits, 3):>8}{one.range}, "
        f"{many(one.examples, 'example')}"
        for one in found
    ]
    return "\n".join([f"Bits that each value saves per example of {split} that has it:", *lines])


def draw_savings(found: Sequence[Saving], split: str) -> Figure:
    """Bars with their intervals, in the order of the values."""
    from matplotlib.figure import Figure

    size = (7.2, 1.1 + ROW * len(found))
    drawn = Figure(figsize=size, dpi=100, layout="constrained")
    axes = drawn.subplots()
    places = range(len(found))
    axes.barh(places, [one.bits for one in found], color="#9ecae1")
    for place, one in zip(places, found, strict=True):
        if one.interval is not None:
            ends = (one.interval.low, one.interval.high)
            axes.plot(ends, (place, place), color="#3b3b3b", linewidth=1.2)
    axes.axvline(0, color="#3b3b3b", linewidth=0.8)
    axes.set_yticks(places, [f"{one.given} ({one.examples:,})" for one in found])
    axes.invert_yaxis()
    axes.set_xlabel(f"bits saved per example of {split}, with 95 % intervals")
    axes.spines[["top", "right"]].set_visible(False)
    return drawn
