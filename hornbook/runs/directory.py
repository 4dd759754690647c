"""A run directory: everything kept of one training, complete in itself.

run.json                 what was trained on what, and how; written last, so it marks a whole run
data/…, tokenizer.json   the data as they were split, in the files of the task
metrics.jsonl            a line for each evaluation
health.jsonl             a line for each update that was watched
model.safetensors        the weights of the best dev loss, or the counts
checkpoint.safetensors   the state to go on from: weights, optimizer, cursor, random numbers
summary.json             how it ended
report.html              what `inspect` found
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hornbook.errors import HornbookError, RunError
from hornbook.monitoring.record import UpdateRecord, read_update
from hornbook.records import as_json
from hornbook.runs.record import KeptData, RunRecord, Summary
from hornbook.storage import (
    HashedFiles,
    append_line,
    read_lines,
    read_tensors,
    write_bytes,
    write_json,
    write_tensors,
)
from hornbook.suggestions import did_you_mean
from hornbook.tasks import Data, task_named, tasks
from hornbook.training.record import Record, read_metrics_line

__all__ = ["RunDirectory", "reserve"]

OWN = {
    "run.json",
    "metrics.jsonl",
    "health.jsonl",
    "report.html",
    "model.safetensors",
    "checkpoint.safetensors",
    "summary.json",
}


class RunDirectory:
    """The files of a run, by name."""

    def __init__(self, path: Path | str) -> None:
        if not isinstance(path, str | Path):
            raise RunError(
                f"A run directory must be a string or a path, not {type(path).__name__}.",
                hint="Give the path of one directory.",
            )
        if not str(path):
            raise RunError(
                "The name of the run directory is empty.",
                hint="Give the path of a directory, such as runs/mine.",
            )
        self.path = Path(path)
        self.run = self.path / "run.json"
        self.metrics = self.path / "metrics.jsonl"
        self.health = self.path / "health.jsonl"
        self.report = self.path / "report.html"
        self.model = self.path / "model.safetensors"
        self.checkpoint = self.path / "checkpoint.safetensors"
        self.summary = self.path / "summary.json"

    def __repr__(self) -> str:
        return f"<RunDirectory {self.path}>"

    # Before there is a run

    def refuse_if_taken(self, *, overwrite: bool) -> None:
        """Make sure that a new run may be put here; nothing is touched yet.

        Raises:
            RunError: if something is there that was not told to be replaced, or that is no run.
        """
        if not os.path.lexists(self.path):
            return
        if not self.path.is_dir():
            raise RunError(
                f"{self.path} is a file, not a directory.",
                hint="Choose another directory as `out`.",
            )
        names = {item.relative_to(self.path).as_posix() for item in self.path.rglob("*")}
        own = OWN | self.files_of_its_task()
        folders = {str(Path(name).parent.as_posix()) for name in own}
        foreign = sorted(n for n in names - own - folders if not n.endswith(".part"))
        if foreign:
            raise RunError(
                f"{self.path} contains files that do not belong to a run: "
                f"{', '.join(foreign[:3])}.",
                hint="Choose another directory as `out`; such a directory is never overwritten.",
            )
        if names and not overwrite:
            raise RunError(
                f"{self.path} already contains a run.",
                hint="Resume it (`resume`), replace it (`overwrite`), or choose another `out`.",
            )

    def files_of_its_task(self) -> frozenset[str]:
        """What the task of the run that is here keeps; of a run that cannot be read, any task's."""
        try:
            record = self.read_record()
            return task_named(record.task).files | record.data.files.keys()
        except HornbookError:
            return frozenset(name for task in tasks().values() for name in task.files)

    def create(self, record: RunRecord, data: Data, *, overwrite: bool = False) -> None:
        """Begin a run: everything that is known before training.

        It is written beside and put in place at once, so that a run which it replaces is there
        until the new one is.

        Args:
            record: of the run; its `data.files` are filled in here.
            data: to be kept.
            overwrite: replace a run that is there.

        Raises:
            RunError: if it cannot be written, or something else has come into the way meanwhile.
        """
        path = self.path.absolute()
        aside, old = (path.with_name(f".{path.name}.{what}") for what in ("new", "old"))
        try:
            if path.is_dir() and not any(path.iterdir()):
                self.write_start(record, data)
                return
            if path == Path.cwd():
                raise RunError(
                    "The current directory cannot be replaced.",
                    hint="Change to another directory first.",
                )
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
            RunDirectory(aside).write_start(record, data)
            if path.exists():
                self.refuse_if_taken(overwrite=overwrite)  # another may have come meanwhile
                shutil.rmtree(old, ignore_errors=True)
                path.replace(old)
            aside.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise RunError(
                f"Cannot write to {self.path}: {error.strerror or error}.",
                hint="Choose a directory that you can write to as `out`.",
            ) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def write_start(self, record: RunRecord, data: Data) -> None:
        """Write data and record into an empty directory, the record last."""
        files = HashedFiles(self.path)
        data.keep(files)
        kept = KeptData(data.name, data.source, files.sums, data.details)
        self.write_record(record.with_data(kept))

    # Records

    def read_record(self) -> RunRecord:
        """What `create` wrote, in this format or an older one.

        Raises:
            RunError: if this is no run, a damaged one, or one of a newer version.
        """
        # os.path, unlike Path, only says no to a name that is no possible path.
        if not os.path.isfile(self.run):  # noqa: PTH113
            what = "is not a run directory" if os.path.exists(self.path) else "does not exist"  # noqa: PTH110
            near = runs_near(self.path)
            raise RunError(
                f"{self.path} {what}.",
                hint=f"{near}Give the run directory that training printed; paths are relative to "
                f"the current directory, {Path.cwd()}.",
            )
        return RunRecord.read(self.run)

    def write_record(self, record: RunRecord) -> None:
        """Write the record, whole or not at all.

        Raises:
            RunError: if it cannot be written.
        """
        write_json(self.run, record)

    def read_summary(self) -> Summary | None:
        """How training ended; None if it has not.

        Raises:
            RunError: if it is damaged.
        """
        return Summary.read(self.summary) if self.summary.exists() else None

    def write_summary(self, summary: Summary) -> None:
        """Write how training ended, whole or not at all.

        Raises:
            RunError: if it cannot be written.
        """
        write_json(self.summary, summary)

    def files(self, record: RunRecord) -> HashedFiles:
        """The files of the data."""
        return HashedFiles(self.path, record.data.files)

    # Tensors

    def write_tensors(
        self, path: Path, arrays: Mapping[str, Any], record: RunRecord, **values: Any
    ) -> None:
        """Write tensors with the run's id, whole or not at all.

        Raises:
            RunError: if they cannot be written.
        """
        write_tensors(path, arrays, {"run": record.id, **values})

    def read_tensors(self, path: Path, record: RunRecord) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays and values of a file that this run wrote.

        Raises:
            RunError: if it is missing or damaged, or another run's.
        """
        arrays, values = read_tensors(path)
        if values.get("run") != record.id:
            raise RunError(
                f"{path} belongs to another run.",
                hint="Restore the run directory from an intact copy, or train again.",
            )
        return arrays, values

    # Lines

    def append_metrics(self, record: Record) -> None:
        """Add a line to the metrics.

        Raises:
            RunError: if it cannot be written.
        """
        # The checkpoint that counts this line comes after it.
        append_line(self.metrics, record, surely=True)

    def read_metrics(self) -> list[Record]:
        """The evaluations in their order; a last line that was cut short is left out.

        Raises:
            RunError: if there are lines that are no records.
        """
        return [
            read_metrics_line(value, f"{self.metrics}, line {at}")
            for at, value in enumerate(read_lines(self.metrics), 1)
        ]

    def rewind_metrics(self, step: int) -> None:
        """Forget the evaluations after a step: they will be made again.

        Raises:
            RunError: if the record of that step is not there.
        """
        records = [record for record in self.read_metrics() if record.step <= step]
        if step >= 0 and (not records or records[-1].step != step):
            raise RunError(
                f"{self.metrics} is damaged: it has no record of step {step:,}.",
                hint="Restore the run directory from an intact copy, or train again.",
            )
        write_bytes(self.metrics, as_lines(records))

    def append_health(self, record: UpdateRecord) -> None:
        """Add a line to what was watched.

        Raises:
            RunError: if it cannot be written.
        """
        append_line(self.health, record, surely=False)

    def read_health(self) -> list[UpdateRecord]:
        """What was watched of each update, in their order; empty if nothing was.

        Raises:
            RunError: if there are lines that are no records.
        """
        return [
            read_update(value, f"{self.health}, line {at},")
            for at, value in enumerate(read_lines(self.health), 1)
        ]

    def rewind_health(self, step: int) -> None:
        """Forget the updates from this one on: they will be done again.

        Raises:
            RunError: if there are lines that are no records.
        """
        if self.health.exists():
            kept = [record for record in self.read_health() if record.step < step]
            write_bytes(self.health, as_lines(kept))


def as_lines(records: list[Any]) -> bytes:
    """Records as lines of JSON."""
    return "".join(json.dumps(as_json(r), allow_nan=False) + "\n" for r in records).encode()


def reserve(parent: Path, name: str) -> Path:
    """Make the directory `parent/name`, or with -2, -3, … behind it the first that is not taken.

    It is made here and now, so that two trainings begun together get two names.

    Raises:
        RunError: if it cannot be made.
    """
    path, number = parent / name, 2
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                path.mkdir()
                return path
            except FileExistsError:
                path, number = parent / f"{name}-{number}", number + 1
    except OSError as error:
        raise RunError(
            f"Cannot create {path}: {error.strerror or error}.",
            hint="Choose a directory that you can write to as `out`.",
        ) from error


def runs_near(path: Path) -> str:
    """Which run was perhaps meant by a path that is not one: beside it, or under runs/."""
    found: list[Path] = []
    for folder in (path.parent, Path("runs") / path.parent):
        with contextlib.suppress(OSError, ValueError):
            found += [run.parent for run in folder.glob("*/run.json")]
    same = [run for run in found if run.name == path.name]
    return f"Did you mean {same[0]}? " if same else did_you_mean(str(path), map(str, found))
