"""Ways to train a net, timed in pairs until one is taken: the rules of a calibration.

What is far slower is dropped at once. What one thread does is timed by the time in which that
thread runs, so that other work on the machine does not choose.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from hornbook.compute.threads import threads
from hornbook.training.candidates import BATCHES, COST, Candidates, is_compiled
from hornbook.training.compilable import some_program, wait_for
from hornbook.training.gradients import WAYS
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.protocols import BatchSource
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from hornbook.training.turns import FAR, Way, clock_for, in_turns, seconds_of

__all__ = ["CALL", "Race", "in_words", "stepper", "together"]

CALL = 64  # compiled steps that are timed at once, at most
# Where their rank is asked for, as many as have so many multiplications: what a call takes by
# itself is little then, as it is in a training, whose calls have more.
WORK = 5 * 10**8
SMALL = 2 * 10**8  # multiplications of a step
# Of the time so far: what a change must reach to be worth making. Fewer digits must earn it: on a
# small net bfloat16 saves a tenth of the time and costs some of the loss. So must more threads than
# one, for the choice is kept: beside other work they wait for each other.
MARGIN, PRECISION_MARGIN, THREADS_MARGIN = 0.97, 0.8, 1 / 0.85
LEAD = 2.0  # times as fast as the start: as fast as bfloat16 could make that


class Race:
    """Ways to train a net, timed in pairs.

    Args:
        objective, batches, settings, tell, limit: as of `calibrate`.

    Attributes:
        tried: each way in words, with its milliseconds per step.
        compiling: seconds in which steps were compiled.
        cut: whether something was not tried, for want of time.
    """

    def __init__(
        self, objective: torch.nn.Module, batches: BatchSource, settings: TrainingSettings,
        tell: Callable[[str], None], limit: float | None = None,
    ) -> None:  # fmt: skip
        self.objective, self.batches, self.settings, self.tell = objective, batches, settings, tell
        cursor = batches.cursor
        self.sample = [next(batches) for _ in range(BATCHES)]
        batches.cursor = cursor
        self.tried: dict[str, float] = {}
        self.began, self.limit = time.perf_counter(), math.inf if limit is None else limit
        self.compiling, self.cut = 0.0, False
        self.ways: dict[TrainingSettings, Way] = {}

    def fastest(self, open_: Candidates, *, busy: bool) -> TrainingSettings:
        """The settings of the way that is taken in the end.

        Compiled steps come first, shared by two threads where that is open: where they are far
        ahead of the start, nothing else is tried.

        Args:
            open_: what may be chosen.
            busy: whether others are at work: threads that wait for these are not a choice.
        """
        chosen, changes = open_.start, [one for one in open_.others if not is_compiled(one)]
        if busy and {"threads": 1} in changes:
            changes.remove({"threads": 1})
            chosen = replace(chosen, threads=1)
        compiled = [replace(chosen, **one) for one in open_.others if is_compiled(one)]
        if chosen.gradients == "compiled":
            compiled = [chosen, *compiled]
        if busy:
            compiled = compiled[:1]
        if self.limit < math.inf and self.is_too_slow(chosen):
            self.cut = True
            return chosen
        if chosen.gradients == "compiled":
            return self.shared(compiled)
        # By two threads; if that loses, by one, or by as many as the start has.
        hopeful = list(dict.fromkeys([*compiled[1:2], *compiled[:1], *compiled[-1:]]))
        if hopeful and changes:
            lead = LEAD if any("precision" in one for one in changes) else FAR
            # Of a small net a step by hand on several threads takes longest of all. On so many it
            # takes at best that part of what it takes on one.
            if {"threads": 1} in changes and self.is_small:
                on_one = replace(chosen, threads=1)
                if self.ratio(hopeful[0], on_one) < 1 / (lead * chosen.threads):
                    return self.shared(compiled)
            ratio = self.ratio(hopeful[0], chosen)
            if ratio < 1 / lead:
                return self.shared(compiled)
            if ratio > FAR:
                del hopeful[0]
        for change in changes:
            other = replace(chosen, **change)
            if self.ratio(other, chosen) < margin_of(change):
                chosen = other
        for one in hopeful:
            if self.ratio(one, chosen) < MARGIN:
                best = one if one == compiled[0] else self.shared(compiled)
                # Fewer threads than those that won have to win by themselves.
                margin = MARGIN if best.threads >= chosen.threads else THREADS_MARGIN
                if best == one or self.ratio(best, chosen) < margin:
                    return best
                if one.threads <= chosen.threads:
                    return one
        return chosen

    def shared(self, compiled: Sequence[TrainingSettings]) -> TrainingSettings:
        """By how many threads compiled steps are made: by as many as save what they are worth.

        Args:
            compiled: by one, by two, and so on.
        """
        measured = [how for how in compiled if in_words(how) in self.tried]
        if self.is_over and measured:  # the others would be taken unseen
            self.cut = self.cut or len(measured) < len(compiled)
            return min(measured, key=lambda how: self.tried[in_words(how)])
        chosen = compiled[0]
        for more in compiled[1:]:
            if self.ratio(more, chosen) >= 1 / THREADS_MARGIN:
                break  # twice as many save even less
            chosen = more
        return chosen

    @property
    def is_small(self) -> bool:
        """Whether there is little to do in a step of it."""
        found = some_program(self.objective, self.settings, self.batches)
        return found.multiplications < SMALL

    @property
    def is_over(self) -> bool:
        """Whether the time for this is spent."""
        return time.perf_counter() - self.began - self.compiling > self.limit

    def is_too_slow(self, how: TrainingSettings) -> bool:
        """Whether there is no time even for a pair, as the first steps of a way tell."""
        return seconds_of(self.way(how), time.perf_counter) / BATCHES * COST > self.limit

    def ratio(self, one: TrainingSettings, other: TrainingSettings) -> float:
        """What one way takes, as a part of what another does; 1 if there is no time to see."""
        pair = (other, one)
        if self.is_over:
            before = [self.tried.get(in_words(how)) for how in pair]
            if before[0] and before[1]:
                return before[1] / before[0]
            self.cut = True
            return 1.0
        device = next(self.objective.parameters()).device.type
        in_turns([self.way(how) for how in pair], clock_for(most_threads(pair), device))
        seconds = [self.ways[how].best / BATCHES for how in pair]
        for how, each in zip(pair, seconds, strict=True):
            self.tried[in_words(how)] = each * 1e3
        return seconds[1] / seconds[0]

    def way(self, how: TrainingSettings) -> Way:
        """A way, which is got ready once."""
        if how not in self.ways:
            loaded, wait = any(one.gradients == "compiled" for one in self.ways), ""
            if how.gradients == "compiled" and not loaded:
                wait = wait_for(self.objective, self.settings, self.batches)
                if wait:
                    self.tell(wait)
            often, began = together(self.objective, how, self.batches, BATCHES), time.perf_counter()
            self.ways[how] = Way(stepper(self.objective, self.sample * often, how), times=often)
            if wait:
                self.compiling = time.perf_counter() - began
        return self.ways[how]


def together(
    objective: torch.nn.Module, settings: TrainingSettings, batches: BatchSource, sample: int
) -> int:
    """How often a sample of some batches is gone through in a call.

    More than once by compiled steps alone, and of these only by small ones: sixty of a large net
    would take longer than some trainings.
    """
    if settings.gradients != "compiled":
        return 1
    work = some_program(objective, settings, batches).multiplications
    return max(1, min(CALL, WORK // max(1, work)) // sample)


def most_threads(pair: Sequence[TrainingSettings]) -> int:
    """Of two ways."""
    return max(how.threads for how in pair)


def margin_of(change: Mapping[str, Any]) -> float:
    """What part of the time so far a change must reach to be made."""
    if "precision" in change:
        return PRECISION_MARGIN if change["precision"] == "bfloat16" else MARGIN
    return THREADS_MARGIN if "threads" in change else MARGIN


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
