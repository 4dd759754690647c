"""Records of older formats, told in the words of today's.

Format 1 knew texts only. Its run.json had no task; the way the data were split stood by itself, the
hashes of the splits under the splits' names; its summary had one baseline, the n-grams.

Format 2 knew no examples of several lines: the end of a line parted any two. Another task than text
has nothing that would have to be told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hornbook.errors import RunError
from hornbook.training.settings import TrainingSettings

__all__ = ["upgraded_record", "upgraded_summary"]

FIRST = {"id", "family", "settings", "training", "baseline", "data"}  # what format 1 always had


def upgraded_record(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A run's record in today's format.

    Raises:
        RunError: if it claims format 1 and lacks what that had.
    """
    if value.get("format") == 1:
        value = from_first(value)
    return from_second(value) if value.get("format") == 2 else value


def from_second(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of format 2 in format 3; errors in it are left for the reader."""
    data = value.get("data")
    if value.get("task") == "text" and isinstance(data, Mapping):
        details = data.get("details", {})
        if isinstance(details, Mapping):
            data = {**data, "details": {**details, "separator": "line"}}
    return {**value, "data": data, "format": 3}


def from_first(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of format 1 in format 2.

    Raises:
        RunError: if it lacks what format 1 had.
    """
    data, training = value.get("data"), value.get("training")
    sums = data.get("sha256") if isinstance(data, Mapping) else None
    if missing := sorted(FIRST - value.keys()):
        raise RunError(f"The run's record is damaged: {missing[0]} is missing.")
    if not isinstance(data, Mapping) or not isinstance(sums, Mapping):
        raise RunError("The run's record is damaged: data.sha256 is missing.")
    split = value.get("split", {})
    if not isinstance(split, Mapping):
        raise RunError(
            f"The run's record is damaged: split must be a JSON object; it is {split!r}."
        )
    seeded = isinstance(training, Mapping)
    mixed = value["family"] == "mixture"
    return {
        "format": 2,
        "id": value["id"],
        "task": "text",
        "family": value["family"],
        "settings": value["settings"],
        "options": {"mode": data.get("mode"), **split},
        "training": complete(training) if isinstance(training, Mapping) else training,
        "data": {
            "name": data.get("name"),
            "source": data.get("source"),
            "files": {f"data/{split}.txt": total for split, total in sums.items()},
            "details": {"mode": data.get("mode"), "encoding": data.get("encoding")},
        },
        "start": {
            "kind": "seed" if seeded else "runs" if mixed else "fit",
            "seed": training.get("seed") if isinstance(training, Mapping) else None,
        },
        "versions": {"hornbook": value.get("hornbook")},
        "calibration_seconds": value.get("calibration_seconds", 0.0),
        "baseline": value["baseline"],
    }


def complete(training: Mapping[str, Any]) -> Mapping[str, Any]:
    """Training settings with those that came to format 1 in its time, as they were without them."""
    return {**TrainingSettings().as_dict(), **training}


def upgraded_summary(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """A run's summary in today's format."""
    if "format" in value:
        return value
    kept = {key: held for key, held in value.items() if key not in ("baseline", "picture")}
    if isinstance(baseline := value.get("baseline"), Mapping):
        name = f"n-grams, Kneser–Ney, order {baseline.get('order')}"
        reached, seconds = baseline.get("losses"), baseline.get("seconds")
        kept["baselines"] = [{"name": name, "reached": reached, "seconds": seconds}]
    if isinstance(picture := value.get("picture"), str):
        kept["pictures"] = [picture.replace("\\", "/").rpartition("/")[2]]
    return kept
