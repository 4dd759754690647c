"""A short measurement before training: how this net runs fastest on this machine.

Small nets run best on one thread, large ones on all; bfloat16 halves the time of large products and
does nothing for small ones. Nobody should have to know which is which.

It takes at most 3 % of a training, counted in steps: how much is tried hangs on the settings and
not on a clock, but where a training is to last for a given time: then it ends when a tenth of
that is spent. What the processor cannot do is not tried. Compiled steps are tried where they would
save more than the seconds in which they are loaded, or compiled for a machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from hornbook.compute.load import free_processors, is_busy
from hornbook.compute.random_states import random_states, set_random_states
from hornbook.training.candidates import Candidates, candidates
from hornbook.training.protocols import BatchSource
from hornbook.training.race import Race, in_words, stepper, together
from hornbook.training.settings import TrainingSettings

__all__ = ["Calibration", "calibrate", "time_steps"]

SPREAD = 6  # batches that are timed before a given time


@dataclass(frozen=True)
class Calibration:
    """What was chosen, and why."""

    settings: TrainingSettings
    "The settings with threads, precision and gradients chosen: none is `auto` or 0 any more."
    tried: tuple[tuple[str, float], ...]
    "Each combination in words, with its milliseconds per step; empty if there was no choice."
    seconds: float
    "Time that the measurement took."
    refused: tuple[tuple[str, str], ...] = ()
    "Names of the ways to get gradients that cannot be used here, and why."
    key: str = ""
    "Digest of the kind of training that this is the choice for; empty if there was no choice."
    path: Path | None = None
    "The file that keeps the choice."
    remembered: bool = False
    "Whether it was chosen for an earlier training of the same kind."
    unkept: str = ""
    "Why the choice could not be kept; empty if it was."
    not_compiled: str = ""
    """What keeps steps from being compiled, of a net that has kernels and would gain by it, as the
    end of a sentence; empty if nothing does."""
    too_short: bool = False
    "Whether there was a choice, and too few steps to measure it."
    quiet: bool = True
    "Whether the processors were free for it."

    sharing: int = 0
    "Threads that share a batch of compiled steps: those that are chosen, or fewer."
    compiling: float = 0.0
    "The part of `seconds` in which steps were compiled for this machine, once."
    cut: bool = False
    "Whether there was no time to try all."

    @property
    def milliseconds(self) -> float | None:
        """A step's time as it was measured for what was chosen; None if nothing was."""
        return dict(self.tried).get(in_words(self.settings))


def calibrate(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    open_: Candidates | None = None,
    tell: Callable[[str], None] = lambda text: None,
    limit: float | None = None,
) -> Calibration:
    """Choose what the settings leave open: threads, precision and the way to get gradients.

    One after the other, each is changed if that makes a step faster. All are timed on the same
    few batches, in turns, on copies of the objective: its weights, the place in the batches and the
    random numbers of the training are not touched. Where there are too few steps for that, several
    threads are taken if nobody else is at work.

    Args:
        objective: what is to be trained, on its device.
        batches: of the training.
        settings: `threads` 0, `precision` auto and `gradients` auto are what may be chosen.
        open_: what `candidates` gives for these; None: ask it.
        tell: is told what takes long.
        limit: seconds after which nothing more is tried; compiling does not count. What would take
            more from the first pair on is not begun.

    Raises:
        SettingsError: if there is no way to get gradients here.
    """
    began = time.perf_counter()
    open_ = open_ or candidates(objective, batches, settings)
    if not open_.worth_measuring:
        start = open_.start
        if open_.is_open and {"threads": 1} in open_.others:
            start = replace(start, threads=free_processors(start.threads))
        seconds = time.perf_counter() - began
        return Calibration(
            start, (), seconds, open_.refused, too_short=open_.is_open,
            not_compiled=open_.not_compiled,
        )  # fmt: skip
    device = next(objective.parameters()).device
    random, race = random_states(device), Race(objective, batches, settings, tell, limit)
    busy = is_busy(open_.start.threads)
    try:
        chosen = race.fastest(open_, busy=busy)
    finally:
        set_random_states(device, random)
    busy = busy or is_busy(open_.start.threads)
    return Calibration(
        chosen,
        tuple(race.tried.items()),
        time.perf_counter() - began,
        open_.refused,
        quiet=not busy,
        not_compiled=open_.not_compiled,
        compiling=race.compiling,
        cut=race.cut,
        too_short=race.cut and not race.tried,
    )


def time_steps(
    objective: torch.nn.Module, batches: BatchSource, settings: TrainingSettings, look: float
) -> float:
    """Seconds a step takes, with everything decided; as little is touched as by `calibrate`.

    Batches of short rows take less time than batches of long ones: those that are timed are spread
    over an epoch.

    Args:
        objective: what is to be trained, on its device.
        batches: of the training.
        settings: with nothing open.
        look: seconds for this; all batches have their turn in any case.
    """
    device = next(objective.parameters()).device
    random, cursor = random_states(device), batches.cursor
    sample = []
    for at in range(SPREAD):
        batches.cursor = cursor + at * max(1, int(batches.per_epoch)) // SPREAD
        sample.append(next(batches))
    batches.cursor = cursor
    sample *= together(objective, settings, batches, SPREAD)
    try:
        run = stepper(objective, sample, settings)
        run()
        began, rounds = time.perf_counter(), 0
        while not rounds or time.perf_counter() - began < look:
            run()
            rounds += 1
        seconds = time.perf_counter() - began
    finally:
        set_random_states(device, random)
    return seconds / rounds / len(sample)
