"""What trains: device, model and batches, built once for a new run, a resumed one, or a trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from hornbook.errors import SettingsError
from hornbook.records import JSONObject
from hornbook.runs.events import Calibrated, Listener, nobody
from hornbook.settings import Settings
from hornbook.tasks import Data, Start, Task
from hornbook.training.distributed import World
from hornbook.training.measures import Evaluation
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.training.trainer import Trainer

__all__ = ["Session"]

LARGEST = 500_000_000  # parameters: more is not a small model, nor a laptop's
MEASURED = ("train", "dev")  # splits that are measured in the course of training


class Session:
    """A model on its device, its data and its batches.

    Building it touches no file, so whatever would stop training at once is found before a
    directory is. Torch's global random numbers begin at the seed, and are not drawn from.

    Args:
        task: of the data.
        data: loaded.
        family: of the model.
        settings: of the family.
        training: as they were given, or, of a run that goes on, as they were settled.
        world: the processes that train together.

    Attributes:
        model: on its device, as training begins with it.
        batches: of the train split.
        training: with all decided that hangs on data and model; `calibrate` decides the rest.
        calibration: digest of the kind of training for which it is kept; empty if nothing was open.
        calibration_seconds: what that took.

    Raises:
        SettingsError: if this machine has no such device, rates name no parameters of the model, it
            would have more parameters than a small model has (they are counted without being made),
            or the settings do not fit the data.
    """

    def __init__(
        self,
        task: Task[Any],
        data: Data,
        family: str,
        settings: Settings,
        training: TrainingSettings,
        world: World | None = None,
    ) -> None:

        from hornbook.compute.device import choose_device
        from hornbook.compute.memory import keep_freed_memory
        from hornbook.training.random_states import seed_random

        keep_freed_memory()
        self.task, self.data, self.family, self.settings = task, data, family, settings
        self.world = world or World()
        self.device = choose_device(training.device, self.world.local)
        self.start = Start("seed", training.seed)
        refuse_unfit(task, data, family, settings, training)
        # Dropout's numbers, others in each process; the start has a generator of its own.
        seed_random(self.device, training.seed + self.world.rank)
        with untouched_by(family):
            self.model = task.build(family, settings, data.shape, self.start).to(self.device)
        self.training = task.settle(self.model, data, training, self.world.size)
        self.batches = task.batches(self.model, data, self.training)
        self.calibration, self.calibration_seconds = "", 0.0

    def calibrate(self, listen: Listener = nobody) -> None:
        """Choose what the settings leave open: threads, precision, the way to the gradients, and on
        how much to evaluate.

        Going on after a stop has to use the same ones, for sums come out otherwise on others: what
        is chosen becomes part of `training`.
        """
        from hornbook.training.evaluation_share import affordable
        from hornbook.training.kept_choices import calibrate_once

        sizes, per_epoch = self.data.sizes, self.batches.per_epoch
        evaluated = affordable(
            self.training,
            [sizes[name] for name in self.measured],
            sizes["train"] / per_epoch,
            self.model.n_parameters,
        )
        lowered = evaluated if evaluated != self.training.evaluate_on else 0
        self.training = replace(self.training, evaluate_on=evaluated)
        kind = cast(Literal["cpu", "cuda", "mps"], self.device.type)
        what: JSONObject = {
            "family": self.family,
            "settings": self.settings.as_dict(),
            "data": self.data.kind,
            "processes": self.world.size,
        }
        wanted = replace(self.training, device=kind)
        found = calibrate_once(self.model, self.batches, wanted, what)
        self.training, self.calibration = found.settings, found.key
        self.calibration_seconds = found.seconds
        listen(Calibrated(found, lowered))

    @property
    def measured(self) -> list[str]:
        """The splits that are measured in the course of training."""
        return [name for name in MEASURED if name in self.data.sizes]

    def evaluate(self) -> Evaluation:
        """What is measured in the course of training."""
        found = {
            name: self.task.evaluate(self.model, self.data, name, self.training.evaluate_on)
            for name in self.measured
        }
        return Evaluation(
            {name: held.loss for name, held in found.items() if held.loss is not None},
            {name: held.measures for name, held in found.items() if held.measures},
        )

    def trainer(self, **callbacks: Any) -> Trainer:
        """The trainer of this model on these batches."""
        from hornbook.training.trainer import Trainer

        return Trainer(
            self.model,
            self.batches,
            self.training,
            self.evaluate,
            decides=self.task.decides,
            world=self.world,
            **callbacks,
        )

    @contextmanager
    def threads(self) -> Iterator[None]:
        """A context with the threads of the settings."""
        from hornbook.compute.threads import threads

        with threads(self.training.threads):
            yield


def refuse_unfit(
    task: Task[Any], data: Data, family: str, settings: Settings, training: TrainingSettings
) -> None:
    """Refuse a model that is too large, and rates that fit none of its parameters.

    Raises:
        SettingsError: if it is, or they do not.
    """
    from hornbook.compute.shapes import shapes_only
    from hornbook.training.rates import rate_factors

    with shapes_only():
        bare = task.build(family, settings, data.shape)
    if bare.n_parameters > LARGEST:
        raise SettingsError(
            f"With these settings the model has {bare.n_parameters:,} parameters; the maximum is "
            f"{LARGEST:,}.",
            hint="Reduce the layer sizes or the context length.",
        )
    rate_factors([name for name, _ in bare.named_parameters()], training.rates)


@contextmanager
def untouched_by(family: str) -> Iterator[None]:
    """A context in which torch's global random numbers must not be drawn from.

    Raises:
        TypeError: if they were: a family draws its start from the generator that it is given, so
            that the start is a function of the seed alone.
    """
    import torch

    before = torch.get_rng_state()
    yield
    if not torch.equal(before, torch.get_rng_state()):
        raise TypeError(
            f"the family {family} uses torch's global generator for its initial weights; it must "
            "use the generator that it is given"
        )


def throttled(tell: Callable[[Any], None], interval: float = 0.1) -> Callable[[Any], None]:
    """The same, called at most once in so many seconds: a step may take a millisecond."""
    told = 0.0

    def now_and_then(value: Any) -> None:
        nonlocal told
        now = time.perf_counter()
        if now - told >= interval:
            told = now
            tell(value)

    return now_and_then
