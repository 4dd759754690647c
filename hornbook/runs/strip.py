"""A run to give away: its model, without the data that it was trained on."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from hornbook.errors import RunError
from hornbook.runs.notes import NOTES
from hornbook.runs.record import RunRecord
from hornbook.runs.run import Run
from hornbook.storage import refuse_irregular

__all__ = ["strip"]

WITH_THE_DATA = ("checkpoint.safetensors", "report.html", NOTES)
"""What goes with the data: training cannot go on without them, a report quotes them, and notes were
written for oneself."""


def strip(path: str | Path) -> list[str]:
    """Remove from a run the data that it was trained on, for good.

    The model can still do all that does not need them: sample, score, be measured on a file. The
    hashes of what was removed stay in the record. What of the data a model itself holds, stays:
    `Task.still_private` tells.

    Args:
        path: of a run that has ended.

    Returns:
        Names of the files that were removed.

    Raises:
        RunError: if it is not a run, has not ended, is in use, or its task cannot do without data.
    """
    run = Run(path)
    _ = run.summary  # raises if training has not ended: it could not be resumed
    if not run.summary.ended:
        raise RunError(
            f"{run.path} was interrupted; without its data it could not be resumed.",
            hint="Resume it first, or train a shorter run.",
        )
    private = run.task.private
    if not private:
        raise RunError(f"A run of the task {run.task.name} cannot be used without its data.")
    directory = run.directory
    directory.take_up()
    try:
        names = [
            name for name in (*sorted(private), *WITH_THE_DATA) if os.path.lexists(run.path / name)
        ]
        for name in names:  # all of them before the first is removed
            refuse_irregular(run.path, name)
        kept = run.record.data
        removed = tuple(sorted({*kept.removed, *(set(names) & private)}))
        bare = replace(kept, source=without_folder(kept.source), removed=removed)
        # The record first: after a kill the files that are still there are removed by another call.
        directory.write_record(without_folders(run.record.with_data(bare), run.task.options.files))
        members = tuple(replace(m, run=without_folder(m.run)) for m in run.summary.members)
        # A filter's command may tell where things lay.
        found = replace(run.summary.found, filter="") if run.summary.found else None
        directory.write_summary(replace(run.summary, members=members, found=found))
        for name in names:
            directory.remove(name)
    finally:
        directory.release()
    return names


def without_folders(record: RunRecord, files: Collection[str]) -> RunRecord:
    """A record that tells of files and runs only what they are called.

    Args:
        record: of a run.
        files: names of the options that are paths of files.
    """
    named = {name: record.options.get(name) for name in files}
    options = {name: without_folder(path) for name, path in named.items() if isinstance(path, str)}
    start = record.start
    if start.ancestor is not None:
        bare = replace(start.ancestor, run=without_folder(start.ancestor.run))
        start = replace(start, ancestor=bare)
    if start.imported is not None:
        kept, tokens = start.imported, start.imported.tokens
        token_file = None if tokens is None else without_folder(tokens)
        start = replace(
            start, imported=replace(kept, source=without_folder(kept.source), tokens=token_file)
        )
    return replace(record, options={**record.options, **options}, start=start)


def without_folder(name: str) -> str:
    """A path's last part: where a file lay on someone's machine is nobody's business."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]
