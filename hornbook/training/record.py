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
    "Number of updates done."
    epoch: float
    "Number of passes through the training data."
    learning_rate: float
    "Learning rate of the next update."
    batch: float | None
    "Mean loss of the batches since the last record; None before the first."
    losses: Mapping[str, float]
    "Mean training loss on each evaluated split, by split name."
    best: bool
    "Whether this is the best result on dev so far; always true without a dev split."
    seconds: float
    "Training time so far, including evaluations."
    measures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "Further values by split name, then by measure name."
    format: int = FORMAT
    "Format of the line."


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
            f"{where} has format {form}; this version of hornbook reads formats up to {FORMAT}.",
            hint="Upgrade hornbook.",
        )
    if "format" not in value:
        fields = {field.name for field in dataclasses.fields(Record)}
        losses = {name: loss for name, loss in value.items() if name not in fields}
        value = {**{name: value[name] for name in fields & value.keys()}, "losses": losses}
    return read_record(Record, value, where)
