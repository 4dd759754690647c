"""What a trainer has counted: the part of its state that is not arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from hornbook.errors import RunError
from hornbook.records import JSON, read_record

__all__ = ["Counters", "read_counters"]

LEAST = {
    "step": 0, "cursor": 0, "since_best": 0, "loss_count": 0, "recorded": -1, "seconds": 0,
    "layout": 1, "compiling": 0,
}  # fmt: skip
"The least that each can be."


@dataclass(frozen=True)
class Counters:
    """Where a training stands; kept beside the arrays of a checkpoint."""

    step: int
    "Number of updates done."
    cursor: int
    "Position in the sequence of batches."
    best: float
    "Best value of the deciding measure on dev so far."
    since_best: int
    "Number of evaluations since `lately` was reached."
    loss_sum: float
    "Sum of the batches' losses since the last record."
    loss_count: int
    "Number of those batches."
    recorded: int
    "Step of the last record; -1 before the first."
    seconds: float
    "Time in training so far, without compiling."
    lately: float | None = None
    """Best value since training began or was extended: what patience is measured by; None in older
    checkpoints: `best`."""
    layout: int = 1
    "Layout of the optimizer's vectors; see `FlatParameters.from_layout_1`."
    compiling: float = 0.0
    "Seconds in which steps were compiled; older checkpoints have them in `seconds`."


def read_counters(values: Mapping[str, JSON]) -> Counters:
    """Counters from what `records.as_json` gave, whatever else stands beside them.

    Raises:
        RunError: naming the field that is missing, of another type, or not possible.
    """
    fields = {field.name for field in dataclasses.fields(Counters)}
    found = {name: value for name, value in values.items() if name in fields}
    counters = read_record(Counters, found, "The checkpoint")
    for name, least in LEAST.items():
        if (held := getattr(counters, name)) < least:
            raise RunError(
                f"The checkpoint is damaged: {name}: must be at least {least}; it is {held}.",
                hint="Restore the run directory from an intact copy, or train again.",
            )
    return counters
