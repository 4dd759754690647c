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

from hornbook.compute.load import BUSY, free_processors, share_of_processors
from hornbook.compute.products import has_fast_bfloat16
from hornbook.compute.random_states import random_states, set_random_states
from hornbook.compute.threads import threads
from hornbook.extras import has
from hornbook.training.compilable import gain, wait_for
from hornbook.training.gradients import WAYS, refusals, refuse
from hornbook.training.many_steps import ManySteps
from hornbook.training.measures import Evaluation
from hornbook.training.protocols import BatchSource
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer
from hornbook.training.turns import ROUNDS, Way, clock_for, in_turns

__all__ = ["Calibration", "Candidates", "calibrate", "candidates", "time_steps"]

BATCHES = 2
COST = 2 * BATCHES * (ROUNDS + 1)  # steps that a change takes: two settings, a warm-up and rounds
SHARE = 0.03  # of the steps of a training
LOADING, COMPILING = 2.0, 12.0  # seconds that compiled steps must save, kept on disk and not yet
CALL = 64  # compiled steps that are timed at once, where their time and not their rank is asked for
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

    @property
    def milliseconds(self) -> float | None:
        """A step's time as it was measured for what was chosen; None if nothing was."""
        return dict(self.tried).get(in_words(self.settings))


@dataclass(frozen=True)
class Candidates:
    """What may be chosen."""

    start: TrainingSettings
    "The settings with nothing open, to begin with."
    others: tuple[Mapping[str, Any], ...]
    "Changes that may be tried."
    refused: tuple[tuple[str, str], ...]
    "As in `Calibration`."
    not_compiled: str = ""
    "The same."

    @property
    def compiled(self) -> bool:
        """Whether compiled steps may be tried."""
        return any(one.get("gradients") == "compiled" for one in self.others)

    @property
    def is_open(self) -> bool:
        """Whether there is a choice."""
        return bool(self.others) and not self.start.compile

    @property
    def worth_measuring(self) -> bool:
        """Whether there is a choice, and a training long enough to have room for it."""
        questions = len(self.others) - self.compiled  # which is asked where it pays
        return self.is_open and questions * COST <= SHARE * self.start.steps

    def could_be(self, *wanted: Any) -> bool:
        """Whether threads, precision and gradients could be chosen so."""
        names = ("threads", "precision", "gradients")
        return all(
            value == getattr(self.start, name)
            or any(change.get(name) == value for change in self.others)
            for name, value in zip(names, wanted, strict=True)
        )


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
    shares = [share_of_processors(chosen.threads)]
    try:
        for change in open_.others:
            pair = [chosen, replace(chosen, **change)]
            if change == {"threads": 1} and shares[0] < BUSY:
                chosen = pair[1]  # threads that wait for others' work are no choice
                continue
            if change.get("gradients") == "compiled" and (
                wait := wait_for(objective, settings, batches)
            ):
                tell(wait)
            for how in pair:
                ways[how] = ways.get(how) or Way(stepper(objective, sample, how))
            in_turns([ways[how] for how in pair], clock_for(most_threads(pair), device.type))
            times = [ways[how].best / BATCHES for how in pair]
            for how, seconds in zip(pair, times, strict=True):
                tried[in_words(how)] = seconds * 1e3
            if times[1] < margin_of(change) * times[0]:
                chosen = pair[1]
    finally:
        set_random_states(device, random)
    shares.append(share_of_processors(open_.start.threads))
    return Calibration(
        chosen,
        tuple(tried.items()),
        time.perf_counter() - began,
        open_.refused,
        quiet=min(shares) >= BUSY,
        not_compiled=open_.not_compiled,
    )


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


def candidates(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    seconds: float | None = None,
) -> Candidates:
    """What the settings leave open for an objective.

    Args:
        objective, batches, settings: as of `calibrate`.
        seconds: that training is to last, where that decides and not `steps`.

    Raises:
        SettingsError: if there is no way to get gradients here, or not the one that is asked for.
        MissingPackageError: if what that needs is not installed.
    """
    if settings.gradients != "auto":
        refuse(objective, settings, batches, settings.gradients)
    found = refusals(objective, settings, batches)
    refused = tuple((name, reason) for name, reason in found.items() if reason is not None)
    ways = [name for name, reason in found.items() if reason is None and name != "compiled"]
    worth, but = compiling(objective, batches, settings, found["compiled"], seconds)
    if worth:
        ways.append("compiled")
    device = next(objective.parameters()).device
    start, others = left_open(settings, ways, bfloat16=has_fast_bfloat16(device))
    return Candidates(start, tuple(others), refused, but)


def compiling(
    objective: torch.nn.Module,
    batches: BatchSource,
    settings: TrainingSettings,
    refused: str | None,
    seconds: float | None,
) -> tuple[bool, str]:
    """Whether compiled steps are worth a try, and what alone keeps a net from them.

    Args:
        objective, batches, settings, seconds: as of `candidates`.
        refused: why they cannot be had; None if they can.
    """
    if settings.gradients != "auto" or not has("numba"):
        return False, ""
    try:
        saved = gain(objective, settings, batches)
    except ValueError:  # there are no kernels for it
        return False, ""
    if saved and seconds is not None:
        saved = seconds / 2  # more than half of the time of such a step is the price of calls
    if saved < LOADING:
        return False, ""
    if refused is not None:
        return False, refused
    return saved >= COMPILING or not wait_for(objective, settings, batches), ""


def left_open(
    settings: TrainingSettings, ways: list[str], *, bfloat16: bool
) -> tuple[TrainingSettings, list[dict[str, Any]]]:
    """Where to begin, with nothing open, and the changes that may be tried.

    Args:
        settings: as given.
        ways: those to get gradients that can be used, by name.
        bfloat16: whether its products may be faster here.
    """
    most = settings.threads or torch.get_num_threads()
    others: list[dict[str, Any]] = []
    if settings.threads == 0 and most > 1:
        others.append({"threads": 1})
    if settings.gradients == "compiled":  # its steps are float32's and one thread's
        one = settings.threads or 1
        return replace(settings, threads=one, precision="float32"), []
    if settings.gradients == "auto":
        others += [{"gradients": name} for name in ways[1:] if name != "compiled"]
    if settings.precision == "auto" and bfloat16:
        others.append({"precision": "bfloat16"})
    if settings.gradients == "auto" and "compiled" in ways:
        one = settings.threads or 1
        others.append({"gradients": "compiled", "precision": "float32", "threads": one})
    precision = "float32" if settings.precision == "auto" else settings.precision
    gradients: Any = ways[0] if settings.gradients == "auto" else settings.gradients
    start = replace(settings, threads=most, precision=precision, gradients=gradients)
    return start, others


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
