"""The views of a run on texts, and why one cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from hornbook.errors import SettingsError
from hornbook.pairs.data import PairData
from hornbook.pairs.models.contract import SequenceModel
from hornbook.pairs.options import longest_of
from hornbook.pairs.texts.views.alignment import alignment_of, draw_alignment
from hornbook.pairs.texts.views.confused import draw_confused, table_of_confused
from hornbook.pairs.texts.views.lengths import draw_lengths, table_of_lengths
from hornbook.pairs.texts.views.seen import Seen
from hornbook.pairs.texts.views.worst import draw_edits, table_of_worst, told_of_edits
from hornbook.plots.fonts import columns
from hornbook.rendering import one_line
from hornbook.reports import Table, View
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["WriterViews", "views_of"]

WRITTEN = 8  # rows of a table in a terminal


@dataclass(frozen=True)
class WriterViews(Settings):
    """What the pictures are of."""

    data: str | None = None
    "File of pairs to show in place of the dev split: longer ones than in train, for example."
    asked: Annotated[int, Bounds(1, 10**7)] = 1_000
    "Most sources that are answered for the pictures, evenly spread."
    text: str = ""
    "Source that the alignment is shown for; by default one of dev of about the median length."
    worst: Annotated[int, Bounds(1, 1_000)] = 20
    "Answers that are listed, the worst ones."


def views_of(run: Run, settings: WriterViews) -> list[View]:
    """The views of a finished run; one that this model does not have says why."""
    data: PairData = run.data
    seen = Seen(run, settings.data, settings.asked)
    gone = ""
    if settings.data is None and not data.kept:
        gone = "it needs the data, or a file of pairs"
    text = settings.text.strip() or ("" if gone else typical(seen))
    unlooked = "" if isinstance(run.model, SequenceModel) else "this model has no attention"
    if not unlooked and not text:
        unlooked = "it needs a source: set `text`"
    if len(text) > (most := longest_of(0, run.record.options, labels=False)):
        raise SettingsError(
            f"`text` has {len(text):,} characters; at most {most:,} are read.",
            hint="Give a shorter text: a picture of it could hardly be seen.",
            setting="text",
        )
    if text:
        data.read(text)  # a source that cannot be read is refused before anything is drawn
    return [
        View(
            "worst",
            "how many edits the answers need, and the worst mistakes",
            lambda: draw_edits(seen),
            why_not=gone,
            written=lambda: written_worst(seen, settings.worst),
            tabled=lambda: table_of_worst(seen, settings.worst),
        ),
        View(
            "lengths",
            "how many answers are right by the length of the source",
            lambda: draw_lengths(seen),
            why_not=gone,
            tabled=lambda: table_of_lengths(seen),
        ),
        View(
            "confused",
            "which characters are said in the place of which",
            lambda: draw_confused(seen),
            why_not=gone,
            tabled=lambda: table_of_confused(seen),
        ),
        View(
            "alignment",
            f"where the decoder looks in the source while it says each token: {one_line(text)}",
            lambda: draw_alignment(alignment_of(run.model, data, text), text),
            why_not=unlooked,
        ),
    ]


def typical(seen: Seen) -> str:
    """A source of about the median length."""
    if seen.file is not None:
        sources = list(seen.said.sources)
    else:
        sources = list(seen.data.side(seen.split).sources[: seen.limit])
    return sorted(sources, key=len)[len(sources) // 2]


def written_worst(seen: Seen, rows: int) -> str:
    """How many answers are right, and the worst as lines."""
    table = table_of_worst(seen, min(rows, WRITTEN))
    if not table.rows:
        return f"{told_of_edits(seen)}."
    return "\n".join([f"{told_of_edits(seen)}. The worst:", *aligned(table)])


def aligned(table: Table) -> list[str]:
    """The lines of a table, each column as wide as its widest cell."""
    lines = [table.heads, *table.rows]
    wide = [max(columns(row[at]) for row in lines) for at in range(len(table.heads))]
    return [
        "  " + "  ".join(cell + " " * (width - columns(cell))
                         for cell, width in zip(row, wide, strict=True)).rstrip()
        for row in lines
    ]  # fmt: skip
