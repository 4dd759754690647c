"""The records of a run that was watched, and what can be read off them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hornbook.monitoring.record import UpdateRecord

__all__ = ["Evaluated", "History", "Ignorance", "ratios"]


@dataclass(frozen=True)
class Ignorance:
    """What knowing nothing of the data costs: a training should begin near it, and end below."""

    loss: float
    words: str
    "As a clause: `guessing evenly among 27 symbols costs ln 27 = 3.30`."


class Evaluated(Protocol):
    """The losses that were measured after so many updates."""

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
    """What was recorded of a training, and what else is known of it."""

    records: Sequence[UpdateRecord]
    "At least one, in the order of their steps."
    ignorance: Ignorance
    clip: float = 0.0
    "Length to which gradients were shortened; 0: they were not."
    metrics: Sequence[Evaluated] = ()
    "The losses on the splits, evaluation by evaluation."
    unit: str = ""
    "What losses are counted in: `nats a symbol`."

    @property
    def first(self) -> UpdateRecord:
        """The record of the first update."""
        return self.records[0]

    @property
    def last(self) -> UpdateRecord:
        """The record of the last update that was watched."""
        return self.records[-1]

    def at_full_rate(self) -> list[UpdateRecord]:
        """The records of updates at half of the highest rate or more: the rate's own work."""
        highest = max(record.rate for record in self.records)
        return [record for record in self.records if record.rate >= highest / 2]

    def pace(self) -> dict[str, float]:
        """For each parameter the median of log₁₀(update / own size) where the rate was high."""
        found: dict[str, list[float]] = {}
        for record in self.at_full_rate():
            for one in record.parameters:
                if one.size > 0:
                    found.setdefault(one.name, []).append(ratio(one.update_size, one.size))
        return {name: statistics.median(shares) for name, shares in found.items()}


def ratios(record: UpdateRecord) -> Iterator[tuple[str, float]]:
    """For each matrix that learns log₁₀ of the update's size as a share of the matrix's own.

    The lecture's measure of a learning rate: about -3 for its SGD. Adam's lie higher, near -2,
    since each of its updates is about as large as the rate, whatever the gradient.
    """
    for one in record.parameters:
        if one.is_matrix and one.size > 0 and not one.frozen:
            yield one.name, ratio(one.update_size, one.size)


def ratio(part: float, whole: float) -> float:
    """log₁₀(part / whole); -inf if nothing was changed, NaN if nothing is known."""
    share = part / whole
    return math.log10(share) if share > 0 else -math.inf if share == 0 else math.nan
