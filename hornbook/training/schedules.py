"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from hornbook.training.settings import TrainingSettings

__all__ = ["continued", "learning_rate", "may_end", "unfinished_cycle"]

CYCLES = 3  # that fill a training whose settings leave the length of the first one open
# One-cycle begins at the peak / 25 and ends at that / 10,000, as torch's OneCycleLR.
DIV, FINAL_DIV = 25.0, 1e4


def learning_rate(settings: TrainingSettings, step: int) -> float:
    """The rate of one update.

    Args:
        settings: schedule, peak and number of steps.
        step: updates done before this one, from 0 to `steps - 1`.

    Returns:
        The rate; 0 where there are no steps.
    """
    s, schedule = settings, settings.schedule
    if not s.steps:
        return 0.0
    if schedule == "one-cycle":
        return one_cycle(s.learning_rate, step, s.steps, s.peak_at)
    rise = (step + 1) / (s.warmup + 1) if step < s.warmup else 1.0
    if schedule == "constant":
        fall = 1.0
    elif schedule == "step":
        fall = s.decay_by if step >= s.decay_at * s.steps else 1.0
    elif schedule == "warm-restarts":
        # Loshchilov and Hutter (2017), SGDR.
        place, length, _ = place_in_cycle(s, step)
        fall = (1 + math.cos(math.pi * place / length)) / 2
    else:
        done = max(0, step - s.warmup) / max(1, s.steps - s.warmup)
        fall = (1 + math.cos(math.pi * done)) / 2
    return s.learning_rate * rise * fall


def continued(before: TrainingSettings, after: TrainingSettings, step: int) -> str:
    """What happens to the learning rate when a training goes on to another number of steps.

    A schedule is a function of the settings and the step alone, the number of all steps among them:
    after the change it is what it would have been had that number been asked for at first.

    Args:
        before: the settings until now.
        after: the same with other `steps`.
        step: updates done.

    Returns:
        A sentence; empty where there were no steps so far.
    """
    if not before.steps:  # nothing changes: the schedule begins
        return ""
    s, old = after, learning_rate(before, min(step, before.steps - 1))
    new = learning_rate(s, step)
    if s.schedule == "constant" or (s.schedule == "warm-restarts" and s.cycle):
        how = "stays constant" if s.schedule == "constant" else "goes on in its cycles"
        return f"The learning rate {how}, whatever the number of steps; next: {new:.2g}."
    then = {
        "one-cycle": "falls to nearly 0 at the end",
        "cosine": "falls to nearly 0 at the end",
        "step": f"stays at {learning_rate(s, s.steps - 1):.2g}",
        "warm-restarts": "falls and restarts, so that three cycles fill all steps",
    }[s.schedule]
    if s.schedule == "one-cycle" and step < s.peak_at * s.steps - 1:
        then = f"rises to {s.learning_rate:.2g}, then {then}"
    elif s.schedule == "step" and step < (fall := math.ceil(s.decay_at * s.steps)):
        then = f"falls at step {fall:,} to {learning_rate(s, s.steps - 1):.2g}"
    return (
        f"The schedule, {s.schedule}, now spans all {s.steps:,} steps: the learning rate goes from "
        f"{old:.2g} to {new:.2g}, and from there {then}."
    )


def place_in_cycle(settings: TrainingSettings, step: int) -> tuple[int, int, int]:
    """Where an update lies among warm restarts.

    Returns:
        How much of its cycle is done before it, the length of the cycle, and that of an update, all
        in the same unit: an update, or, where three cycles fill the steps, the fraction of one in
        which their lengths are whole numbers, so that no restart is missed by rounding.
    """
    mult, length, unit = settings.cycle_mult, settings.cycle, 1
    if not length:
        # The first of three is S / (1 + m + m²) updates long, where S is the number of them all.
        unit, length = sum(mult**i for i in range(CYCLES)), settings.steps - settings.warmup
    place = max(0, step - settings.warmup) * unit
    if mult == 1:
        place %= length
    while place >= length:
        place, length = place - length, length * mult
    return place, length, unit


def may_end(settings: TrainingSettings, step: int) -> bool:
    """Whether training may end early after so many updates.

    Not within a cycle of warm restarts: dev becomes worse at the beginning of each, and better than
    it ever was only near the end.
    """
    if settings.schedule != "warm-restarts":
        return True
    place, _, unit = place_in_cycle(settings, step)
    return place < unit


def unfinished_cycle(settings: TrainingSettings) -> tuple[int, int] | None:
    """Where the last cycle of warm restarts is cut off by the end of training.

    Returns:
        The numbers of steps, before and after the end, that whole cycles would fill (the first is
        0 if not even one is whole); None if a cycle ends with the training, or there are none.
    """
    s = settings
    if s.schedule != "warm-restarts" or not s.cycle:
        return None
    if s.cycle_mult == 1:
        before = s.warmup + (s.steps - s.warmup) // s.cycle * s.cycle
        after = before + s.cycle
    else:
        before, after, length = s.warmup, s.warmup + s.cycle, s.cycle
        while after <= s.steps:
            length *= s.cycle_mult
            before, after = after, after + length
    if before == s.steps:
        return None
    return before if before > s.warmup else 0, after


def one_cycle(peak: float, step: int, steps: int, peak_at: float) -> float:
    """Half a cosine up, half a cosine down (Smith and Topin 2018, as in torch's OneCycleLR)."""
    top = peak_at * steps - 1
    if step <= top:
        low, high, done = peak / DIV, peak, step / top if top else 1.0
    else:
        low, high, done = peak, peak / DIV / FINAL_DIV, (step - top) / max(1e-9, steps - 1 - top)
    return high + (low - high) * (1 + math.cos(math.pi * done)) / 2
