"""How close samples are to train, beside held-out data: the picture on the page."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from hornbook.plots.colours import BLUE, GREEN
from hornbook.plots.panels import canvas, legend
from hornbook.reports import View
from hornbook.text.memorising import Memorising, memorising
from hornbook.text.memorising_told import evidence_table, told

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.runs import Run

__all__ = ["view_of_novelty"]

LINES, TEXTS, LENGTH = 200, 5, 400  # samples; tokens of a text
ROWS = 5  # samples beside what they are nearest to
MOST = 12  # edits that have a bar of their own


def view_of_novelty(run: Run) -> View:
    """The view of what a run repeats of its data."""
    data = run.data
    lines = data.kind == "lines"

    @cache
    def found() -> Memorising:
        return memorising(run, LINES if lines else TEXTS, longest=0 if lines else LENGTH)

    why_not = "" if data.kept else "this run is without the data that samples are held against"
    what = "edits from samples to the nearest example of train" if lines else (
        "the longest passages of samples that stand in train"
    )  # fmt: skip
    return View(
        "novelty",
        f"{what}, beside those of held-out data",
        lambda: draw(found()),
        why_not=why_not,
        written=lambda: told(found()),
        tabled=lambda: evidence_table(found(), ROWS),
    )


def draw(found: Memorising) -> Figure:
    """Shares of the samples and of held-out data, by edits or by length of the passage."""
    drawn, (axes,) = canvas(1)
    if found.copied is not None:
        both = {"samples": found.copied.lengths, "held out": found.copied.held_lengths}
        top = max(max(lengths, default=1) for lengths in both.values())
        bins = np.linspace(0, top + 1, min(20, top + 1) + 1)
        for (name, lengths), colour in zip(both.items(), (BLUE, GREEN), strict=True):
            if lengths:
                weights = np.full(len(lengths), 1 / len(lengths))
                axes.hist(lengths, bins=bins.tolist(), weights=weights, color=colour,
                          alpha=0.55, label=name)  # fmt: skip
        axes.set_xlabel("characters of the longest passage that train has")
    else:
        edits = {"samples": found.edits, "held out": found.held_edits}
        for place, ((name, counts), colour) in enumerate(
            zip(edits.items(), (BLUE, GREEN), strict=True)
        ):
            if counts:
                shares = np.bincount(np.minimum(counts, MOST), minlength=MOST + 1) / len(counts)
                at = np.arange(MOST + 1) + (place - 0.5) * 0.4
                axes.bar(at, shares, width=0.4, color=colour, label=name)
        labels = [str(number) for number in range(MOST)]
        axes.set_xticks(range(MOST + 1), [*labels, f"{MOST}+"])
        axes.set_xlabel("edits to the nearest example of train")
    axes.set_ylabel("share")
    legend(axes)
    return drawn
