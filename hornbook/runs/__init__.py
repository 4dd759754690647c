"""Run directories: made by training, complete in themselves, opened by every other verb."""

from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Event, Listener
from hornbook.runs.listing import ListedRun, list_runs
from hornbook.runs.naming import reserve
from hornbook.runs.rate import find_rate
from hornbook.runs.record import Member, RunRecord, Summary
from hornbook.runs.resume import resume
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.strip import strip
from hornbook.runs.train import train

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
