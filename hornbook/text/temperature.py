"""The temperature that suits a run: 1, unless a lower one makes more samples that are of use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.text.quality import Quality, quality

if TYPE_CHECKING:
    from hornbook.runs import Run

__all__ = ["suitable_temperature", "worth"]

USUAL = 1.0
LOWER = (0.9, 0.8, 0.7, 0.6)
SAMPLES = 500  # of each temperature
MORE = 0.02  # by which a lower one must be better: twice what luck does to a share of so many


def worth(found: Quality) -> float:
    """How much samples of a temperature are worth: 1 at most.

    The share that is of use, less what is lost in variety: cold samples are more often right, begin
    and end more often alike, and copy more.
    """
    return (found.usable or 0.0) * (1 - found.distance)


def suitable_temperature(run: Run, filter_command: str = "") -> float:
    """The temperature to sample a run of lines at: the best one on the way down from 1.

    Raises:
        ToolError: if the filter fails.
    """
    best = (USUAL, worth(quality(run, SAMPLES, (USUAL,), filter_command)[-1]))
    usual = best[1]
    for temperature in LOWER:
        found = worth(quality(run, SAMPLES, (temperature,), filter_command)[-1])
        if found <= best[1]:
            break
        best = (temperature, found)
    return best[0] if best[1] > usual + MORE else USUAL
