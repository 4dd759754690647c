"""The records of a run that was watched, and what can be read off them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["History", "number", "ratio"]

Record = dict[str, Any]


@dataclass(frozen=True)
class History:
    """What was recorded of a training, and what is known of it besides."""

    records: Sequence[Record]
    "As `hornbook.monitoring.probe` writes them, in the order of their steps."
    vocab_size: int
    clip: float = 0.0
    "Length to which gradients were shortened; 0: they were not."
    metrics: Sequence[Record] = field(default=())
    "The losses on the splits, evaluation by evaluation."

    @property
    def first(self) -> Record:
        """The record of the first update."""
        return self.records[0]

    @property
    def last(self) -> Record:
        """The record of the last update that was watched."""
        return self.records[-1]

    @property
    def even(self) -> float:
        """The loss of guessing evenly, ln V."""
        return math.log(self.vocab_size)

    def layers(self, record: Record, *kinds: str) -> list[Record]:
        """What a record says of the layers of some kinds (of all, without any)."""
        return [one for one in record["layers"] if not kinds or one["kind"] in kinds]

    def at_full_rate(self) -> list[Record]:
        """The records of updates at half of the highest rate or more: the rate's own work."""
        highest = max(record["rate"] for record in self.records)
        return [record for record in self.records if record["rate"] >= highest / 2]

    def pace(self) -> dict[str, float]:
        """For each parameter the middle of log₁₀(update / own size) where the rate was high."""
        found: dict[str, list[float]] = {}
        for record in self.at_full_rate():
            for one in record["parameters"]:
                if number(one["size"]) > 0:
                    share = ratio(one["update_size"], one["size"])
                    found.setdefault(one["name"], []).append(share)
        return {name: statistics.median(shares) for name, shares in found.items()}

    def ratios(self, record: Record) -> Iterator[tuple[str, float]]:
        """For each matrix that learns log₁₀ of the update's size as a share of the matrix's own.

        The lecture's measure of a learning rate: about -3 for its SGD. Adam's lie higher, near -2,
        since each of its updates is about as large as the rate, whatever the gradient.
        """
        for one in record["parameters"]:
            if len(one["shape"]) == 2 and number(one["size"]) > 0 and not one["frozen"]:
                yield one["name"], ratio(one["update_size"], one["size"])


def number(value: Any) -> float:
    """A figure of a record: JSON spells those that are not finite as text."""
    return float(value)


def ratio(part: Any, whole: Any) -> float:
    """log₁₀(part / whole); -inf if nothing was changed, NaN if nothing is known."""
    share = number(part) / number(whole)
    return math.log10(share) if share > 0 else -math.inf if share == 0 else math.nan
