"""Runs that are named on a command line."""

from __future__ import annotations

from hornbook.cli.output import escape, notes
from hornbook.runs import Run

__all__ = ["opened_run"]


def opened_run(path: str, device: str = "cpu") -> Run:
    """Open a run, with a word of warning if others can change what it holds.

    Raises:
        RunError: if it is not a run, or damaged.
    """
    run = Run(path, device)
    for text in run.directory.remarks:
        notes().print(f"[yellow]Warning:[/] {escape(text)}")
    return run
