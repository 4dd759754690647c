"""What is other in two runs: their settings, their figures, their curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hornbook.errors import RunError
from hornbook.records import JSON, as_json
from hornbook.runs.listed_run import ListedRun, looked_at
from hornbook.runs.run import Run
from hornbook.training.measures import Evaluation, Measure

__all__ = ["Changed", "Compared", "Difference", "difference"]

ROWS = 10  # of two curves in a table
ABSENT = None


@dataclass(frozen=True)
class Changed:
    """Something that is not the same in two runs; None where a run does not have it."""

    group: str
    "What it belongs to: `model`, `data`, `training`, `start`, `versions`, or `family`."
    name: str
    first: JSON
    second: JSON


@dataclass(frozen=True)
class Compared:
    """Both curves of a split at some steps."""

    split: str
    steps: tuple[int, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    interpolated: bool
    "Whether one was not measured at one of the steps: then it is read off a straight line."


@dataclass(frozen=True)
class Difference:
    """What is other in two runs."""

    first: ListedRun
    second: ListedRun
    settings: tuple[Changed, ...]
    figures: tuple[Changed, ...]
    "All figures, those that are the same, too."
    curves: tuple[Compared, ...]
    comparable: str
    "Why figures cannot be held against each other; empty: they can."
    measure: Measure
    "That decides, by which the curves are."

    def as_dict(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "runs": [str(self.first.path), str(self.second.path)],
            "settings": as_json(self.settings),
            "figures": as_json(self.figures),
            "measure": self.measure.name,
            "curves": as_json(self.curves),
            "not_comparable": self.comparable,
        }


def difference(first: Run, second: Run) -> Difference:
    """What is other in two runs, of any task, finished or not.

    Raises:
        RunError: if it is one run, or one of them is damaged.
    """
    if first.path.resolve() == second.path.resolve():
        raise RunError(f"{first.path} and {second.path} are the same run.", hint="Name another.")
    rows = [looked_at(run.path)[0] for run in (first, second)]
    for row in rows:
        if row.status in ("damaged", "newer"):
            raise RunError(row.note)
    measure = first.task.decides
    why = why_not_comparable(first, second)
    same_measure = measure.name == second.task.decides.name
    curves = tuple(compared_curves(first, second, measure)) if same_measure else ()
    return Difference(
        rows[0], rows[1], tuple(changed_settings(first, second)), tuple(both_figures(*rows)),
        curves, why, measure,
    )  # fmt: skip


def why_not_comparable(first: Run, second: Run) -> str:
    """Why the figures of two runs say nothing of which is better; empty if they do."""
    if first.task.name != second.task.name:
        return f"one is of the task {first.task.name}, the other of {second.task.name}"
    if first.task.decides.name != second.task.decides.name:
        return f"one is measured by {first.task.decides.title}, the other by " + (
            second.task.decides.title
        )
    one, other = first.record.data.files, second.record.data.files
    differing = sorted(
        name for name in one.keys() | other.keys() if one.get(name) != other.get(name)
    )
    return f"their data differ ({', '.join(differing)})" if differing else ""


def changed_settings(first: Run, second: Run) -> Iterator[Changed]:
    """The settings that are not the same."""
    for name in ("task", "family"):
        yield from changed("family", {name: getattr(first.record, name)},
                           {name: getattr(second.record, name)})  # fmt: skip
    for group, one, other in (
        ("model", first.record.settings, second.record.settings),
        ("training", training_of(first, second), training_of(second, first)),
        ("data", data_of(first), data_of(second)),
        ("start", start_of(first), start_of(second)),
        ("versions", as_json(first.record.versions), as_json(second.record.versions)),
    ):
        yield from changed(group, one, other)


def changed(group: str, one: Mapping[str, JSON], other: Mapping[str, JSON]) -> Iterator[Changed]:
    """Those of a group that are not the same."""
    for name in dict.fromkeys([*one, *other]):
        held = [as_json(values.get(name, ABSENT)) for values in (one, other)]
        if held[0] != held[1]:
            yield Changed(group, name, held[0], held[1])


def training_of(run: Run, other: Run) -> Mapping[str, JSON]:
    """The training settings; only whether there are some, where one of the two has none."""
    if run.record.training is None or other.record.training is None:
        return {"trained": "in one pass" if run.record.training is None else "in steps"}
    found: Mapping[str, JSON] = as_json(run.record.training)
    return found


def data_of(run: Run) -> dict[str, JSON]:
    """What the data are, and how they were loaded: a few digits of the hash of each file."""
    kept = run.record.data
    files: dict[str, JSON] = {name: digest[:8] for name, digest in kept.files.items()}
    return {"data": kept.name, **run.record.options, **files}


def start_of(run: Run) -> dict[str, JSON]:
    """Where the weights began."""
    start = run.record.start
    ancestor = start.ancestor.run if start.ancestor is not None else None
    return {"start": start.kind, "ancestor": ancestor}


def both_figures(first: ListedRun, second: ListedRun) -> Iterator[Changed]:
    """The figures of both."""
    for name in ("parameters", "steps", "seconds", "baseline"):
        held = [getattr(row, name) for row in (first, second)]
        if held != [None, None]:
            yield Changed("run", name, held[0], held[1])
    for split in dict.fromkeys([*first.figures, *second.figures]):
        one, other = first.figures.get(split, {}), second.figures.get(split, {})
        for measure in dict.fromkeys([*one, *other]):
            yield Changed(split, measure, one.get(measure), other.get(measure))


def compared_curves(first: Run, second: Run, measure: Measure) -> Iterator[Compared]:
    """Both curves of each split that both were measured on, over the steps that both have done."""
    metrics = [run.directory.read_metrics() for run in (first, second)]
    for split in ("train", "dev"):
        one, other = (
            {
                record.step: value
                for record in some
                if (value := Evaluation(record.losses, record.measures).figure(measure, split))
                is not None
            }
            for some in metrics
        )
        if len(one) < 2 or len(other) < 2:
            continue
        both = sorted(one.keys() & other.keys())
        begin, end = max(min(one), min(other)), min(max(one), max(other))
        if begin > end:
            continue
        if len(both) < min(ROWS, len(one), len(other)) // 2 + 1:
            steps = np.unique(np.linspace(begin, end, ROWS).round().astype(int)).tolist()
        else:
            steps = evenly(both)
        lines = [
            np.interp(steps, sorted(held), [held[step] for step in sorted(held)]).tolist()
            for held in (one, other)
        ]
        interpolated = not set(steps) <= set(both)
        yield Compared(split, tuple(steps), tuple(lines[0]), tuple(lines[1]), interpolated)


def evenly(steps: Sequence[int]) -> list[int]:
    """Some of the steps, evenly spread, the first and the last among them."""
    if len(steps) <= ROWS:
        return list(steps)
    return [steps[place * (len(steps) - 1) // (ROWS - 1)] for place in range(ROWS)]
