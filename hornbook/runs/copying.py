"""A run once more, in another directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hornbook.compute.pinned import pinned
from hornbook.records import JSON, as_json
from hornbook.runs.directory import RunDirectory
from hornbook.runs.notes import NOTES, read_notes
from hornbook.runs.record import Search
from hornbook.runs.run import Run
from hornbook.storage import read_file, sealed, write_bytes, write_json

__all__ = ["copy_run"]


@pinned()
def copy_run(
    run: Run,
    out: str | Path,
    *,
    overwrite: bool = False,
    suited: Mapping[str, JSON] | None = None,
    found: Search | None = None,
) -> Run:
    """Copy a finished run: data, model, checkpoint, metrics, summary, and what was noted of it.

    Args:
        run: that has ended.
        out: directory of the copy.
        overwrite: replace a run that is there.
        suited: what its questions are asked with; as in the run, if not given.
        found: how it was found among several; as in the run, if not given.

    Raises:
        RunError: if it has not ended, is damaged, or the copy cannot be written.
    """
    summary, old = run.summary, run.directory
    if suited is not None:
        summary = replace(summary, suited=suited)
    if found is not None:
        summary = replace(summary, found=found)
    made = RunDirectory(out)
    made.begin(run.record, run.data, overwrite=overwrite)
    try:
        named = (old.metrics, old.health, old.checkpoint, old.frozen, old.model)
        names = [path.name for path in named if path.exists()] + list(summary.pictures)
        for name in names:
            made.check()
            write_bytes(made.at / name, read_file(old.path, name), made.within)
        if old.notes.exists():
            noted = replace(read_notes(old.path), archived=False)
            write_json(made.at / NOTES, sealed(as_json(noted)), made.within)
        made.write_summary(summary)
        made.settle()
    finally:
        made.release()
    return Run(made.path)
