"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from hornbook.training.settings import TrainingSettings

__all__ = ["learning_rate", "unfinished_cycle"]

CYCLES = 3  # that fill a training whose settings leave the length of the first one open
# One-cycle begins at the peak / 25 and ends at that / 10,000, as torch's OneCycleLR.
DIV, FINAL_DIV = 25.0, 1e4


def learning_rate(settings: TrainingSettings, step: int) -> float:
    """The rate of one update.

    Args:
        settings: schedule, peak and number of steps.
        step: updates done before this one, from 0 to `steps - 1`.
    """
    s = settings
    if s.schedule == "one-cycle":
        return one_cycle(s.learning_rate, step, s.steps, s.peak_at)
    rise = min(1.0, (step + 1) / (s.warmup + 1))
    if s.schedule == "step":
        fall = s.decay_by if step >= s.decay_at * s.steps else 1.0
    elif s.schedule == "warm-restarts":
        fall = warm_restarts(max(0, step - s.warmup), s)
    elif s.schedule == "cosine":
        done = max(0, step - s.warmup) / max(1, s.steps - s.warmup)
        fall = (1 + math.cos(math.pi * done)) / 2
    else:
        fall = 1.0
    return s.learning_rate * rise * fall


def warm_restarts(place: int, settings: TrainingSettings) -> float:
    """The share of the peak, down half a cosine in each cycle (Loshchilov and Hutter 2017, SGDR).

    Args:
        place: updates since the first cycle began.
        settings: `cycle` and `cycle_mult`; a `cycle` of 0 is cut so that three fill the steps.
    """
    mult, length = settings.cycle_mult, settings.cycle
    if not length:
        # The first of three is S / (1 + m + m²) of S steps long, seldom a whole number: all is
        # measured in that fraction of a step, so that no restart is missed by rounding.
        place *= sum(mult**i for i in range(CYCLES))
        length = settings.steps - settings.warmup
    if mult == 1:
        place %= length
    while place >= length:
        place, length = place - length, length * mult
    return (1 + math.cos(math.pi * place / length)) / 2


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
