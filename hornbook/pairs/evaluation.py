"""How good a model of pairs is: what it says beside what is right, and what each token costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.pairs.batches import pair_batch
from hornbook.pairs.data import PairData, Side
from hornbook.pairs.decoding import Decoding
from hornbook.pairs.models.contract import PairModel, SequenceModel, Writer
from hornbook.pairs.rows import Ids, batched
from hornbook.pairs.search import found_by
from hornbook.pairs.texts.pace import Timed
from hornbook.tasks import Figures

__all__ = ["NOTHING", "Said", "evaluate", "mean_loss", "said_on", "said_to", "some", "sums_of",
           "token_sums"]  # fmt: skip

NOTHING = "(nothing)"  # what people are shown in the place of an empty answer
ASKED = 200  # sources at most that are answered in a look between steps
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
    return said_to(model, data, data.side(split), limit, how)


def said_to(
    model: Writer, data: PairData, side: Side, limit: int = 0, how: Decoding | None = None,
    timed: Timed | None = None,
) -> Said:  # fmt: skip
    """What a model says to sources, each asked once: of those that read the same the first.

    Args:
        model: that writes.
        data: that it was made for.
        side: sources with their targets.
        limit: ask about so many sources, evenly spread (0: all).
        how: to search; greedily, if not said.
        timed: takes the time, in place of the model itself.
    """
    firsts: list[str] = []
    right: list[list[str]] = []
    owners = data.owners(side.sources).tolist()
    for owner, given, target in zip(owners, side.sources, side.targets, strict=True):
        if owner == len(firsts):
            firsts.append(given)
            right.append([])
        right[owner].append(data.writing.as_read(target))
    asked, how = some(list(range(len(firsts))), limit), how or Decoding()
    sources = tuple(firsts[one] for one in asked)
    ids = [data.read(text) for text in sources]
    answers = model.answers(ids, how) if timed is None else found_by(timed, ids, how)
    said = [data.writing.decode(one[0].ids) for one in answers]
    return Said(sources, tuple(tuple(right[one]) for one in asked), tuple(said))


def some(values: list[Any], limit: int) -> list[Any]:
    """About `limit` of them, evenly spread; all if it is 0 or there are no more."""
    if not 0 < limit < len(values):
        return values
    return [values[at] for at in np.linspace(0, len(values) - 1, limit).astype(int)]


def token_sums(
    model: SequenceModel, data: PairData, split: str, limit: int = 0
) -> tuple[Floats, Floats]:
    """What each target of a split costs in nats, and how many tokens it has; each shape (N,)."""
    return sums_of(model, data, data.sources(split), data.targets(split), limit)


def sums_of(
    model: SequenceModel, data: PairData, sources: list[Ids], targets: list[Ids], limit: int = 0
) -> tuple[Floats, Floats]:
    """What each target costs in nats, and how many tokens it has; each shape (N,).

    Args:
        model: that has probabilities.
        data: that it was made for.
        sources: ids of each, with its boundary.
        targets: the same.
        limit: measure so many, evenly spread (0: all).
    """
    places = some(list(range(len(sources))), limit)
    lengths = [max(len(sources[one]), len(targets[one])) for one in places]
    sums = np.zeros(len(places))
    counts = np.array([len(targets[one]) for one in places], np.float64)
    begin = data.writing.vocabulary.start
    for at in batched(lengths, AT_ONCE):
        of = [places[one] for one in at]
        batch = pair_batch([sources[one] for one in of], [targets[one] for one in of], begin)
        sums[at] = model.token_losses(batch.sources, batch.inputs, batch.targets).sum(1)
    return sums, counts


def mean_loss(model: SequenceModel, data: PairData, split: str, limit: int = 0) -> float:
    """Nats per token of the targets of a split, boundaries counted."""
    sums, counts = token_sums(model, data, split, limit)
    return float(sums.sum() / counts.sum())


def evaluate(model: PairModel, data: PairData, split: str, limit: int = 0) -> Figures:
    """What is measured of a model on a split, or on about `limit` pairs of it.

    Of a part, as while a model is trained, few sources are asked, and an answer ends where the
    longest target of train does: one that has learned nothing yet would go on to no end. A split
    that is within the limit is asked as at the end, for that is then its last figure.
    """
    assert isinstance(model, Writer)
    part = 0 < limit < data.sizes[split]
    asked = min(limit, ASKED) if part else 0
    how = Decoding(longest=data.shape.longest_target) if part else None
    said = said_on(model, data, split, asked, how)
    loss = mean_loss(model, data, split, limit) if isinstance(model, SequenceModel) else None
    measures = {"character_errors": said.character_errors, "exact": said.exact}
    pairs = data.sizes[split]
    return Figures(loss, measures, min(limit or pairs, pairs))
