"""How good a model of pairs is: what it says beside what is right, and what each token costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.pairs.batches import pair_batch
from hornbook.pairs.data import PairData
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import PairModel, SequenceModel, Writer
from hornbook.records import JSON
from hornbook.statistics import ends_of, ratio_interval
from hornbook.tasks import Figures

__all__ = ["Said", "WriterFigures", "evaluate", "mean_loss", "report", "said_on"]

AT_ONCE = 64  # pairs whose losses are measured together
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Said:
    """What a model said to some sources, each once, beside what is right.

    A source may have several right answers; what is said is held against the nearest.
    """

    sources: tuple[str, ...]
    right: tuple[tuple[str, ...], ...]
    "All targets of each source in the split."
    said: tuple[str, ...]

    @cached_property
    def nearest(self) -> list[tuple[int, str]]:
        """For each source the edits between what was said and the nearest right answer, and it."""
        from rapidfuzz.distance import Levenshtein

        return [
            min((Levenshtein.distance(said, one), one) for one in right)
            for said, right in zip(self.said, self.right, strict=True)
        ]

    @cached_property
    def edits(self) -> Floats:
        """Characters to insert, delete or replace, shape (N,)."""
        return np.array([edits for edits, _ in self.nearest], np.float64)

    @cached_property
    def lengths(self) -> Floats:
        """Characters of the right answers, shape (N,)."""
        return np.array([max(1, len(one)) for _, one in self.nearest], np.float64)

    @property
    def character_errors(self) -> float:
        """Edits per character of the right answers."""
        return float(self.edits.sum() / self.lengths.sum())

    @property
    def exact(self) -> float:
        """Share of the answers that are right to the letter."""
        return float((self.edits == 0).mean())


def said_on(
    model: Writer, data: PairData, split: str, limit: int = 0, how: Decoding | None = None
) -> Said:
    """What a model says to the sources of a split.

    Args:
        model: that writes.
        data: that it was made for.
        split: by name.
        limit: ask about so many sources, evenly spread (0: all).
        how: to search; greedily, if not said.
    """
    side = data.side(split)
    right: dict[str, list[str]] = {}
    for given, target in zip(side.sources, side.targets, strict=True):
        right.setdefault(given, []).append(data.writing.as_read(target))
    sources = some(list(right), limit)
    answers = model.answers([data.read(text) for text in sources], how or Decoding())
    said = [data.writing.decode(one[0].ids) for one in answers]
    return Said(tuple(sources), tuple(tuple(right[one]) for one in sources), tuple(said))


def some(values: list[Any], limit: int) -> list[Any]:
    """About `limit` of them, evenly spread; all if it is 0 or there are no more."""
    if not 0 < limit < len(values):
        return values
    return [values[at] for at in np.linspace(0, len(values) - 1, limit).astype(int)]


def token_sums(
    model: SequenceModel, data: PairData, split: str, limit: int = 0
) -> tuple[Floats, Floats]:
    """What each target of a split costs in nats, and how many tokens it has; each shape (N,)."""
    sources, targets = data.sources(split), data.targets(split)
    places = some(list(range(len(sources))), limit)
    places.sort(key=lambda at: (len(sources[at]), len(targets[at])))
    sums, counts = [], []
    begin = data.writing.vocabulary.start
    for first in range(0, len(places), AT_ONCE):
        at = places[first : first + AT_ONCE]
        batch = pair_batch([sources[one] for one in at], [targets[one] for one in at], begin)
        sums.append(model.token_losses(batch.sources, batch.inputs, batch.targets).sum(1))
        counts.append(np.array([len(targets[one]) for one in at], np.float64))
    return np.concatenate(sums), np.concatenate(counts)


def mean_loss(model: SequenceModel, data: PairData, split: str, limit: int = 0) -> float:
    """Nats per token of the targets of a split, boundaries counted."""
    sums, counts = token_sums(model, data, split, limit)
    return float(sums.sum() / counts.sum())


def evaluate(model: PairModel, data: PairData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split, or on about `limit` pairs of it."""
    assert isinstance(model, Writer)
    said = said_on(model, data, split, limit)
    loss = mean_loss(model, data, split, limit) if isinstance(model, SequenceModel) else None
    measures = {"character_errors": said.character_errors, "exact": said.exact}
    return Figures(loss, measures, len(said.sources))


@dataclass(frozen=True)
class WriterFigures:
    """All figures of a split."""

    said: Said
    nats: tuple[Floats, Floats] | None
    "What each target costs, and its tokens; None of a model without probabilities."

    def as_dict(self) -> dict[str, JSON]:
        """The figures by name, with intervals over sources."""
        said = self.said
        errors = ratio_interval(said.edits, said.lengths)
        right = (said.edits == 0).astype(np.float64)
        found: dict[str, JSON] = {
            "character_errors": said.character_errors,
            **ends_of(errors, "character_errors"),
            "exact": said.exact,
            **ends_of(ratio_interval(right, np.ones(len(right)), most=1), "exact"),
        }
        if self.nats is not None:
            sums, counts = self.nats
            found |= {"nats_per_token": float(sums.sum() / counts.sum()),
                      **ends_of(ratio_interval(sums, counts), "nats_per_token")}  # fmt: skip
        return {**found, "sources": len(said.sources)}


def report(model: PairModel, data: PairData) -> dict[str, WriterFigures]:
    """All figures of a finished model, by split.

    Raises:
        DataError: if the data are not kept.
    """
    data.side("train")  # asked, so that data that are gone are told
    assert isinstance(model, Writer)
    found = {}
    for split in data.splits:
        nats = token_sums(model, data, split) if isinstance(model, SequenceModel) else None
        found[split] = WriterFigures(said_on(model, data, split), nats)
    return found
