"""What stands beside a model: its baselines, measured on the same data."""

from __future__ import annotations

from dataclasses import replace

from hornbook.errors import HornbookError, why
from hornbook.runs.events import Listener, Warned
from hornbook.runs.record import Summary
from hornbook.runs.run import Run
from hornbook.tasks import Baseline, Data

__all__ = ["with_baselines"]


def with_baselines(run: Run, data: Data, summary: Summary, listen: Listener) -> Summary:
    """The summary with the baselines, kept; without those that fail, and with a warning then.

    A baseline of the run's own family is left out.
    """
    found: list[Baseline] = []
    try:
        found.extend(run.task.baselines(data, run.model))
    except (HornbookError, OSError, MemoryError) as error:
        which = "a further baseline" if found else "its baseline"
        listen(Warned(f"The run is complete, but {which} cannot be evaluated: {why(error)}"))
        if not found:
            return summary
    others = tuple(one for one in found if one.family != run.family)
    summary = replace(summary, baselines=others)
    run.directory.write_summary(summary)
    return summary
