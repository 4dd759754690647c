"""The learning-rate finder: a short trial in which the rate rises until the loss does.

Smith (2017), "Cyclical Learning Rates for Training Neural Networks", section 3.3; fast.ai's
`lr_find`; in the lecture on the MLP, exponents from -3 to 0 and the loss at each. The trial is the
training itself, its optimizer, clipping, precision and path of the gradients included, for the rate
is wanted for that training. Afterwards everything is as it was before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from hornbook.errors import DivergedError, SettingsError
from hornbook.rendering import many
from hornbook.settings import Bounds, Settings

if TYPE_CHECKING:
    from hornbook.training.trainer import Trainer

__all__ = ["FinderSettings", "Found", "find_rate", "suggest"]

SMOOTHING = 0.9  # share of what came before in the smoothed loss
MEMORY = 10  # updates that it remembers: 1 / (1 - SMOOTHING)
WORSE = 4.0  # times the lowest smoothed loss: the trial ends there, as fast.ai's does
SHARE = 0.9  # of the fall of the smoothed loss: where it is made, is the rate to train at
FEWEST = 20  # losses: so few say nothing
CLEAR = 3.0  # standard deviations of a batch's loss: a fall by less may be luck
LEAST = 0.01  # of the first losses: a fall by less is none
EARLY = 1 / 3  # of the fall: by so much the loss must not fall from the first batches to the next


@dataclass(frozen=True)
class FinderSettings(Settings):
    """Learning rates to try."""

    low: Annotated[float, Bounds(0, 1e6, above=True)] = 1e-7
    "Learning rate of the first update."
    high: Annotated[float, Bounds(0, 1e6, above=True)] = 10.0
    "Learning rate of the last update; the test stops earlier if the loss becomes much worse."
    points: Annotated[int, Bounds(FEWEST, 1_000_000)] = 200
    """Number of updates; each multiplies the learning rate by the same factor. With far fewer than
    200, the suggested learning rate comes out too high."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise SettingsError(
                f"`low` must be below `high`; they are {self.low:g} and {self.high:g}.",
                hint="The learning rate is increased from `low` to `high`.",
            )

    def rates(self) -> list[float]:
        """The rate of each update: low · (high / low)^(i / (points - 1))."""
        return [float(rate) for rate in np.geomspace(self.low, self.high, self.points)]


@dataclass(frozen=True)
class Found:
    """The result of the learning-rate finder."""

    rates: tuple[float, ...]
    "Learning rate of each update that was made."
    losses: tuple[float, ...]
    "Loss of that update's batch, before the update."
    smoothed: tuple[float, ...]
    "Exponential moving average of the losses, divided by 1 - 0.9ⁿ to correct its bias to zero."
    suggestion: float | None
    "Suggested learning rate; None if the curve does not show one."
    reason: str
    "Why that learning rate, or why none."

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


def find_rate(
    trainer: Trainer,
    settings: FinderSettings | None = None,
    *,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Found:
    """Try rates from low to high on a trainer, and suggest one to train at.

    The weights, the statistics of BatchNorm, what the optimizer remembers, the gradients, the place
    in the batches, a carried state and the random numbers are afterwards what they were, bit for
    bit, whatever ends the trial: the last rate, a loss that is not a number, an error or Ctrl-C.

    Args:
        trainer: its schedule is left aside meanwhile; all else is as in training.
        settings: which rates.
        on_progress: called after every update with how many are done, and of how many.

    Raises:
        TrainingError: if this trainer cannot make an update at all.
        DivergedError: if the loss of the very first batch is not a number.
    """
    wanted = (settings or FinderSettings()).rates()
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    with untouched(trainer):
        first = trainer.step
        trainer.schedule = lambda step: wanted[min(step - first, len(wanted) - 1)]
        trainer.module.train()
        while len(losses) < len(wanted):
            try:
                losses.append(trainer.update())
            except DivergedError:
                if not losses:
                    raise  # no rate was tried yet that could be to blame
                break
            mean = SMOOTHING * mean + (1 - SMOOTHING) * losses[-1]
            smoothed.append(mean / (1 - SMOOTHING ** len(losses)))
            on_progress(len(losses), len(wanted))
            if smoothed[-1] > WORSE * min(smoothed):
                break
    rates = wanted[: len(losses)]
    suggestion, reason = suggest(rates, losses, smoothed, whole=len(losses) == len(wanted))
    return Found(tuple(rates), tuple(losses), tuple(smoothed), suggestion, reason)


def suggest(
    rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float], *, whole: bool
) -> tuple[float | None, str]:
    """The rate at which the smoothed loss has made most of its fall, if there is a clear one.

    Nine tenths of it: beyond, the curve flattens because the rate is becoming too high. In the
    trainings that followed, this did better than four fifths, than the steepest place, and than a
    tenth of the rate of the lowest place (EXPERIMENTS.md; benchmarks/rates.py).

    Args:
        rates: of the updates, rising.
        losses: of their batches.
        smoothed: the same, smoothed.
        whole: whether the highest rate was reached.

    Returns:
        The rate to two digits, or None, and the reason for it.
    """
    n = len(losses)
    if n < FEWEST:
        return None, (
            f"The loss diverged after only {many(n, 'update')}, too few for a suggestion. "
            "Start at a lower learning rate (`low`), or use more updates (`points`)."
        )
    lowest = int(np.argmin(smoothed))
    start, after = (float(np.mean(losses[i : i + MEMORY])) for i in (0, MEMORY))
    bottom = smoothed[lowest]
    fall = start - bottom
    # Of independent numbers, differences have twice the variance.
    noise = float(np.std(np.diff(losses[: max(lowest, FEWEST)]))) / math.sqrt(2)
    if lowest < MEMORY or fall < max(CLEAR * noise, LEAST * start):
        advice = "Use a larger batch (`batch_size`) or more updates (`points`)."
        if whole and smoothed[-1] < start + noise:
            advice = (
                f"It does not rise either, up to the highest learning rate, {rates[-1]:.2g}: raise "
                "`high`."
            )
        return None, (
            f"The loss never falls clearly: it starts at {start:.3g}, the minimum of the smoothed "
            f"loss is {bottom:.3g}, and the loss of a batch varies by {noise:.2g}. " + advice
        )
    if whole and lowest == n - 1:
        return None, (
            f"The loss is still falling at the highest learning rate, {rates[-1]:.2g}. Raise "
            "`high`."
        )
    if start - after > EARLY * fall:
        return None, (
            f"The loss already falls at the lowest learning rate, {rates[0]:.2g}, so the curve "
            "does not show where it starts to fall. Reduce `low`."
        )
    place = next(i for i, loss in enumerate(smoothed) if loss <= start - SHARE * fall)
    return float(f"{rates[place]:.2g}"), (
        f"At this learning rate the smoothed loss has made {SHARE:.0%} of its fall from "
        f"{start:.3g} to its minimum, {bottom:.3g}, which it reaches at {rates[lowest]:.2g}."
    )


@contextmanager
def untouched(trainer: Trainer) -> Iterator[None]:
    """A context in which a trainer may be used, and after which it is what it was."""
    arrays, values = trainer.state()
    kept = {name: array.copy() for name, array in arrays.items()}  # they are views of the tensors
    gradients, schedule = trainer.flat.gradients(), trainer.schedule
    probe, trainer.probe = trainer.probe, None  # a trial is not part of what is watched
    was_training = trainer.module.training
    try:
        yield
    finally:
        trainer.load_state(kept, values)
        trainer.flat.put_back(gradients)
        trainer.schedule, trainer.probe = schedule, probe
        trainer.module.train(was_training)
