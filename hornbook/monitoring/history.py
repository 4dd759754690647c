"""The records of a watched run, and what is computed from them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hornbook.monitoring.record import UpdateRecord

__all__ = ["EvaluatedLosses", "History", "Ignorance", "ratios"]


@dataclass(frozen=True)
class Ignorance:
    """The loss of a uniform guess: training should start near it and end below it."""

    loss: float
    words: str
    "As a clause: `guessing evenly among 27 tokens costs ln 27 = 3.30`."


class EvaluatedLosses(Protocol):
    """The losses that were measured after a number of updates."""

    @property
    def step(self) -> int:
        """Updates before it."""
        ...

    @property
    def losses(self) -> Mapping[str, float]:
        """By split."""
        ...


@dataclass(frozen=True)
class History:
    """The records of a training, and what else is known about it."""

    records: Sequence[UpdateRecord]
    "At least one, ordered by step."
    ignorance: Ignorance
    clip: float = 0.0
    "Maximum gradient norm (0: no clipping)."
    metrics: Sequence[EvaluatedLosses] = ()
    "The losses on the splits, one entry per evaluation."
    unit: str = ""
    "The unit of the losses: `nats per token`."
    kept: int | None = None
    "Step whose weights were kept."
    settings: Collection[str] | None = None
    "Names of the settings that the model's family has; None: not known."

    @property
    def first(self) -> UpdateRecord:
        """The record of the first update."""
        return self.records[0]

    @property
    def last(self) -> UpdateRecord:
        """The record of the last recorded update."""
        return self.records[-1]

    def at_full_rate(self) -> list[UpdateRecord]:
        """The records of updates at half of the highest learning rate or more."""
        highest = max(record.rate for record in self.records)
        return [record for record in self.records if record.rate >= highest / 2]

    def pace(self) -> dict[str, float]:
        """Per parameter, the median log₁₀(update / weights) where the learning rate was high."""
        found: dict[str, list[float]] = {}
        for record in self.at_full_rate():
            for one in record.parameters:
                if one.size > 0:
                    found.setdefault(one.name, []).append(ratio(one.update_size, one.size))
        return {name: statistics.median(shares) for name, shares in found.items()}


def ratios(record: UpdateRecord) -> Iterator[tuple[str, float]]:
    """log₁₀ of update size over weight size, for each matrix that is trained.

    The lecture's measure of a learning rate: about -3 for its SGD. Adam's is higher, near -2,
    since each update is about as large as the learning rate, whatever the gradient.
    """
    for one in record.parameters:
        if one.is_matrix and one.size > 0 and not one.frozen:
            yield one.name, ratio(one.update_size, one.size)


def ratio(part: float, whole: float) -> float:
    """log₁₀(part / whole); -inf if part is zero, NaN if it is unknown."""
    share = part / whole
    return math.log10(share) if share > 0 else -math.inf if share == 0 else math.nan
