"""What a run on texts shows people: a sentence, some sources with answers, what to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hornbook.actions import Action
from hornbook.pairs.evaluation import NOTHING, Said, said_on
from hornbook.pairs.models.contract import SequenceModel
from hornbook.rendering import many, one_line
from hornbook.reports import MarkedSample, Samples, Table

if TYPE_CHECKING:
    from hornbook.pairs.data import PairData
    from hornbook.pairs.models.contract import Writer
    from hornbook.runs import Run

__all__ = ["introduction", "next_steps", "preview", "samples", "shown"]

PREVIEWED, SHOWN = 4, 8  # sources
SHORT, LONG = 24, 60  # characters of a text


def introduction(run: Run) -> str:
    """What the model has learned, and from what, for a reader who does not know the field."""
    data: PairData = run.data
    source, target = (one_line(name, SHORT) for name in data.columns)
    return (
        f"This model has learned from {many(data.shape.pairs, 'pair')} of {run.record.data.name} "
        f"to answer a text ({source}) with the text that belongs to it ({target})."
    )


def some_said(model: Writer, data: PairData, n: int) -> tuple[str, Said]:
    """A split, and what is said to some of its sources, evenly spread."""
    split = "dev" if "dev" in data.sizes else "train"
    return split, said_on(model, data, split, n)


def preview(model: Writer, data: PairData) -> Sequence[str]:
    """Some sources while the model is trained: what is said, and what is right if that is not."""
    found = some_said(model, data, PREVIEWED)[1]
    lines = []
    for source, said, (edits, right) in zip(found.sources, found.said, found.nearest, strict=True):
        wanted = f" (right: {one_line(right, SHORT)})" if edits else ""
        lines.append(f"{one_line(source, SHORT)} → {one_line(said, SHORT) or NOTHING}{wanted}")
    return lines


def samples(run: Run) -> Samples | None:
    """Some sources with what is said to them; None without the data."""
    data: PairData = run.data
    if not data.kept:
        return None
    split, found = some_said(run.model, data, SHOWN)
    made = tuple(
        MarkedSample(
            f"{one_line(source, LONG)} → {one_line(said, LONG) or NOTHING}",
            mark="right" if not edits else f"right: {one_line(right, LONG)}",
        )
        for source, said, (edits, right) in zip(
            found.sources, found.said, found.nearest, strict=True
        )
    )
    about = f"Sources of {split}, evenly spread, and after the arrow what the model says to them."
    return Samples(about, made, title="What it says", one="answer")


def shown(run: Run) -> Sequence[str | Table]:
    """The same as a table."""
    data: PairData = run.data
    if not data.kept:
        return ()
    _, found = some_said(run.model, data, SHOWN)
    rows = tuple(
        (one_line(source, LONG), one_line(said, LONG) or NOTHING, one_line(right, LONG), f"{edits}")
        for source, said, (edits, right) in zip(
            found.sources, found.said, found.nearest, strict=True
        )
    )
    return (Table((one_line(data.columns[0], SHORT), "said", "right", "edits"), rows, left=3),)


def next_steps(run: Run) -> Sequence[Action]:
    """Translate; by beam search where there are probabilities."""
    path, data = str(run.path), run.data
    if not data.kept:
        return [Action("translate", (path, "TEXT"))]
    split = "dev" if "dev" in data.sizes else "train"
    source = min(data.side(split).sources[:20], key=len)
    steps = [Action("translate", (path, source))]
    if isinstance(run.model, SequenceModel):
        steps.append(Action("translate", (path, source), {"method": "beam", "n": 3}))
    return steps
