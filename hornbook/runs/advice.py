"""What to try with a run, from what is known of its training.

Only what its family has is proposed: its own settings say what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from hornbook.actions import Action
from hornbook.reports.advice import Advice
from hornbook.runs.calls import data_options, data_words, task_option
from hornbook.runs.extension import longer
from hornbook.runs.outcome import overfitted
from hornbook.runs.run import Run
from hornbook.training.measures import Evaluation, Measure
from hornbook.training.record import Record

__all__ = ["advice", "can_go_on", "remedy"]

APART = 0.10  # of the dev loss: train is so much lower when examples are memorised
TOGETHER = 0.04  # of it: a net for which train is no lower has room to learn
EARLY = 0.7  # of the steps: when dev was best before this, the rest did harm
FILLED = 10  # predictions of train for each parameter: so many cannot be held in a net
SIZES = {"n_hidden", "n_embd", "n_layer"}
"Settings that make a net larger or smaller."


def advice(run: Run) -> list[Advice]:
    """What to try with a net that is untrained or has not beaten its baselines; else nothing.

    Args:
        run: that has ended.

    Raises:
        RunError: if its metrics are damaged.
    """
    summary, measure = run.summary, run.task.decides
    if summary.steps == 0 and summary.ended:
        going_on = Action("resume", (str(run.path),), {"steps": longer(run, 0)})
        return [Advice("The net is untrained. To train it from here:", going_on)] * can_go_on(run)
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
    if not can_try_several(run):
        return [one for one in (learned_so_far(run),) if one is not None]
    counted = any(line.made_by == "counting" for line in run.task.families.values())
    others = Advice(
        "Counting, nets sized to the data and mixtures of them can be tried for you."
        if counted
        else "Several models can be tried for you, and the best of them is kept.",
        Action("best", data_words(run), task_option(run) | data_options(run)),
    )
    return [one for one in (learned_so_far(run), others) if one is not None]


def learned_so_far(run: Run) -> Advice | None:
    """What the losses of train and dev tell of a net; None if that is nothing in particular."""
    steps = run.summary.steps or 0
    best_step = run.summary.best_step or steps
    metrics = run.directory.read_metrics()
    measure = run.task.decides
    last = Evaluation(metrics[-1].losses, metrics[-1].measures) if metrics else Evaluation()
    train, dev = (last.figure(measure, split) for split in ("train", "dev"))
    if train is None or dev is None:
        return None
    gap = (dev - train) / abs(dev or 1.0) * (1 if measure.best == "lowest" else -1)
    passed = best_step < EARLY * steps or run.summary.ending == "early"
    has = {field.name for field in fields(run.settings)}
    if gap > APART and best_step < EARLY * steps:
        if not (can_memorise(run) and went_worse(metrics, measure)):
            return None
        tries = ["a smaller net"] * bool(has & SIZES) + ["more `dropout`"] * ("dropout" in has)
        return Advice(
            f"The net has memorised its examples: dev was best at step {best_step:,} of "
            f"{steps:,}. Try {' or '.join([*tries, 'fewer `steps`'])}."
        )
    if gap >= TOGETHER or overfitted(metrics, measure):
        return None
    if can_go_on(run) and not passed:
        larger = ", or try a larger net" if has & SIZES else ""
        return Advice(
            "The net does about as well on dev as on train: it has room to learn. Train it longer"
            f"{larger}.",
            Action("resume", (str(run.path),), {"steps": longer(run, steps)}),
        )
    room = "The net does about as well on dev as on train, and has learned what it can: try"
    return Advice(f"{room} {'a larger one' if has & SIZES else 'another family'}.")


def can_memorise(run: Run) -> bool:
    """Whether a net has enough parameters to hold its examples, as far as is known."""
    parameters = run.summary.parameters
    if parameters is None or not run.has_data:
        return True
    return bool(parameters * FILLED > run.data.sizes["train"])


def went_worse(metrics: Sequence[Record], measure: Measure) -> bool:
    """Whether dev was clearly better before the end than there."""
    known = [Evaluation(one.losses, one.measures).figure(measure, "dev") for one in metrics]
    held = [one for one in known if one is not None]
    best = min(held) if measure.best == "lowest" else max(held)
    return bool(abs(held[-1] - best) > TOGETHER * abs(best))


def can_go_on(run: Run) -> bool:
    """Whether a run can be trained further: of one that was stripped the checkpoint is gone."""
    return run.has_data and run.directory.checkpoint.exists()


def can_try_several(run: Run) -> bool:
    """Whether the best of several models can be found: the data are there, and dev chooses."""
    return run.has_data and "dev" in run.data.sizes


def remedy(run: Run) -> str:
    """What to try with a model that does not beat its baseline, in a sentence or two."""
    found = learned_so_far(run) if run.summary.steps else None
    told = f"{found.reason} " if found is not None else ""
    if can_try_several(run):
        return f"{told}Let `best` try several models."
    return told.strip() or "Try another family."
