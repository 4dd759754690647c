"""What a run on labels shows people: a sentence, some texts with their labels, what to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hornbook.actions import Action
from hornbook.rendering import clip, many, probability
from hornbook.reports import MarkedSample, Samples, Table

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.pairs.models.contract import Labeller
    from hornbook.runs import Run

__all__ = ["introduction", "next_steps", "preview", "samples", "shown"]

PREVIEWED, SHOWN, TOLD = 4, 8, 4
TEXT, LABEL = 40, 24  # characters


def introduction(run: Run) -> str:
    """What the model has learned, and from what, for a reader who does not know the field."""
    data: PairData = run.data
    labels = ", ".join(clip(label, LABEL) for label in data.labels[:TOLD])
    more = ", …" if len(data.labels) > TOLD else ""
    return (
        f"This model has learned from {many(data.shape.pairs, 'text')} of {run.record.data.name} "
        f"which of {len(data.labels)} labels ({labels}{more}) a text has."
    )


def some_texts(
    model: Labeller, data: PairData, n: int
) -> tuple[str, list[tuple[str, str, str, float]]]:
    """A split, and some texts of it, evenly spread: with the label, the likeliest, and its p."""
    split = "dev" if "dev" in data.sizes else "train"
    side, sources = data.side(split), data.sources(split)
    places = np.unique(np.linspace(0, len(side) - 1, min(n, len(side))).astype(int)).tolist()
    found = np.exp(model.log_probabilities([sources[at] for at in places]))
    return split, [
        (side.sources[at], side.targets[at], data.labels[row.argmax()], float(row.max()))
        for at, row in zip(places, found, strict=True)
    ]


def preview(model: Labeller, data: PairData) -> Sequence[str]:
    """Some texts while the model is trained: their label, and what is predicted."""
    return [arrow(*one) for one in some_texts(model, data, PREVIEWED)[1]]


def arrow(text: str, right: str, said: str, chance: float) -> str:
    """A text with its label, and the one that is predicted."""
    return f"{clip(text, TEXT)}: {clip(right, LABEL)} → {clip(said, LABEL)} ({probability(chance)})"


def samples(run: Run) -> Samples | None:
    """Some texts with their labels; None without the data."""
    data: PairData = run.data
    if not data.kept:
        return None
    split, found = some_texts(run.model, data, SHOWN)
    made = tuple(MarkedSample(arrow(*one)) for one in found)
    about = (
        f"Texts of {split}, evenly spread: each with its label, and after the arrow the most "
        "likely one by the model, with its probability."
    )
    return Samples(about, made, title="What it predicts", one="predicted label")


def shown(run: Run) -> Sequence[str | Table]:
    """The same as a table."""
    data: PairData = run.data
    if not data.kept:
        return ()
    _, found = some_texts(run.model, data, SHOWN)
    rows = tuple(
        (clip(text, TEXT), clip(right, LABEL), clip(said, LABEL), probability(chance))
        for text, right, said, chance in found
    )
    heads = (*(clip(name, LABEL) for name in data.columns), "predicted", "probability")
    return (Table(heads, rows, left=3),)


def next_steps(run: Run) -> Sequence[Action]:
    """Ask for the labels of other texts."""
    return [Action("classify", (str(run.path), "TEXT"))]
