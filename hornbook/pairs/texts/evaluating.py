"""How good a finished run on texts is: on its splits or on a file, greedily and by beam search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt

from hornbook.errors import SettingsError
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.evaluation import Floats, Said, said_to, some, sums_of
from hornbook.pairs.models.contract import SequenceModel, Writer
from hornbook.pairs.texts.of_file import side_of_file
from hornbook.pairs.texts.pace import Timed
from hornbook.records import JSON
from hornbook.rendering import figure, many
from hornbook.settings import Bounds, Settings
from hornbook.statistics import Interval, difference_interval, ends_of, ratio_interval, wilson

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["WriterEvaluation", "WriterFigures", "figures_of", "report_of"]


@dataclass(frozen=True)
class WriterEvaluation(Settings):
    """What is measured, and how answers are found."""

    data: str | None = None
    "File of pairs, in place of the run's own splits."
    method: Literal["greedy", "beam"] = "greedy"
    """greedy: the most likely token at each step. beam: beam search as well, beside it, on
    splits that are held out."""
    beams: Annotated[int, Bounds(1, 1_000)] = 5
    "Beginnings that beam search follows at a time."
    length_penalty: Annotated[float, Bounds(0, 10)] = 0.6
    "Beam search ranks answers by ln p / ((5 + tokens) / 6)^length_penalty."
    longest: Annotated[int, Bounds(0, 10**6)] = 0
    "Most tokens of an answer (0: twice the longest target of train, or of the source if longer)."
    limit: Annotated[int, Bounds(0, 10**9)] = 0
    "Ask for the answers to so many sources of each split, evenly spread (0: all)."
    source_column: str | None = None
    "Column of the file with what is given; by default as in training."
    target_column: str | None = None
    "Column of the file with the text that is right; by default as in training."
    bad_rows: Literal["refuse", "skip"] = "refuse"
    """Rows of the file that cannot be read, or have a character that the run does not know. skip:
    leave them out, and say how many there were."""
    longest_text: Annotated[int, Bounds(0, 10**8)] = 0
    "Most characters of a text of the file (0: as in training)."
    encoding: str = "auto"
    "Text encoding of the file. auto: UTF-8, or what a byte order mark says."

    def __post_init__(self) -> None:
        super().__post_init__()
        beside = ("source_column", "target_column", "bad_rows", "longest_text", "encoding")
        self.refuse_unless(self.data is not None, beside, "`data`")
        self.refuse_unless(self.method == "beam", ("beams", "length_penalty"), "`method=beam`")

    @property
    def greedy(self) -> Decoding:
        """How the likeliest tokens are found."""
        return Decoding(longest=self.longest)

    @property
    def beam(self) -> Decoding:
        """How beams are searched."""
        return Decoding(
            "beam", beams=self.beams, length_penalty=self.length_penalty, longest=self.longest
        )


@dataclass(frozen=True)
class WriterFigures:
    """All figures of a split."""

    said: Said
    nats: tuple[Floats, Floats] | None = None
    "What each target costs, and its tokens; None of a model without probabilities."
    remarks: tuple[str, ...] = ()

    def part(self, which: npt.NDArray[np.bool_]) -> WriterFigures:
        """The figures of some sources, shape (N,)."""
        at = np.flatnonzero(which).tolist()
        whole = self.said
        said = Said(
            tuple(whole.sources[one] for one in at),
            tuple(whole.right[one] for one in at),
            tuple(whole.said[one] for one in at),
        )
        nats = None if self.nats is None else (self.nats[0][at], self.nats[1][at])
        return WriterFigures(said, nats)

    def as_dict(self) -> dict[str, JSON]:
        """The figures by name, with intervals over sources."""
        said = self.said
        low, high = wilson(len(said.sources), said.exact)
        found: dict[str, JSON] = {
            "character_errors": said.character_errors,
            **ends_of(ratio_interval(said.edits, said.lengths), "character_errors"),
            "exact": said.exact,
            **Interval(low, high).ends("exact"),
        }
        if self.nats is not None and self.nats[1].any():
            sums, counts = self.nats
            found |= {"nats_per_token": float(sums.sum() / counts.sum()),
                      **ends_of(ratio_interval(sums, counts), "nats_per_token")}  # fmt: skip
        return {**found, "sources": len(said.sources)}


def report_of(run: Run, settings: WriterEvaluation) -> dict[str, WriterFigures]:
    """All figures of a finished run, by split, or of a file.

    Those of beam search stand beside the greedy ones, in rows of their own.

    Raises:
        DataError: if the data are not kept, or the file cannot be read.
        SettingsError: if beams are asked for of a model without probabilities.
    """
    model, data = run.model, run.data
    if settings.method == "beam" and not isinstance(model, SequenceModel):
        raise SettingsError(
            f"`method` has no effect here: {run.family} has no probabilities to search by.",
            hint="Leave `method` out, or ask a net.",
            setting="method",
        )
    if settings.data is not None:
        where, side, remarks = side_of_file(run, settings)
        found = figures_of(model, data, {where: side}, settings, remarks)
        return by_length(found, data)
    data.side("train")  # asked, so that data that are gone are told
    return figures_of(model, data, data.splits, settings)


def figures_of(
    model: Writer,
    data: PairData,
    sides: dict[str, Side],
    settings: WriterEvaluation,
    remarks: tuple[str, ...] = (),
) -> dict[str, WriterFigures]:
    """All figures of a model on pairs, by name.

    Args:
        model: finished.
        data: that it was made for.
        sides: pairs by name, `train` first if there are others.
        settings: what is measured.
        remarks: told beside the first.
    """
    found: dict[str, WriterFigures] = {}
    timed = Timed(model) if isinstance(model, SequenceModel) else None
    for name, whole in sides.items():
        side = asked_of(data, whole, settings.limit)
        said = said_to(model, data, side, how=settings.greedy, timed=timed)
        nats = None
        if isinstance(model, SequenceModel):
            nats = nats_by_source(model, data, side)
        found[name] = WriterFigures(said, nats, remarks)
        remarks = ()
        if settings.method == "beam" and (name != "train" or len(sides) == 1):
            beam = said_to(model, data, side, how=settings.beam)
            told = (beside(beam, said, name),)
            found[f"{name}, {many(settings.beams, 'beam')}"] = WriterFigures(beam, None, told)
    if timed is not None:
        last = next(reversed(found))
        pace = f"Greedily, many sources at once: {timed.told()}."
        found[last] = replace(found[last], remarks=(*found[last].remarks, pace))
    return found


def asked_of(data: PairData, side: Side, limit: int) -> Side:
    """The pairs of about `limit` sources, evenly spread; all if it is 0."""
    owners = data.owners(side.sources)
    asked = some(list(range(owners.max() + 1)), limit)
    at = np.flatnonzero(np.isin(owners, asked)).tolist()
    return Side(tuple(side.sources[one] for one in at), tuple(side.targets[one] for one in at))


def by_length(found: dict[str, WriterFigures], data: PairData) -> dict[str, WriterFigures]:
    """The figures of a file; if only some of its sources are longer than any of train, apart too.

    How well a model goes on to lengths that it has never seen is another question than how well it
    does what it has learned.
    """
    apart: dict[str, WriterFigures] = {}
    most = data.shape.longest_source
    for name, one in found.items():
        apart[name] = one
        longer = np.array([len(data.read(text)) > most for text in one.said.sources])
        if longer.any() and not longer.all():
            apart[f"{name}, no longer than in train"] = one.part(~longer)
            apart[f"{name}, longer than in train"] = one.part(longer)
    return apart


def nats_by_source(
    model: SequenceModel, data: PairData, side: Side
) -> tuple[Floats, Floats] | None:
    """What the targets of each source cost together, and their tokens; each shape (sources,).

    Targets with a character that the run cannot write have no probability, and are left out; None
    if no other is there.
    """
    sources, targets, owners = [], [], []
    numbers = data.owners(side.sources)
    for number, given, said in zip(numbers.tolist(), side.sources, side.targets, strict=True):
        ids = data.written(said)
        if ids is not None:
            owners.append(number)
            sources.append(data.read(given))
            targets.append(ids)
    if not owners:
        return None
    sums, counts = sums_of(model, data, sources, targets)
    at, n = np.array(owners), int(numbers.max()) + 1
    own = [np.bincount(at, one, minlength=n).astype(np.float64) for one in (sums, counts)]
    return own[0], own[1]


def beside(beam: Said, greedy: Said, name: str) -> str:
    """How far beam search is from greedy, on the same sources, in a sentence."""
    one, other = ((said.edits == 0).astype(np.float64) for said in (beam, greedy))
    apart = float(one.mean() - other.mean())
    told = f"Beam search less greedy on {name}: {100 * apart:+.2f} points of exact answers"
    interval = difference_interval(one, other)
    if interval is None:
        return f"{told}."
    low, high = (figure(100 * end, 2, sign=True) for end in (interval.low, interval.high))
    chance = "; the difference may be chance" if 0 in interval else ""
    return f"{told} ({low} to {high}{chance})."
