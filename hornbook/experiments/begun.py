"""What is left of a training that an experiment began before it was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hornbook.errors import HornbookError
from hornbook.runs import Run

__all__ = ["begun"]


def begun(path: Path) -> Literal["", "stopped", "done"]:
    """Whether a run was `stopped` or is `done` there; empty if it must be made."""
    try:
        run = Run(path)
        summary = run.directory.read_summary()
    except HornbookError:
        return ""
    if summary is not None and summary.ended:
        return "done"
    return "stopped" if run.made_as.trained else ""
