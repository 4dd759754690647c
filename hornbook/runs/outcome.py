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
NEAR = 0.2  # of the untrained net's figure: what stays so near has not diverged
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
        if one.step > 0 or one.best  # an untrained start is measured, but not kept
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
        f"{dev[1]} ({measure.title}), and train from {train[0]} to {train[1]}.",
        "From there on it has memorised the examples of train, which does not help with others. "
        f"The weights of step {best[0]:,} are kept.",
        "Train for fewer `steps`, with more `weight_decay`, or a smaller net; or get more data.",
    )


def why_worse(metrics: Sequence[Record], measure: Measure, at: str) -> tuple[str, str]:
    """Why a net became worse than it was before training, and what to do.

    Args:
        metrics: of the whole training, from the untrained net on.
        measure: by which one net is better than another.
        at: what the learning rate was, for people.
    """
    figures = [Evaluation(one.losses, one.measures) for one in metrics]
    of_train = [one for one in (each.figure(measure, "train") for each in figures)
                if one is not None]  # fmt: skip
    if len(of_train) > 1 and is_worse(measure, of_train[0], of_train[-1]):
        before, after = (figure(one, measure.digits) for one in (of_train[0], of_train[-1]))
        return (
            f"It has learned train ({measure.title} {before}, and {after} at the end), and nothing "
            "of it holds for dev: it has memorised. The run is kept, but its net is useless.",
            "Get more data, or take a smaller net or more `weight_decay`; a lower `learning_rate`"
            f"{at} may help too.",
        )
    held = [one for one in (reached(record, measure) for record in metrics) if one is not None]
    if held and all(abs(one - held[0]) <= NEAR * abs(held[0]) for one in held):
        return (
            "Nothing was learned yet: no figure has moved far from where it was. The run is kept, "
            "but its net is useless.",
            f"Train for more `steps`; if that does not help, with another `learning_rate`{at}.",
        )
    return (
        "Training has diverged: its updates were too large. The run is kept, but its net is "
        "useless.",
        f"Lower `learning_rate`{at} and train again.",
    )


def findings_of(
    summary: Summary,
    measure: Measure,
    rate: float | None = None,
    metrics: Sequence[Record] = (),
) -> list[Finding]:
    """What is amiss with the net that a training has kept; empty if nothing is.

    Args:
        summary: of the training.
        measure: by which one net is better than another.
        rate: the learning rate, to be named.
        metrics: of the whole training.
    """
    held = summary.reached(measure)
    split = deciding(held)
    if not split:
        return []
    kept = figure(held[split], measure.digits)
    at = f" (it was {rate:g})" if rate is not None else ""
    if summary.ending == "diverged" and summary.untrained is not None:
        before = figure(summary.untrained, measure.digits)
        why, what_to_do = why_worse(metrics, measure, at)
        return [
            Finding(
                "diverged",
                "problem",
                f"The trained net is worse than the untrained one: {split} {measure.title} {kept}, "
                f"before training {before}.",
                why,
                what_to_do,
            )
        ]
    if summary.ended and summary.best_step == 0 and summary.steps:
        return [
            Finding(
                "no-better-than-start",
                "warning",
                f"Training has not improved the net: {split} {measure.title} {kept}.",
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
                f"The net is worse than guessing evenly: {split} {measure.title} {kept}, guessing "
                f"{figure(summary.guessing, measure.digits)}.",
                "It has not learned anything useful yet, or its updates were too large.",
                f"Train for more `steps`; if the loss does not fall, lower `learning_rate`{at}.",
            )
        ]
    return []
