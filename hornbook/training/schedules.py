"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from hornbook.training.settings import TrainingSettings

__all__ = ["learning_rate"]

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
    elif s.schedule == "cosine":
        done = max(0, step - s.warmup) / max(1, s.steps - s.warmup)
        fall = (1 + math.cos(math.pi * done)) / 2
    else:
        fall = 1.0
    return s.learning_rate * rise * fall


def one_cycle(peak: float, step: int, steps: int, peak_at: float) -> float:
    """Half a cosine up, half a cosine down (Smith and Topin 2018, as in torch's OneCycleLR)."""
    top = peak_at * steps - 1
    if step <= top:
        low, high, done = peak / DIV, peak, step / top if top else 1.0
    else:
        low, high, done = peak, peak / DIV / FINAL_DIV, (step - top) / max(1e-9, steps - 1 - top)
    return high + (low - high) * (1 + math.cos(math.pi * done)) / 2
