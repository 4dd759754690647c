"""A run directory: everything kept of one training, complete in itself.

run.json                 what was trained on what, and how; written last, so it marks a whole run
data/…, tokenizer.json   the data as they were split, in the files of the task
metrics.jsonl            a line for each evaluation
health.jsonl             a line for each update that was watched
model.safetensors        the weights of the best dev loss, or the counts
checkpoint.safetensors   the state to go on from: weights, optimizer, cursor, random numbers
frozen.safetensors       of a net most of which is frozen, that part; the two above have the rest
summary.json             how it ended
notes.json               tags and a note, if somebody wrote some
report.html              what `inspect` found
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hornbook.errors import RunError
from hornbook.monitoring.record import UpdateRecord, read_update
from hornbook.paths import is_file
from hornbook.records import as_json
from hornbook.runs.claim import Claim, recover, remarks_on
from hornbook.runs.missing import no_run
from hornbook.runs.record import KeptData, RunRecord, Summary
from hornbook.storage import (
    HashedFiles,
    append_line,
    read_lines,
    refuse_irregular,
    remove_parts,
    sealed,
    write_bytes,
    write_json,
)
from hornbook.tasks import Data
from hornbook.tensor_files import read_tensors, write_tensors
from hornbook.training.record import Record, read_metrics_line

__all__ = ["RunDirectory"]

AGAIN, PAUSE = 25, 0.02  # looks, seconds: while one run takes the place of another, there is none


class Named:
    """A file of a run directory, wherever that is by now."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, directory: RunDirectory, owner: type[RunDirectory]) -> Path:
        """Its path."""
        return directory.at / self.name


class RunDirectory:
    """The files of a run, by name."""

    run = Named("run.json")
    metrics = Named("metrics.jsonl")
    health = Named("health.jsonl")
    report = Named("report.html")
    model = Named("model.safetensors")
    checkpoint = Named("checkpoint.safetensors")
    frozen = Named("frozen.safetensors")
    summary = Named("summary.json")
    notes = Named("notes.json")

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
        self.claim: Claim | None = None

    def __repr__(self) -> str:
        return f"<RunDirectory {self.path}>"

    @property
    def at(self) -> Path:
        """Where the files are: `path`, or beside it until a new run replaces an old one."""
        return self.claim.at if self.claim else self.path

    # Who may write

    def begin(self, record: RunRecord, data: Data, *, overwrite: bool = False) -> None:
        """Begin a run: own the directory, and write everything that is known before training.

        A run that it replaces stays whole until `settle`. The directory is this process's until
        `release`.

        Args:
            record: of the run; its `data.files` are filled in here.
            data: to be kept.
            overwrite: replace a run that is there.

        Raises:
            RunError: if it cannot be written, another process owns it, or something is there that
                may not be replaced.
        """
        self.claim = Claim.begin(self.path, overwrite=overwrite)
        try:
            self.write_start(record, data)
        except BaseException:
            self.release()
            raise
        self.claim.empty = False

    def take_up(self) -> None:
        """Own the run that is here, to go on with it.

        Raises:
            RunError: if another process owns it, or it cannot be written.
        """
        self.claim = Claim.take_up(self.path)
        remove_parts(self.at)

    @property
    def within(self) -> int | None:
        """Descriptor of the owned directory: what is written to it goes nowhere else."""
        return self.claim.lock.within if self.claim else None

    @property
    def remarks(self) -> list[str]:
        """What the user should know of the directory: who else can change it."""
        return self.claim.remarks if self.claim else remarks_on(self.path)

    def settle(self) -> None:
        """Take the place of the run that is to be replaced, if there is one.

        Raises:
            RunError: if that cannot be done.
        """
        if self.claim:
            self.claim.settle()

    def release(self) -> None:
        """Give the directory up; what has not taken the place of another run is deleted."""
        if self.claim:
            self.claim.release()
            self.claim = None

    def abandon(self) -> None:
        """Give the directory up, and delete a run that could not be made whole."""
        if self.claim:
            self.claim.abandon()
            self.claim = None

    def check(self) -> None:
        """Make sure, before a write, that an owned directory is still this process's.

        Raises:
            RunError: if it was moved, deleted or replaced.
        """
        if self.claim:
            self.claim.check()

    def write_start(self, record: RunRecord, data: Data) -> None:
        """Write data and record into an empty directory, the record last."""
        files = HashedFiles(self.at)
        data.keep(files)
        kept = KeptData(data.name, data.source, files.sums, data.details)
        self.write_record(record.with_data(kept))

    # Records

    def read_record(self) -> RunRecord:
        """What `create` wrote, in this format or an older one.

        Raises:
            RunError: if this is not a run, a damaged one, or one of a newer version.
        """
        for _ in range(AGAIN):
            if is_file(self.run) or not recover(self.path):
                break
            time.sleep(PAUSE)
        if not is_file(self.run):
            raise no_run(self.path)
        return RunRecord.read(self.run)

    def write_record(self, record: RunRecord) -> None:
        """Write the record, whole or not at all.

        Raises:
            RunError: if it cannot be written.
        """
        self.check()
        write_json(self.run, sealed(as_json(record)), self.within)

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
        self.check()
        write_json(self.summary, sealed(as_json(summary)), self.within)

    def files(self, record: RunRecord) -> HashedFiles:
        """The files of the data."""
        return HashedFiles(self.at, record.data.files)

    def remove(self, name: str) -> None:
        """Delete a file.

        Raises:
            RunError: if it cannot be deleted.
        """
        self.check()
        refuse_irregular(self.at, name)
        try:
            (self.at / name).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"Cannot delete {self.at / name}: {error.strerror or error}.") from error

    # Tensors

    def write_tensors(
        self, path: Path, arrays: Mapping[str, Any], record: RunRecord, **values: Any
    ) -> None:
        """Write tensors with the run's id, whole or not at all.

        Raises:
            RunError: if they cannot be written.
        """
        self.check()
        write_tensors(path, arrays, {"run": record.id, **values}, self.within)

    def read_tensors(self, path: Path, record: RunRecord) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays and values of a file that this run wrote.

        Raises:
            RunError: if it is missing or damaged, or another run's.
        """
        arrays, values = read_tensors(path)
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise RunError(
                    f"{path}: {name} holds numbers that are not finite: the training had diverged.",
                    hint="Train again with a lower `learning_rate`.",
                )
        if values.get("run") != record.id:
            if values.get("run") == self.read_record().id:
                raise RunError(
                    f"{self.path} was replaced by another run while it was read.",
                    hint="Open it again.",
                )
            raise RunError(
                f"{path} belongs to another run.",
                hint="Restore the run directory from an intact copy, or train again.",
            )
        return arrays, values

    def read_weights(self, record: RunRecord) -> dict[str, Any]:
        """The model's arrays, those that were frozen among them.

        Raises:
            RunError: if they are missing or damaged, or another run's.
        """
        arrays = self.read_tensors(self.model, record)[0]
        return {**self.read_frozen(record), **arrays}

    def read_frozen(self, record: RunRecord) -> dict[str, Any]:
        """The arrays that stand apart because they were frozen; none, where none do.

        Raises:
            RunError: if they are damaged, or another run's.
        """
        return self.read_tensors(self.frozen, record)[0] if self.frozen.exists() else {}

    # Lines

    def append_metrics(self, record: Record) -> None:
        """Add a line to the metrics.

        Raises:
            RunError: if it cannot be written.
        """
        self.check()
        # The checkpoint that counts this line comes after it.
        append_line(self.metrics, record, surely=True, within=self.within)

    def read_metrics(self) -> list[Record]:
        """The evaluations in their order; a last line that was cut short is left out.

        Raises:
            RunError: if there are lines that are not records.
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
        self.check()
        write_bytes(self.metrics, as_lines(records), self.within)

    def append_health(self, record: UpdateRecord) -> None:
        """Add a line to what was watched.

        Raises:
            RunError: if it cannot be written.
        """
        self.check()
        append_line(self.health, record, surely=False, within=self.within)

    def read_health(self) -> list[UpdateRecord]:
        """What was watched of each update, in their order; empty if nothing was.

        Raises:
            RunError: if there are lines that are not records.
        """
        return [
            read_update(value, f"{self.health}, line {at},")
            for at, value in enumerate(read_lines(self.health), 1)
        ]

    def rewind_health(self, step: int) -> None:
        """Forget the updates from this one on: they will be done again.

        Raises:
            RunError: if there are lines that are not records.
        """
        if self.health.exists():
            kept = [record for record in self.read_health() if record.step < step]
            self.check()
            write_bytes(self.health, as_lines(kept), self.within)


def as_lines(records: list[Any]) -> bytes:
    """Records as lines of JSON."""
    return "".join(json.dumps(as_json(r), allow_nan=False) + "\n" for r in records).encode()
