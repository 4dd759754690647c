"""What to try after a training that did not beat counting, from what is known of it."""

from __future__ import annotations

from hornbook.actions import Action
from hornbook.reports.advice import Advice
from hornbook.runs.calls import data_words
from hornbook.runs.run import Run

__all__ = ["advice"]

APART = 0.10  # of the dev loss: train is so much lower when examples are memorised
TOGETHER = 0.04  # of it: a net for which train is no lower has room to learn
EARLY = 0.7  # of the steps: when dev was best before this, the rest did harm


def advice(run: Run) -> list[Advice]:
    """What to try with a net that has not beaten its baselines; empty if it has.

    Args:
        run: that has ended.

    Raises:
        RunError: if its metrics are damaged.
    """
    summary, measure = run.summary, run.task.decides
    held = summary.reached(measure)
    missed = [
        baseline
        for baseline in summary.baselines
        if "dev" in held
        and "dev" in baseline.reached
        and not measure.is_better(held["dev"], baseline.reached["dev"])
    ]
    if not missed or summary.ending == "diverged" or not summary.steps:
        return []
    found = [learned_so_far(run, summary.steps, summary.best_step or summary.steps)]
    found.append(
        Advice(
            "Counting, nets sized to the data and mixtures of them can be tried for you.",
            Action("best", data_words(run)),
        )
    )
    return [one for one in found if one is not None]


def learned_so_far(run: Run, steps: int, best_step: int) -> Advice | None:
    """What the losses of train and dev tell; None if that is nothing in particular."""
    last = run.directory.read_metrics()[-1].losses
    if "dev" not in last or "train" not in last:
        return None
    gap = (last["dev"] - last["train"]) / abs(last["dev"] or 1.0)
    if gap > APART and best_step < EARLY * steps:
        return Advice(
            f"The net has memorised its examples: dev was best at step {best_step:,} of "
            f"{steps:,}. Try a smaller net, more `dropout` or fewer `steps`."
        )
    if gap < TOGETHER:
        return Advice(
            "The net does about as well on dev as on train: it has room to learn. Train it longer, "
            "or try a larger net.",
            Action("resume", (str(run.path),), {"steps": 2 * steps}),
        )
    return None
