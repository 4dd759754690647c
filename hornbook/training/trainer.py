"""The training loop. Nothing in it has to do with language.

It needs an objective with a loss, an endless source of batches with a cursor, and a way to measure
losses on whole splits. What it does in between is a function of the settings alone, so a run that
was stopped, anywhere, and goes on ends at the same numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.compute.random_states import random_states, set_random_states
from hornbook.compute.tied import each_once, second_names
from hornbook.errors import DivergedError, RunError
from hornbook.records import JSONObject, as_json
from hornbook.training.counters import Counters, read_counters
from hornbook.training.distributed import World
from hornbook.training.gradients import choose_way
from hornbook.training.measures import LOSS, Evaluation, Measure
from hornbook.training.optimizers import make_optimizer
from hornbook.training.parameters import LAYOUT, FlatParameters
from hornbook.training.progress import Progress
from hornbook.training.protocols import BatchSource, Carrying, Watcher
from hornbook.training.recomputation import recompute_blocks
from hornbook.training.record import Record
from hornbook.training.schedules import learning_rate, may_end
from hornbook.training.settings import TrainingSettings

__all__ = ["Ending", "Trainer"]

Ending = Literal["finished", "early", "interrupted"]
TELL_EVERY = 0.1  # seconds, at least, from one word on the progress to the next


class Trainer:
    """Trains an objective.

    Args:
        objective: the model, a torch module; see `training/protocols.py`.
        batches: training batches.
        settings: of the training.
        evaluate: measures on each split, `dev` among them if there is one.
        decides: the measure on dev by which the best weights and the end of patience are found.
        world: the processes that train together; the first one evaluates and is called back.
        keep_start: whether the weights that training begins with may turn out the best.
        probe: looks on at the updates for which it is due.
        on_record: called after each evaluation.
        on_best: called when dev is the best so far, or, without a dev split, each time.
        on_checkpoint: called when the state should be kept.
        on_progress: called about ten times a second, and after the last update.

    Attributes:
        step: updates done.
        flat: the parameters.
        way: gets the gradients.
        schedule: gives the learning rate of the update that follows so many others.
        compiling_seconds: in which steps were compiled for this machine, which it does once; the
            time in training leaves them out.
        random: draws what dropout drops; None: torch's own generator.
        stop: set it to true, from a signal handler for example, to end after the present step.
    """

    def __init__(
        self,
        objective: torch.nn.Module,
        batches: BatchSource,
        settings: TrainingSettings,
        evaluate: Callable[[], Evaluation],
        *,
        decides: Measure = LOSS,
        world: World | None = None,
        keep_start: bool = False,
        probe: Watcher | None = None,
        on_record: Callable[[Record], None] = lambda record: None,
        on_best: Callable[[], None] = lambda: None,
        on_checkpoint: Callable[[], None] = lambda: None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self.module, self.batches, self.settings = objective, batches, settings
        self.world, self.keep_start = world or World(), keep_start
        self.evaluate, self.decides, self.probe = evaluate, decides, probe
        self.on_record, self.on_best = on_record, on_best
        self.on_checkpoint, self.on_progress = on_checkpoint, on_progress
        recompute_blocks(objective, settings)
        self.flat = FlatParameters(objective, settings.rates)
        self.way = choose_way(objective, settings, batches)
        self.optimizer = make_optimizer(self.flat, settings)
        self.schedule: Callable[[int], float] = partial(scheduled, settings)
        self.step, self.stop = 0, False
        self.random: torch.Generator | None = None
        self.all_stop = False  # what several processes have agreed on
        self.best, self.lately, self.since_best = decides.worst, decides.worst, 0
        self.loss_sum, self.loss_count = 0.0, 0
        self.recorded = -1  # step of the last record
        self.seconds, self.began = 0.0, time.perf_counter()
        self.compiling_seconds = 0.0
        self.told = (-1, -math.inf)  # step and time of the last word on the progress

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return self.schedule(self.step)

    @property
    def compiling(self) -> bool:
        """Whether it is about to go on, and compiles what it needs for that: to end now loses
        nothing, unless other processes wait for this one.
        """
        return self.way.compiling and self.world.size == 1

    @property
    def elapsed(self) -> float:
        """Seconds in training so far, those before a resume included."""
        return self.seconds + time.perf_counter() - self.began

    def run(self) -> Ending:
        """Train to the end, or until `stop` is set or patience has run out.

        Where there are no steps, the net is measured, and looked at if it is to be watched.

        Raises:
            DivergedError: if the loss is no longer a finite number.
        """
        with self.way.driving(self) as further:
            self.begin()
            while (ending := self.ending()) is None:
                further()
                self.arrive()
            self.finish(ending)
        return ending

    def begin(self) -> None:
        """Before the first step: measure, and keep the state."""
        self.began = time.perf_counter()
        self.module.train()
        if self.recorded < 0:
            self.record()
            if self.world.rank == 0:
                self.on_checkpoint()
        if not self.settings.steps and self.settings.watch:
            self.look()

    def ending(self) -> Ending | None:
        """How training ends at this step; None if it goes on."""
        if self.step >= self.settings.steps:
            return "finished"
        if self.out_of_patience():
            return "early"
        # One that was told to stop goes on with the others until all know of it.
        stop = self.stop if self.world.size == 1 else self.all_stop
        return "interrupted" if stop else None

    def steps_to_arrive(self) -> int:
        """How many updates there are until something is due."""
        s = self.settings
        due = (s.evaluation_interval, s.checkpoint_interval)
        return min(s.steps - self.step, *(every - self.step % every for every in due))

    def arrive(self) -> None:
        """After an update: measure and keep the state where that is due, and tell."""
        s = self.settings
        due = self.step % s.evaluation_interval == 0 or self.step == s.steps
        if due:
            self.tell(always=True)
            self.record()
        if self.world.rank == 0 and (due or self.step % s.checkpoint_interval == 0):
            self.on_checkpoint()
        if self.step < s.steps:  # a word on both sides of an evaluation tells it from steps
            self.tell(always=due)

    def finish(self, ending: Ending) -> None:
        """After the last step."""
        if ending == "interrupted" and self.world.rank == 0:
            self.on_checkpoint()
        self.tell(last=True)
        if ending != "interrupted":
            self.module.eval()

    def out_of_patience(self) -> bool:
        """Whether dev has not become better for as many evaluations as the settings allow."""
        s = self.settings
        return 0 < s.patience <= self.since_best and may_end(s, self.step)

    def renew_patience(self) -> None:
        """Count patience from here: with a higher learning rate again, dev is worse for a while."""
        self.lately, self.since_best = self.decides.worst, 0

    def tell(self, *, last: bool = False, always: bool = False) -> None:
        """Tell of the progress if that is due, or if it is the last chance for this step."""
        step, now = self.told[0], time.perf_counter()
        due = step != self.step if last else now - self.told[1] >= TELL_EVERY
        if (due or always) and self.world.rank == 0:
            self.told = self.step, now
            loss = self.loss_sum / self.loss_count if self.loss_count else None
            self.on_progress(
                Progress(self.step, self.settings.steps, loss, self.rate, self.elapsed)
            )

    def update(self) -> float:
        """One step: batch, loss, gradients, update; gives the loss."""
        probe = self.probe if self.probe is not None and self.probe.due(self.step) else None
        value = self.loss_and_gradients(next(self.batches), probe)
        with torch.inference_mode():
            self.apply(value)
        if probe is not None:
            probe.updated(self)
        self.took([value])
        return value

    def took(self, losses: Sequence[float]) -> None:
        """Count updates that were made, each with the loss of its batch.

        These are added up one by one, so that the sum is the same however many come at once.
        """
        for loss in losses:
            self.loss_sum += loss
        self.loss_count += len(losses)
        self.step += len(losses)

    def look(self) -> None:
        """Show the probe the net as it stands: a batch, its loss and gradients, and no update.

        What was kept before this is not changed by it: a resume begins with the same batch.
        """
        cursor = self.batches.cursor
        self.loss_and_gradients(next(self.batches), self.probe)
        self.batches.cursor = cursor
        if self.probe is not None:
            self.probe.looked()

    def loss_and_gradients(self, batch: Any, probe: Watcher | None) -> float:
        """The loss of a batch, with the gradients in `flat`; the probe is told of both."""
        at_once = self.settings.accumulate == 1 and self.world.size == 1
        if at_once and self.way.by_hand:
            self.flat.begin()
        else:
            self.flat.zero_grad()
        if probe is not None:
            probe.begin(self)
        try:
            with self.flat.freezing():
                if at_once:
                    value = self.way.loss_and_gradients(batch)
                    self.flat.collect()
                else:
                    value = self.gradients_of_parts(batch)
        finally:
            if probe is not None:
                probe.leave()
        if probe is not None:
            probe.gradients(self, value)
        return value

    def gradients_of_parts(self, batch: Any) -> float:
        """The gradients part by part, and together with the other processes; gives the loss."""
        total, world, each = 0.0, self.world, self.settings.accumulate
        for i in range(world.rank * each, (world.rank + 1) * each):
            part, share = batch.part(i, each * world.size)
            if share:
                with self.flat.weighted(share):
                    total += share * self.way.loss_and_gradients(part)
        if world.size > 1:
            self.flat.add_up(world)
            # All stop at the same step if one was told to: else the others would wait for it.
            news = torch.tensor([total, float(self.stop)], dtype=torch.float64)
            news = news.to(self.flat.values.device)
            world.add_up(news)
            total, self.all_stop = float(news[0]), bool(news[1] > 0)
        return total

    def apply(self, loss: float) -> None:
        """Change the parameters by the gradients of a loss.

        Raises:
            DivergedError: if the loss is not a finite number.
        """
        self.refuse_infinite(loss, "The loss", self.step + 1)
        if self.settings.clip:
            # One norm over all that moves; a shorter gradient is left alone.
            norm = self.flat.norm()
            if norm > self.settings.clip:
                self.flat.scale(self.settings.clip / norm)
        self.optimizer.update(self.rate)

    @staticmethod
    def refuse_infinite(loss: float, what: str, step: int) -> None:
        """Raise DivergedError if a loss is not a finite number."""
        if not math.isfinite(loss):
            raise DivergedError(
                f"{what} is {loss} at step {step:,}: training has diverged.",
                hint="Lower `learning_rate`, or set `clip=1`. What was saved before is unaffected.",
            )

    def record(self) -> None:
        """Measure, and tell."""
        found = self.world.from_first(self.evaluate)
        for name, loss in found.losses.items():
            self.refuse_infinite(loss, f"The {name} loss", self.step)
        dev = found.figure(self.decides, "dev")
        # An untrained start is measured but never kept as the best.
        best = (self.step > 0 or self.keep_start) and (
            dev is None or self.decides.is_better(dev, self.best)
        )
        if best:
            self.best = self.decides.worst if dev is None else dev
        if best or (dev is not None and self.decides.is_better(dev, self.lately)):
            self.lately, self.since_best = self.decides.worst if dev is None else dev, 0
        elif self.step > 0:
            self.since_best += 1
        record = Record(
            step=self.step,
            epoch=self.step / self.batches.per_epoch,
            learning_rate=self.rate,
            batch=self.loss_sum / self.loss_count if self.loss_count else None,
            losses=found.losses,
            best=best,
            seconds=round(self.elapsed, 3),
            measures=found.measures,
        )
        self.loss_sum, self.loss_count, self.recorded = 0.0, 0, self.step
        # The weights and the line of the metrics come before the checkpoint that counts them: a
        # kill between them is mended by doing that stretch again.
        if self.world.rank == 0:
            if best:
                self.on_best()
            self.on_record(record)

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], JSONObject]:
        """All that is needed to go on: arrays, and JSON values (`Counters`).

        Where most of the net is frozen, that part is left out: see `apart`. The arrays are views of
        what training goes on to change.
        """
        apart = self.apart()
        weights = each_once(self.module)
        kept = {
            "weights": {name: held for name, held in weights.items() if name not in apart},
            "optimizer": self.optimizer.state(),
            "carried": self.module.carried() if isinstance(self.module, Carrying) else {},
            "rng": random_states(self.flat.values.device, self.random),
        }
        arrays = {
            f"{kind}.{name}": tensor.detach().cpu().numpy()
            for kind, tensors in kept.items()
            for name, tensor in tensors.items()
        }
        counters = Counters(
            step=self.step,
            cursor=self.batches.cursor,
            best=self.best,
            since_best=self.since_best,
            lately=self.lately,
            loss_sum=self.loss_sum,
            loss_count=self.loss_count,
            recorded=self.recorded,
            seconds=self.elapsed,
            layout=LAYOUT,
            compiling=self.compiling_seconds,
        )
        return arrays, as_json(counters)

    def apart(self) -> frozenset[str]:
        """Names of frozen parameters that are kept once and not in each state: of a net most of
        which is frozen, these.
        """
        if not self.flat.mostly_frozen:
            return frozenset()
        named = self.module.named_parameters(remove_duplicate=False)
        return frozenset(name for name, p in named if self.flat.is_frozen(p))

    def load_state(self, arrays: Mapping[str, npt.NDArray[Any]], values: JSONObject) -> None:
        """Go back to a state that `state` gave, in a module that has what is `apart` already.

        Raises:
            RunError: if it is not a state of this trainer.
        """
        counters = read_counters(values)
        kept: dict[str, dict[str, Tensor]] = {}
        for name, array in arrays.items():
            kind, _, rest = name.partition(".")
            kept.setdefault(kind, {})[rest] = torch.from_numpy(np.asarray(array))
        try:
            found = self.module.load_state_dict(kept["weights"], strict=False)
            held = self.apart() | second_names(self.module).keys()
            if lost := [*found.unexpected_keys, *set(found.missing_keys) - held]:
                raise KeyError(f"{lost[0]} is not in both")
            self.optimizer.load_state(kept.get("optimizer", {}), counters.step, counters.layout)
            if isinstance(self.module, Carrying):
                self.module.carry(kept.get("carried", {}))
            set_random_states(self.flat.values.device, kept["rng"], self.random)
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise RunError(
                f"The checkpoint does not match this run: {error}.",
                hint="Restore the run directory from an intact copy, or train again.",
            ) from error
        self.step, self.batches.cursor = counters.step, counters.cursor
        self.best, self.since_best = counters.best, counters.since_best
        self.lately = self.best if counters.lately is None else counters.lately
        self.loss_sum, self.loss_count = counters.loss_sum, counters.loss_count
        self.recorded, self.seconds = counters.recorded, counters.seconds
        self.compiling_seconds = counters.compiling
        self.began = time.perf_counter()


def scheduled(settings: TrainingSettings, step: int) -> float:
    """The rate that the settings give after so many updates; after the last, that of the last."""
    last = settings.steps - 1
    return learning_rate(settings, step if 0 <= step <= last else max(0, min(step, last)))
