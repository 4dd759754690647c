"""What stands beside a model: its baselines, measured on the same data."""

from __future__ import annotations

from dataclasses import replace

from hornbook.errors import HornbookError
from hornbook.runs.events import Listener, Warned
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.tasks import Data

__all__ = ["with_baselines"]


def with_baselines(run: Run, data: Data, summary: Summary, listen: Listener) -> Summary:
    """The summary with the baselines, kept; without them and with a warning if they fail.

    A baseline of the run's own family is left out.
    """
    try:
        baselines = tuple(one for one in run.task.baselines(data) if one.family != run.family)
    except (HornbookError, OSError, MemoryError) as error:
        why = str(error) or "out of memory"
        listen(Warned(f"The run is complete, but its baseline cannot be evaluated: {why}"))
        return summary
    summary = replace(summary, baselines=baselines)
    run.directory.write_summary(summary)
    return summary
