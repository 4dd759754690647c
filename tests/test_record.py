"""Lines of the metrics: of today's format, and of the first."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from hornbook.errors import RunError
from hornbook.records import as_json
from hornbook.training.record import Record, read_metrics_line

RECORD = Record(
    step=20, epoch=0.5, learning_rate=0.003, batch=2.5, losses={"train": 2.25, "dev": 2.5},
    best=True, seconds=1.25, measures={"dev": {"hits": 30.0, "ndcg": math.nan}},
)  # fmt: skip
# As it was written before there were formats.
OLD = (
    '{"step": 20, "epoch": 0.5, "learning_rate": 0.003, "batch": 2.5, "train": 2.25, "dev": 2.5, '
    '"best": true, "seconds": 1.25}'
)


def test_what_is_written_is_read() -> None:
    line = json.dumps(as_json(RECORD), allow_nan=False)
    found = read_metrics_line(json.loads(line), "metrics.jsonl")
    assert repr(found) == repr(RECORD)  # NaN is not NaN
    assert json.loads(line)["losses"] == {"train": 2.25, "dev": 2.5}
    assert found.format == 2


@pytest.mark.parametrize(
    ("changes", "losses"),
    [
        ({}, {"train": 2.25, "dev": 2.5}),
        ({"test": 3}, {"train": 2.25, "dev": 2.5, "test": 3.0}),
        ({"batch": None}, {"train": 2.25, "dev": 2.5}),
    ],
)
def test_lines_of_format_1_are_read(changes: dict[str, Any], losses: dict[str, float]) -> None:
    found = read_metrics_line({**json.loads(OLD), **changes}, "metrics.jsonl")
    assert found.losses == losses
    assert found == Record(
        20, 0.5, 0.003, changes.get("batch", 2.5), losses, best=True, seconds=1.25
    )
    # Written again it is one of today's.
    assert read_metrics_line(as_json(found), "metrics.jsonl") == found


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({**json.loads(OLD), "dev": "low"}, r"metrics.jsonl is damaged: losses.dev: "),
        ({"step": 3}, "batch: is missing"),
        ({**as_json(RECORD), "dev": 2.5}, "dev: is not a field"),
        ({**as_json(RECORD), "step": 2.5}, "step: must be an integer"),
        ({**as_json(RECORD), "format": 3}, "has format 3"),
        ([], "must be a JSON object"),
    ],
)
def test_what_is_no_line_is_refused(value: Any, says: str) -> None:
    with pytest.raises(RunError, match=says):
        read_metrics_line(value, "metrics.jsonl")
