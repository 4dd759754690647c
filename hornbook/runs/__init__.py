"""Run directories: made by training, complete in themselves, opened by every other verb.

What lists runs and what finds a learning rate is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Event, Listener
from hornbook.runs.naming import reserve
from hornbook.runs.record import Member, RunRecord, Summary
from hornbook.runs.resume import resume
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.strip import strip
from hornbook.runs.train import train

if TYPE_CHECKING:
    from hornbook.runs.listing import ListedRun, list_runs
    from hornbook.runs.rate import find_rate

__all__ = [
    "Event",
    "ListedRun",
    "Listener",
    "Member",
    "Run",
    "RunDirectory",
    "RunRecord",
    "Session",
    "Summary",
    "find_rate",
    "list_runs",
    "reserve",
    "resume",
    "strip",
    "train",
]

HOMES = {
    "ListedRun": "hornbook.runs.listing",
    "find_rate": "hornbook.runs.rate",
    "list_runs": "hornbook.runs.listing",
}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
