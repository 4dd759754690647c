"""How a training ended: whether the net that is kept is worth keeping."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hornbook.rendering import figure
from hornbook.reports.finding import Finding
from hornbook.runs.record import Summary
from hornbook.training.measures import Evaluation, Measure
from hornbook.training.record import Record

__all__ = ["deciding", "findings_of", "is_worse", "overfitted", "reached"]

OVERFITTED = 0.04  # of the best figure on dev: so much worse at the end is more than chance
MARGIN = 0.01  # of the untrained net's figure: what is worse by less has hardly been trained


def deciding(splits: Collection[str]) -> str:
    """The split whose value decides: dev, or train where there is no dev; empty if neither is."""
    return next((name for name in ("dev", "train") if name in splits), "")


def reached(record: Record, measure: Measure) -> float | None:
    """The deciding figure of a record: on dev, or on train where there is no dev."""
    found = Evaluation(record.losses, record.measures)
    split = deciding([*record.losses, *record.measures])
    return found.figure(measure, split) if split else None


def is_worse(measure: Measure, kept: float, untrained: float) -> bool:
    """Whether training has made a net clearly worse than it was."""
    return measure.is_better(untrained, kept) and abs(kept - untrained) > MARGIN * abs(untrained)


def overfitted(metrics: Sequence[Record], measure: Measure) -> Finding | None:
    """What to say where dev became clearly worse while train went on to become better.

    Args:
        metrics: of the whole training.
        measure: by which one net is better than another.
    """
    known = [
        (one.step, figures.figure(measure, "train"), figures.figure(measure, "dev"))
        for one in metrics
        for figures in (Evaluation(one.losses, one.measures),)
    ]
    held = [(step, train, dev) for step, train, dev in known
            if train is not None and dev is not None]  # fmt: skip
    if len(held) < 2:
        return None
    sign = 1 if measure.best == "lowest" else -1
    best, last = min(held, key=lambda one: sign * one[2]), held[-1]
    worse = sign * (last[2] - best[2]) > OVERFITTED * abs(best[2])
    if best[0] == last[0] or not worse or not measure.is_better(last[1], best[1]):
        return None
    dev = [figure(one[2], measure.digits) for one in (best, last)]
    train = [figure(one[1], measure.digits) for one in (best, last)]
    return Finding(
        "overfitting",
        "warning",
        f"The net overfits: from step {best[0]:,} to {last[0]:,} dev went from {dev[0]} to "
        f"{dev[1]} ({measure.name}), and train from {train[0]} to {train[1]}.",
        "From there on it has memorised the examples of train, which does not help with others. "
        f"The weights of step {best[0]:,} are kept.",
        "Train for fewer `steps`, with more `weight_decay`, or a smaller net; or get more data.",
    )


def findings_of(summary: Summary, measure: Measure, rate: float | None = None) -> list[Finding]:
    """What is amiss with the net that a training has kept; empty if nothing is.

    Args:
        summary: of the training.
        measure: by which one net is better than another.
        rate: the learning rate, to be named.
    """
    held = summary.reached(measure)
    split = deciding(held)
    if not split:
        return []
    kept = figure(held[split], measure.digits)
    at = f" (it was {rate:g})" if rate is not None else ""
    if summary.ending == "diverged" and summary.untrained is not None:
        before = figure(summary.untrained, measure.digits)
        return [
            Finding(
                "diverged",
                "problem",
                f"The trained net is worse than the untrained one: {split} {measure.name} {kept}, "
                f"before training {before}.",
                "Training has diverged: its updates were too large. The run is kept, but its net "
                "is useless.",
                f"Lower `learning_rate`{at} and train again.",
            )
        ]
    if summary.ended and summary.best_step == 0 and summary.steps:
        return [
            Finding(
                "no-better-than-start",
                "warning",
                f"Training has not improved the net: {split} {measure.name} {kept}.",
                "The weights that training began with are kept.",
                f"Lower `learning_rate`{at}, or freeze a part of the net with `rates`.",
            )
        ]
    untrained = summary.steps == 0  # as was asked for
    if summary.guessing is not None and held[split] > summary.guessing and not untrained:
        return [
            Finding(
                "worse-than-guessing",
                "warning",
                f"The net is worse than guessing evenly: {split} {measure.name} {kept}, guessing "
                f"{figure(summary.guessing, measure.digits)}.",
                "It has not learned anything useful yet, or its updates were too large.",
                f"Train for more `steps`; if the loss does not fall, lower `learning_rate`{at}.",
            )
        ]
    return []
