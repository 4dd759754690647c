"""The runs of a comparison measured, one after the other or in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hornbook.experiments.compare.events import Comparing
from hornbook.experiments.compare.measuring import is_measured, measured_run
from hornbook.experiments.workers.crew import had_done, shared_out
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.process import Talk
from hornbook.experiments.workers.worker import Worker, threads_for
from hornbook.records import JSON
from hornbook.runs import Run
from hornbook.runs.events import Warned
from hornbook.runs.prepare import Prepared

__all__ = ["Measurer", "measured_here", "measured_in_processes"]

FEWEST = 2  # runs that are worth the beginning of processes

Measurer: TypeAlias = Callable[[Prepared, Sequence[Run], Path], Iterator[Run]]
"""Has runs measured, in any order; gives each when that is begun. When all are given, what
`measured_run` says of each in that folder is known."""


def measured_here(prepared: Prepared, runs: Sequence[Run], folder: Path) -> Iterator[Run]:
    """The measurer that measures one after the other in this process; errors of `measured_run`."""
    for run in runs:
        yield run
        measured_run(run, prepared, folder)


def measured_in_processes(jobs: int, errand: Errand, listen: Comparing) -> Measurer:
    """The measurer that measures several at a time; the paces are then of shared processors.

    Args:
        jobs: processes at a time.
        errand: the data.
        listen: is told where a process dies.
    """

    def measure(prepared: Prepared, runs: Sequence[Run], folder: Path) -> Iterator[Run]:
        left = [run for run in runs if not is_measured(run, folder)]
        if len(left) < FEWEST:
            yield from measured_here(prepared, runs, folder)
            return
        yield from (run for run in runs if run not in left)

        def do(worker: Worker, run: Run, tell: Callable[[Any], None]) -> None:
            tell(run)
            asked = {"run": str(run.path), "folder": str(folder)}
            had_done(worker, asked, "measured", run.path.name, tell)

        workers = [Worker(errand, work, threads_for(jobs)) for _ in range(min(jobs, len(left)))]
        for told in shared_out(workers, left, do):
            if isinstance(told, Warned):
                listen(told)
            else:
                yield told

    return measure


def work(prepared: Prepared, asked: Any, talk: Talk) -> JSON:
    """What a process does with a run."""
    measured_run(Run(asked["run"]), prepared, Path(asked["folder"]))
    return True
