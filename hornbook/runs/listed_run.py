"""A run as a row of a list: what its records say, read without its data and its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import NewerRunError, RunError, SettingsError
from hornbook.records import JSON
from hornbook.runs.claim import left_behind
from hornbook.runs.directory import RunDirectory
from hornbook.runs.lock import owner_in
from hornbook.runs.notes import read_notes
from hornbook.runs.outcome import deciding
from hornbook.runs.record import RunRecord, Summary
from hornbook.tasks import Task
from hornbook.training.measures import LOSS, Evaluation, Extent
from hornbook.training.record import Record

__all__ = ["ListedRun", "Status", "looked_at"]

Status = Literal["finished", "imported", "stopped", "training", "diverged", "newer", "damaged"]


@dataclass(frozen=True)
class ListedRun:
    """A run in a list."""

    path: Path
    status: Status
    note: str = ""
    "Why it has this status: the process that trains it, or what is damaged."
    task: str = ""
    family: str = ""
    data: str = ""
    "Name of the data; with a hash behind it where the list has other data of that name."
    parameters: int | None = None
    "None while they are not known: of a run that is fitted now."
    steps: int | None = None
    "Updates done; None for a model that is made in one pass."
    steps_asked: int | None = None
    measure: str = ""
    "Name of the measure by which runs on this data are compared."
    digits: int = 4
    "Decimal places of that measure."
    best: Literal["lowest", "highest"] = "lowest"
    "Whether lower or higher values of it are better."
    split: str = ""
    "The split of `value`: dev, or train where there is no dev."
    value: float | None = None
    "Best value of the measure; None before the first evaluation."
    measured_on: Extent | None = None
    "How much of the split the value is of; None where it was not recorded, or is not known yet."
    ancestor: str = ""
    "The run whose weights it began with."
    changed: datetime | None = None
    "When it ended, or was last written."
    seconds: float | None = None
    "Time that its training took; None before it has ended or was stopped."
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    "What was measured, by split and then by measure: of the best evaluation."
    baseline: float | None = None
    "The best that a baseline reaches on dev."
    tags: tuple[str, ...] = ()
    comment: str = ""
    "The note that somebody wrote of it."
    archived: bool = False
    data_name: str = ""
    "Name of the data, never with a hash."
    settings: Mapping[str, JSON] = field(default_factory=dict)
    "Settings of loading, of training and of the family by name."


def looked_at(path: Path) -> tuple[ListedRun, tuple[str, str, str]]:
    """A run as a row, and what its data are told apart by: task, name, hash of the files."""
    directory = RunDirectory(path)
    row = ListedRun(path, "damaged", changed=last_written(directory))
    try:
        record = RunRecord.read(directory.run)
        name = record.data.name
        row = replace(row, task=record.task, family=record.family, data=name, data_name=name)
        notes = read_notes(path)
        row = replace(
            row, tags=notes.tags, comment=notes.note, archived=notes.archived,
            settings=settings_of(record),
        )  # fmt: skip
        task = record.task_of_data()
        task.family(record.family)
        row = with_figures(row, directory, record, task)
    except NewerRunError as error:
        return replace(row, status="newer", note=error.message), (row.task, row.data, "")
    except (RunError, SettingsError) as error:
        return replace(row, note=error.message), (row.task, row.data, "")
    except OSError as error:
        return replace(row, note=error.strerror or str(error)), (row.task, row.data, "")
    files = record.data.files
    told = "".join(f"{name} {files[name]}\n" for name in sorted(files))
    return row, (row.task, row.data, hashlib.sha256(told.encode()).hexdigest())


def with_figures(
    row: ListedRun, directory: RunDirectory, record: RunRecord, task: Task[Any]
) -> ListedRun:
    """A row with what the run's records say.

    Raises:
        RunError: if one of them is damaged, or a run that has ended is without its weights.
    """
    summary, training = directory.read_summary(), record.training
    owner = owner_in(directory.path)
    ended = summary is not None and summary.ended and not owner
    metrics = [] if ended or training is None else directory.read_metrics()
    if ended and not directory.model.exists():
        raise RunError(f"{directory.model} is missing.")
    held = figures_of(summary, metrics, ended=ended)
    split, value = figure_of(task, held)
    again = "" if training else "import" if record.start.kind == "import" else "train"
    status, note = status_of(summary, owner, again)
    if status == "training" and any(".new-" in one.name for one in left_behind(directory.path)):
        note = f"its replacement, {note}"
    if status == "finished" and record.start.kind == "import":
        status = "imported"
    start = record.start.ancestor
    return replace(
        row,
        status=status,
        note=note,
        parameters=summary.parameters if summary else record.parameters,
        steps=None if training is None else steps_done(summary, metrics, ended=ended),
        steps_asked=training.steps if training else None,
        measure=task.decides.name,
        digits=task.decides.digits,
        best=task.decides.best,
        split=split,
        value=value,
        measured_on=summary.measured_on.get(split) if summary and (ended or not metrics) else None,
        ancestor=start.run if start else "",
        seconds=summary.seconds if summary else None,
        figures=by_split(held),
        baseline=best_baseline(summary, task) if summary else None,
    )


def settings_of(record: RunRecord) -> Mapping[str, JSON]:
    """All settings of a run by name; where two have one name, that of the family."""
    training = vars(record.training) if record.training is not None else {}
    return {**record.options, **training, **record.settings}


def figures_of(summary: Summary | None, metrics: Sequence[Record], *, ended: bool) -> Evaluation:
    """What was measured of the weights that are kept, so far."""
    if summary is not None and (ended or not metrics):
        return Evaluation(summary.losses, summary.measures)
    best = next((record for record in reversed(metrics) if record.best), None)
    return Evaluation(best.losses, best.measures) if best else Evaluation()


def figure_of(task: Task[Any], held: Evaluation) -> tuple[str, float | None]:
    """The split that decides, and the value there, for `task.decides`.

    It is empty, with None, where nothing was measured yet.
    """
    measure = task.decides
    loss = measure.name == LOSS.name
    measured = dict(held.losses) if loss else {
        split: found[measure.name]
        for split, found in held.measures.items()
        if measure.name in found
    }  # fmt: skip
    split = deciding(measured)
    return split, measured.get(split)


def by_split(held: Evaluation) -> dict[str, dict[str, float]]:
    """Values by split and then by measure, the loss among them."""
    found = {split: {LOSS.name: loss} for split, loss in held.losses.items()}
    for split, measures in held.measures.items():
        found.setdefault(split, {}).update(measures)
    return found


def best_baseline(summary: Summary, task: Task[Any]) -> float | None:
    """The best that a baseline reaches on dev, by the measure that decides."""
    reached = [one.reached["dev"] for one in summary.baselines if "dev" in one.reached]
    if not reached:
        return None
    return min(reached) if task.decides.best == "lowest" else max(reached)


def steps_done(summary: Summary | None, metrics: list[Record], *, ended: bool) -> int:
    """Updates of which there is a trace; a run that is trained now may have done some more."""
    if summary is not None and (ended or not metrics):
        return summary.steps or 0
    known = [record.step for record in metrics[-1:]]
    return max([*known, summary.steps or 0 if summary else 0])


def status_of(summary: Summary | None, owner: str, again: str) -> tuple[Status, str]:
    """The status, and what there is to say of it.

    Args:
        summary: of the run, if it has one.
        owner: the process that is at work on it; empty: none.
        again: what to do again where it was stopped; empty: it can be resumed.
    """
    if owner:
        return "training", f"by {owner}"
    if summary is not None and summary.ending == "diverged":
        return "diverged", "worse than before training"
    if summary is not None and summary.ended:
        return "finished", "early" if summary.ending == "early" else ""
    return "stopped", f"{again} it again" if again else "can be resumed"


def last_written(directory: RunDirectory) -> datetime | None:
    """When the last of a run's records was written."""
    times = []
    for path in (directory.run, directory.metrics, directory.summary):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return datetime.fromtimestamp(max(times), UTC).astimezone() if times else None
