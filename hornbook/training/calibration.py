"""A short measurement before training: how this net runs fastest on this machine.

Small nets run best on one thread, large ones on all; bfloat16 halves the time of large products and
does nothing for small ones. Nobody should have to know which is which.

It takes at most 3 % of a training, counted in steps: how much is tried hangs on the settings and
not on a clock. What the processor cannot do is not tried, and what is far slower is dropped at
once. What one thread does is timed by the time in which that thread runs, so that other work on the
machine does not choose. Compiled steps are tried where they would save more than the seconds in
which they are loaded, or compiled for a machine.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hornbook.compute.load import free_processors, is_busy
from hornbook.compute.random_states import random_states, set_random_states
from hornbook.compute.threads import threads
from hornbook.training.candidates import BATCHES, Candidates, candidates, is_compiled
from hornbook.training.compilable import some_program, wait_for
from hornbook.training.gradients import WAYS
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.protocols import BatchSource
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from hornbook.training.turns import Way, clock_for, in_turns

__all__ = ["Calibration", "calibrate", "time_steps"]

CALL = 64  # compiled steps that are timed at once, at most
# Where their rank is asked for, as many as have so many multiplications: what a call takes by
# itself is little then, as it is in a training, whose calls have more.
WORK = 10**9
SPREAD = 6  # batches that are timed before a given time
# Of the time so far: what a change must reach to be worth making. Fewer digits must earn it: on a
# small net bfloat16 saves a tenth of the time and costs some of the loss. So must more threads than
# one, for the choice is kept: beside other work they wait for each other.
MARGIN, PRECISION_MARGIN, THREADS_MARGIN = 0.97, 0.8, 1 / 0.85


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
    random, cursor = random_states(device), batches.cursor
    sample = [next(batches) for _ in range(BATCHES)]
    batches.cursor = cursor
    tried: dict[str, float] = {}
    chosen = open_.start
    ways: dict[TrainingSettings, Way] = {}
    busy = is_busy(chosen.threads)
    try:
        for change in open_.others:
            pair = [chosen, replace(chosen, **change)]
            if change == {"threads": 1} and busy:
                chosen = pair[1]  # threads that wait for others' work are not a choice
                continue
            shared = is_compiled(change) and change["threads"] > 1 == (settings.threads or 1)
            if shared and (
                chosen.gradients != "compiled"
                or change["threads"] > 2 * chosen.threads  # half as many gained nothing
                or busy
            ):
                continue
            if is_compiled(change) and (wait := wait_for(objective, settings, batches)):
                tell(wait)
            for how in pair:
                often = together(objective, how, batches)
                ways[how] = ways.get(how) or Way(
                    stepper(objective, sample * often, how), times=often
                )
            in_turns([ways[how] for how in pair], clock_for(most_threads(pair), device.type))
            times = [ways[how].best / BATCHES for how in pair]
            for how, seconds in zip(pair, times, strict=True):
                tried[in_words(how)] = seconds * 1e3
            margin = 1 / THREADS_MARGIN if shared else margin_of(change)
            if times[1] < margin * times[0]:
                chosen = pair[1]
    finally:
        set_random_states(device, random)
    busy = busy or is_busy(open_.start.threads)
    return Calibration(
        chosen,
        tuple(tried.items()),
        time.perf_counter() - began,
        open_.refused,
        quiet=not busy,
        not_compiled=open_.not_compiled,
    )


def together(objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource) -> int:
    """How often the sample is gone through in a call: more than once by compiled steps alone."""
    if settings.gradients != "compiled":
        return 1
    work = some_program(objective, settings, batches).multiplications
    return max(1, min(CALL, WORK // max(1, work)) // BATCHES)


def most_threads(pair: list[TrainingSettings]) -> int:
    """Of two ways."""
    return max(how.threads for how in pair)


def margin_of(change: Mapping[str, Any]) -> float:
    """What part of the time so far a change must reach to be made."""
    if "precision" in change:
        return PRECISION_MARGIN if change["precision"] == "bfloat16" else MARGIN
    return THREADS_MARGIN if "threads" in change else MARGIN


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
    if settings.gradients == "compiled":
        sample *= CALL // SPREAD
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


def in_words(settings: TrainingSettings) -> str:
    """The choice, for people."""
    threads = f"{settings.threads} thread" + ("s" if settings.threads > 1 else "")
    return f"{threads}, {settings.precision}, {WAYS[settings.gradients].title}"


def stepper(
    objective: torch.nn.Module, sample: list[Any], settings: TrainingSettings
) -> Callable[[], None]:
    """What runs the sample once, on a copy of the objective."""

    class Again:
        """The same few batches over and over."""

        cursor, per_epoch = 0, len(sample)

        def __init__(self) -> None:
            self.source: Iterator[Any] = iter(())

        def __next__(self) -> Any:
            batch = next(self.source, None)
            if batch is None:
                self.source = iter(sample)
                batch = next(self.source)
            return batch

        def several(self, most: int) -> tuple[Any, Any]:
            """The next ones, as compiled steps take them."""
            taken = [next(self) for _ in range(most)]
            return np.stack([b.inputs for b in taken]), np.stack([b.targets for b in taken])

    trainer = Trainer(copy.deepcopy(objective), Again(), settings, Evaluation)
    trainer.module.train()
    if settings.gradients == "compiled":
        compiled = ManySteps(trainer)
        compiled.load()  # once: it says nothing of their time
        return lambda: compiled.advance(len(sample))

    def run() -> None:
        with threads(settings.threads):
            for _ in sample:
                trainer.update()

    return run
