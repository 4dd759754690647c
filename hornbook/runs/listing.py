"""The runs in a folder, with their figures: what `hornbook.list_runs` gives.

Only the small files of a run are read, its records and its metrics: no data and no weights.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import NewerRunError, RunError, SettingsError
from hornbook.paths import exists, is_folder
from hornbook.runs.claim import beside_of, left_behind, recover
from hornbook.runs.contents import TRIED
from hornbook.runs.directory import RunDirectory
from hornbook.runs.lock import owner_in
from hornbook.runs.outcome import deciding, reached
from hornbook.runs.record import RunRecord, Summary
from hornbook.tasks import Task
from hornbook.training.measures import Extent
from hornbook.training.record import Record

__all__ = ["ListedRun", "Status", "folders_tried", "list_runs"]

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


def list_runs(folder: str | Path = "runs") -> list[ListedRun]:
    """The runs in a folder and in the folders below it, sorted by data, the best first.

    A run that cannot be read is listed as damaged, or as newer than this hornbook, with the reason,
    after the others. Runs that
    `best` tried are listed only where their own folder is named (`folders_tried`).

    Args:
        folder: where to look; a run directory is listed by itself.

    Raises:
        RunError: if there is no such folder.
    """
    folder = Path(folder)
    if not is_folder(folder):
        what = "is not a folder" if exists(folder) else "does not exist"
        raise RunError(
            f"{folder} {what}.",
            hint=f"Give the folder that holds the runs; paths are relative to the current "
            f"directory, {Path.cwd()}.",
        )
    found = [looked_at(path) for path in run_folders(folder)]
    sums: dict[tuple[str, str], set[str]] = {}
    for _, (task, name, digest) in found:
        sums.setdefault((task, name), set()).add(digest)
    rows = [
        replace(row, data=f"{row.data} ({key[2][:4]})") if len(sums[key[:2]]) > 1 else row
        for row, key in found
    ]
    return sorted(rows, key=place_in_list)


def run_folders(folder: Path) -> Iterator[Path]:
    """The run directories in a folder, itself perhaps; links are looked at but not followed."""
    if (folder / "run.json").exists():
        yield folder
        return
    try:
        with os.scandir(folder) as items:
            inside = sorted(items, key=lambda item: item.name)
    except OSError:
        return
    for item in inside:
        path = folder / item.name
        if item.name.startswith("."):
            # A run of which a kill left nothing under its own name.
            if (home := beside_of(path)) is not None and recover(home):
                yield from run_folders(home)
        elif is_folder_there(item) and not os.path.exists(f"{item.path}/{TRIED}"):
            if os.path.exists(f"{item.path}/run.json"):
                yield path
            elif not item.is_symlink():
                yield from run_folders(path)


def is_folder_there(item: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one; nothing is, that cannot be looked at."""
    try:
        return item.is_dir()
    except OSError:
        return False


def folders_tried(folder: str | Path) -> list[Path]:
    """The folders below a folder in which `best` keeps what it tried, sorted."""
    return sorted(path.parent for path in Path(folder).rglob(TRIED) if path.parent != Path(folder))


def looked_at(path: Path) -> tuple[ListedRun, tuple[str, str, str]]:
    """A run as a row, and what its data are told apart by: task, name, hash of the files."""
    directory = RunDirectory(path)
    row = ListedRun(path, "damaged", changed=last_written(directory))
    try:
        record = RunRecord.read(directory.run)
        row = replace(row, task=record.task, family=record.family, data=record.data.name)
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
    split, value = figure_of(task, summary, metrics, ended=ended)
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
    )


def figure_of(
    task: Task[Any], summary: Summary | None, metrics: list[Record], *, ended: bool
) -> tuple[str, float | None]:
    """The split that decides, and the best value there, for `task.decides`."""
    if summary is not None and (ended or not metrics):
        held = summary.reached(task.decides)
        split = deciding(held)
        return split, held.get(split)
    best = next((record for record in reversed(metrics) if record.best), None)
    if best is None:
        return "", None
    return deciding([*best.losses, *best.measures]), reached(best, task.decides)


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


def place_in_list(row: ListedRun) -> tuple[bool, str, str, bool, float, str]:
    """By data, the best first; what has no figure last, what cannot be read after all others."""
    known = row.value is not None and not math.isnan(row.value)
    best_first = 0.0
    if known and row.value is not None:
        best_first = row.value if row.best == "lowest" else -row.value
    unread = row.status in ("newer", "damaged")
    return unread, row.task, row.data, not known, best_first, str(row.path)
