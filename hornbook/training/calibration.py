"""A short measurement before training: how this net runs fastest on this machine.

Small nets run best on one thread, large ones on all; bfloat16 halves the time of large products and
does nothing for small ones. Nobody should have to know which is which.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from hornbook.training.protocols import Batches
from hornbook.training.settings import TrainingSettings
from hornbook.training.trainer import Trainer

__all__ = ["Calibration", "calibrate"]

FROM_STEPS = 200  # shorter trainings are over before they could profit
ROUNDS = 3
BATCHES = 3
# Of the time so far: what a change must reach to be worth making. Fewer digits must earn it: on a
# small net bfloat16 saves a tenth of the time and costs some of the loss.
MARGIN, PRECISION_MARGIN = 0.97, 0.8


@dataclass(frozen=True)
class Calibration:
    """What was chosen, and why."""

    settings: TrainingSettings
    "With threads, precision and gradients that say what to use; none is `auto` or 0 any more."
    tried: tuple[tuple[str, float], ...]
    "Each combination in words, and its milliseconds a step; empty if nothing was left to choose."
    seconds: float
    "What the measurement cost."


def calibrate(objective: Any, batches: Batches, settings: TrainingSettings) -> Calibration:
    """Choose what the settings leave open: threads, precision and the path of the gradients.

    One after the other, each is changed if that makes a step faster. All are timed on the same
    few batches, in turns. Weights, batches and random numbers of the training are not touched.

    Args:
        make: makes the objective, on its device.
        batches: of the training.
        settings: `threads` 0, `precision` auto and `gradients` auto are what may be chosen.
    """
    began = time.perf_counter()
    most = settings.threads or torch.get_num_threads()
    start = replace(
        settings,
        threads=most,
        precision="float32" if settings.precision == "auto" else settings.precision,
        gradients=("autograd" if settings.compile else "hand")
        if settings.gradients == "auto"
        else settings.gradients,
    )
    others: list[dict[str, Any]] = []
    if settings.threads == 0 and most > 1:
        others.append({"threads": 1})
    if settings.precision == "auto":
        others.append({"precision": "bfloat16"})
    if settings.gradients == "auto" and not settings.compile:
        others.append({"gradients": "autograd"})
    if not others or settings.steps < FROM_STEPS or settings.compile:
        return Calibration(start, (), time.perf_counter() - began)
    random, cursor = torch.get_rng_state(), batches.cursor
    sample = [next(batches) for _ in range(BATCHES)]
    batches.cursor = cursor
    before = torch.get_num_threads()
    tried: dict[str, float] = {}
    chosen = start
    try:
        for change in others:
            pair = [chosen, replace(chosen, **change)]
            times = in_turns([stepper(objective, sample, how) for how in pair])
            for how, seconds in zip(pair, times, strict=True):
                tried[in_words(how)] = seconds * 1e3
            margin = PRECISION_MARGIN if "precision" in change else MARGIN
            if times[1] < margin * times[0]:
                chosen = pair[1]
    finally:
        torch.set_num_threads(before)
        torch.set_rng_state(random)
    return Calibration(chosen, tuple(tried.items()), time.perf_counter() - began)


def in_words(settings: TrainingSettings) -> str:
    """The choice, for people."""
    threads = f"{settings.threads} thread" + ("s" if settings.threads > 1 else "")
    path = "by hand" if settings.gradients == "hand" else "by autograd"
    return f"{threads}, {settings.precision}, {path}"


def stepper(objective: Any, sample: list[Any], settings: TrainingSettings) -> Callable[[], None]:
    """What runs the sample once, on a copy of the objective."""

    class Again:
        """The same few batches over and over."""

        cursor, per_epoch = 0, BATCHES

        def __init__(self) -> None:
            self.source: Iterator[Any] = iter(())

        def __next__(self) -> Any:
            batch = next(self.source, None)
            if batch is None:
                self.source = iter(sample)
                batch = next(self.source)
            return batch

    trainer = Trainer(copy.deepcopy(objective), Again(), settings, dict)
    trainer.module.train()

    def run() -> None:
        torch.set_num_threads(settings.threads)
        for _ in range(BATCHES):
            trainer.update()

    return run


def in_turns(tasks: list[Callable[[], None]]) -> list[float]:
    """Seconds a step of each task, the best of a few rounds in which each has its turn."""
    for task in tasks:
        task()
    best = [float("inf")] * len(tasks)
    for _ in range(ROUNDS):
        for i, task in enumerate(tasks):
            began = time.perf_counter()
            task()
            best[i] = min(best[i], (time.perf_counter() - began) / BATCHES)
    return best
