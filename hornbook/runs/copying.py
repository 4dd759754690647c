"""A run once more, in another directory."""

from __future__ import annotations

from pathlib import Path

from hornbook.compute.pinned import pinned
from hornbook.runs.directory import RunDirectory
from hornbook.runs.run import Run
from hornbook.storage import read_file, write_bytes

__all__ = ["copy_run"]


@pinned()
def copy_run(run: Run, out: str | Path, *, overwrite: bool = False) -> Run:
    """Copy a finished run: data, model, checkpoint, metrics, summary.

    Args:
        run: that has ended.
        out: directory of the copy.
        overwrite: replace a run that is there.

    Raises:
        RunError: if it has not ended, is damaged, or the copy cannot be written.
    """
    summary, old = run.summary, run.directory
    made = RunDirectory(out)
    made.begin(run.record, run.data, overwrite=overwrite)
    try:
        named = (old.metrics, old.health, old.checkpoint, old.model)
        names = [path.name for path in named if path.exists()] + list(summary.pictures)
        for name in names:
            made.check()
            write_bytes(made.at / name, read_file(old.path, name), made.within)
        made.write_summary(summary)
        made.settle()
    finally:
        made.release()
    return Run(made.path)
