"""Pictures of a model of labels: which it takes for which, how sure it is, where it errs most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import numpy as np

from hornbook.inspection.digits import percent
from hornbook.inspection.reliability import draw_reliability, write_reliability
from hornbook.pairs.labels.evaluation import label_scores
from hornbook.plots.drawing import drawing
from hornbook.rendering import clip, many, one_line, probability
from hornbook.reports import Table, View
from hornbook.settings import Bounds, Settings
from hornbook.tasks.scores import ClassScores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.pairs.data import PairData
    from hornbook.runs import Run

__all__ = ["Seen", "ViewSettings", "views_of"]

GONE = "it needs the texts, and this run is without its data"
LABEL, TEXT = 24, 60  # characters
LISTED = 5  # worst texts, and pairs of labels, in a terminal
SURE = 0.5  # of a row of the confusion, from which on white letters are read better


@dataclass(frozen=True)
class ViewSettings(Settings):
    """What the pictures are of."""

    worst: Annotated[int, Bounds(1, 1_000)] = 20
    "How many of the worst texts are listed."
    drawn: Annotated[int, Bounds(2, 200)] = 30
    "Labels in the picture of the confusion, the most frequent first."


class Seen:
    """A run on dev, or on train where there is no dev.

    Args:
        run: with its data.
        settings: of the pictures.
    """

    def __init__(self, run: Run, settings: ViewSettings) -> None:
        self.run, self.settings = run, settings
        self.data: PairData = run.data

    @property
    def split(self) -> str:
        """That the pictures are of."""
        return "dev" if "dev" in self.data.sizes else "train"

    @property
    def told(self) -> str:
        """What they are of, for people."""
        return f"{many(self.data.sizes[self.split], 'text')} of {self.split}"

    @cached_property
    def scores(self) -> ClassScores:
        """Probabilities of all labels for all texts."""
        return label_scores(self.run.model, self.data, self.split)

    def mistaken(self) -> list[tuple[int, int, int]]:
        """Texts, their label, and the one that it was taken for; the most texts first."""
        table = self.scores.confusion.copy()
        np.fill_diagonal(table, 0)
        found = [(int(table[a, b]), int(a), int(b)) for a, b in np.argwhere(table)]
        return sorted(found, key=lambda one: (-one[0], one[1:]))


def views_of(run: Run, settings: ViewSettings) -> Sequence[View]:
    """The views of a finished run; one that cannot be had says why."""
    seen = Seen(run, settings)
    gone = "" if run.data.kept else GONE
    labels = run.data.labels
    return [
        View(
            "confusion",
            "which labels are taken for which",
            lambda: draw_confusion(seen),
            gone,
            lambda: write_confusion(seen),
        ),
        View(
            "calibration",
            "how often what was predicted with some probability came true",
            lambda: draw_reliability(seen.scores, labels, seen.told, "texts"),
            gone,
            lambda: write_reliability(seen.scores, labels, seen.told, "text"),
        ),
        View(
            "worst",
            "the worst mistakes",
            lambda: draw_losses(seen),
            gone,
            lambda: write_worst(seen),
            lambda: table_of_worst(seen, settings.worst),
        ),
    ]


def write_confusion(seen: Seen) -> str:
    """How many are right, and the commonest mistakes."""
    scores, labels = seen.scores, seen.data.labels
    there = scores.confusion.sum(1)
    lines = [f"{percent(float(scores.right.mean()), 0.001)} right, {seen.told}."]
    lines += [
        f"  {clip(labels[right], LABEL)} taken for {clip(labels[said], LABEL)}: "
        f"{many(n, 'text')} of {there[right]:,}"
        for n, right, said in seen.mistaken()[:LISTED]
    ]
    if len(lines) == 1:
        lines.append("  none is taken for another")
    return "\n".join(lines)


@drawing()
def draw_confusion(seen: Seen) -> Figure:
    """A row for each label, a column for each prediction; shares of the row, numbers of texts."""
    from matplotlib.figure import Figure

    n = min(seen.settings.drawn, len(seen.data.labels))
    table = seen.scores.confusion[:n, :n]
    shares = table / np.maximum(seen.scores.confusion[:n].sum(1, keepdims=True), 1)
    names = [clip(one, LABEL) for one in seen.data.labels[:n]]
    side = max(4.0, 1.8 + 0.42 * n)
    figure = Figure(figsize=(side + 0.6, side), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(n), names, rotation=90 if n > 4 else 0, fontsize=8)
    axes.set_yticks(range(n), names, fontsize=8)
    for row, column in np.argwhere(table):
        axes.text(
            column, row, f"{table[row, column]:,}", ha="center", va="center", fontsize=7,
            color="white" if shares[row, column] > SURE else "black",
        )  # fmt: skip
    axes.set_ylabel("label")
    axes.set_xlabel("predicted")
    more = f"; the {n} most frequent labels" if n < len(seen.data.labels) else ""
    axes.set_title(f"{seen.told}{more}", fontsize=9, loc="left", x=0)
    return figure


def table_of_worst(seen: Seen, n: int) -> Table:
    """Texts that are taken for another label, those whose own was least expected first."""
    scores, labels, side = seen.scores, seen.data.labels, seen.data.side(seen.split)
    order = np.argsort(-scores.losses, kind="stable")
    wrong = order[~scores.right[order]]
    rows = []
    for at in wrong[:n].tolist():
        chances, right = scores.probabilities[at], int(scores.target[at])
        rows.append((
            one_line(side.sources[at], TEXT), clip(labels[right], LABEL),
            clip(labels[int(chances.argmax())], LABEL), probability(float(chances[right]), 2),
        ))  # fmt: skip
    heads = (*(clip(name, LABEL) for name in seen.data.columns), "predicted",
             "probability of the label")  # fmt: skip
    return Table(heads, tuple(rows), left=3, beyond=len(wrong) - len(rows))


def write_worst(seen: Seen) -> str:
    """The worst few, a line each."""
    found = table_of_worst(seen, LISTED)
    if not found.rows:
        return f"No mistakes in {seen.told}."
    lines = [f"Mistakes in {seen.told}, the label that was least expected first:"]
    lines += [f"  {text}: {right} ({chance}), taken for {said}"
              for text, right, said, chance in found.rows]  # fmt: skip
    lines += [f"  and {many(found.beyond, 'other')}"] if found.beyond else []
    return "\n".join(lines)


@drawing()
def draw_losses(seen: Seen) -> Figure:
    """How many texts cost how much."""
    from hornbook.plots.colours import BLUE
    from hornbook.plots.panels import canvas

    losses = seen.scores.losses
    figure, (axes,) = canvas(1, 3.6)
    axes.hist(losses, bins=40, color=BLUE, log=True)
    axes.axvline(float(losses.mean()), color="black", linewidth=1)
    axes.set_xlabel("loss of a text in nats; the line is the mean")
    axes.set_ylabel("texts")
    axes.set_title(seen.told, fontsize=9, loc="left", x=0)
    return figure
