"""What is known at an evaluation: a line of the metrics."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from hornbook.errors import RunError
from hornbook.records import JSON, read_record

__all__ = ["Record", "read_metrics_line"]

FORMAT = 2


@dataclass(frozen=True)
class Record:
    """What is known at an evaluation; `records.as_json` makes a line of the metrics of it."""

    step: int
    "Updates done."
    epoch: float
    "Passes through the training data."
    learning_rate: float
    "Of the update that comes next."
    batch: float | None
    "Mean loss of the batches since the last record; None before the first."
    losses: Mapping[str, float]
    "Mean training loss on each split that was measured, by its name."
    best: bool
    "Whether the deciding measure is the best on dev so far; without a dev split, always."
    seconds: float
    "Time in training so far, evaluations included."
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "Further figures by split, and there by the measure's name."
    format: int = FORMAT
    "Of the line."


def read_metrics_line(value: JSON, where: str) -> Record:
    """A record from a line of the metrics, of this format or an older one.

    In lines of format 1, which tell no format, the losses stand by their splits' names beside the
    other fields.

    Args:
        value: the line's JSON.
        where: what to call the line in a message.

    Raises:
        RunError: naming the field that is wrong, or if the line is of a newer format.
    """
    if not isinstance(value, Mapping):
        return read_record(Record, value, where)  # says what it must be
    form = value.get("format", 1)
    if isinstance(form, int) and form > FORMAT:
        raise RunError(
            f"{where} has format {form}; this version of hornbook reads up to {FORMAT}.",
            hint="Read it with a newer version.",
        )
    if "format" not in value:
        fields = {field.name for field in dataclasses.fields(Record)}
        losses = {name: loss for name, loss in value.items() if name not in fields}
        value = {**{name: value[name] for name in fields & value.keys()}, "losses": losses}
    return read_record(Record, value, where)
