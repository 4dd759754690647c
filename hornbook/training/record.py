"""A line of the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hornbook.records import read_record

__all__ = ["Progress", "Record", "read_metrics_line"]


@dataclass(frozen=True)
class Record:
    """What is known at an evaluation."""

    step: int
    epoch: float
    learning_rate: float
    batch: float | None
    losses: Mapping[str, float]
    best: bool
    seconds: float
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    format: int = 2


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    step: int
    steps: int
    loss: float | None
    rate: float
    seconds: float


def read_metrics_line(value: Any, where: str) -> Record:
    """A line."""
    if isinstance(value, dict) and "format" not in value:
        own = {"step", "epoch", "learning_rate", "batch", "best", "seconds"}
        losses = {k: v for k, v in value.items() if k not in own}
        value = {**{k: v for k, v in value.items() if k in own}, "losses": losses}
    return read_record(Record, value, where)
