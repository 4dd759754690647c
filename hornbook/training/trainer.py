"""The training loop. Nothing in it has to do with language.

It needs an objective with `loss(batch)` and `loss_vjp(batch)`, an endless source of batches with a
cursor, and a way to measure losses on whole splits. What it does in between is a function of the
settings alone, so a run that was stopped, anywhere, and goes on ends at the same numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.errors import DivergedError, RunError, TrainingError
from hornbook.training.distributed import World
from hornbook.training.optimizers import FlatParameters, make_optimizer
from hornbook.training.measures import LOSS, Evaluation, Measure
from hornbook.training.record import Progress, Record
from hornbook.training.protocols import Batches, Carrying, Objective, Probe
from hornbook.training.schedules import learning_rate, may_end
from hornbook.training.settings import TrainingSettings

__all__ = ["Ending", "Record", "Trainer"]

Ending = Literal["finished", "early", "interrupted"]


class Trainer:
    """Trains an objective.

    Args:
        objective: the model; its parameters become views into one vector.
        batches: training batches.
        settings: of the training.
        evaluate: gives the loss on each split, `dev` among them if there is one.
        world: the processes that train together; the first one evaluates and is called back.
        probe: looks on at the updates for which it is due.
        on_record: called after each evaluation.
        on_best: called when the dev loss is the lowest so far, or, without a dev split, each time.
        on_checkpoint: called when the state should be kept.
        on_progress: called after every step; should be quick.

    Attributes:
        step: updates done.
        schedule: gives the learning rate of the update that follows so many others.
        stop: set it to true, from a signal handler for example, to end after the present step.
    """

    def __init__(
        self,
        objective: Objective,
        batches: Batches,
        settings: TrainingSettings,
        evaluate: Callable[[], Evaluation],
        *,
        decides: Measure = LOSS,
        world: World | None = None,
        probe: Probe | None = None,
        on_record: Callable[[Record], None] = lambda record: None,
        on_best: Callable[[], None] = lambda: None,
        on_checkpoint: Callable[[], None] = lambda: None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        if not isinstance(objective, torch.nn.Module):
            raise TypeError("the objective must be a torch.nn.Module")
        self.module: torch.nn.Module = objective
        self.world = world or World()
        self.loss = compiled(objective.loss) if settings.compile else objective.loss
        self.objective, self.batches, self.settings = objective, batches, settings
        self.evaluate, self.probe, self.decides = evaluate, probe, decides
        self.on_record, self.on_best = on_record, on_best
        self.on_checkpoint, self.on_progress = on_checkpoint, on_progress
        self.flat = FlatParameters(objective, settings.rates)
        self.optimizer = make_optimizer(self.flat, settings)
        self.schedule: Callable[[int], float] = partial(scheduled, settings)
        self.step, self.stop = 0, False
        self.all_stop = False  # what several processes have agreed on
        self.best, self.since_best = math.inf, 0
        self.loss_sum, self.loss_count = 0.0, 0
        self.recorded = -1  # step of the last record
        self.seconds, self.began = 0.0, time.perf_counter()

    @property
    def rate(self) -> float:
        """The learning rate of the next update."""
        return self.schedule(self.step)

    @property
    def elapsed(self) -> float:
        """Seconds in training so far, those before a resume included."""
        return self.seconds + time.perf_counter() - self.began

    def run(self) -> Ending:
        """Train to the end, or until `stop` is set or patience has run out.

        Raises:
            DivergedError: if the loss is no longer a finite number.
        """
        s = self.settings
        self.began = time.perf_counter()
        self.module.train()
        first = self.world.rank == 0
        if self.recorded < 0:
            self.record()
            if first:
                self.on_checkpoint()
        while self.step < s.steps and not self.out_of_patience():
            # One that was told to stop goes on with the others until all know of it.
            if self.stop if self.world.size == 1 else self.all_stop:
                if first:
                    self.on_checkpoint()
                return "interrupted"
            self.update()
            due = self.step % s.evaluation_interval == 0 or self.step == s.steps
            if due:
                self.record()
            if first and (due or self.step % s.checkpoint_interval == 0):
                self.on_checkpoint()
            now = time.perf_counter()
            if now - getattr(self, "told", 0) > 0.1:
                self.told = now
                self.on_progress(
                    Progress(
                        self.step,
                        s.steps,
                        self.loss_sum / self.loss_count if self.loss_count else None,
                        self.rate,
                        self.elapsed,
                    )
                )
        self.module.eval()
        return "early" if self.step < s.steps else "finished"

    def out_of_patience(self) -> bool:
        """Whether dev has not become better for as many evaluations as the settings allow."""
        s = self.settings
        return 0 < s.patience <= self.since_best and may_end(s, self.step)

    def update(self) -> float:
        """One step: batch, loss, gradients, update; gives the loss."""
        batch = next(self.batches)
        probe = self.probe if self.probe is not None and self.probe.due(self.step) else None
        self.flat.grads.zero_()
        if probe is not None:
            probe.begin(self)
        try:
            if self.settings.accumulate == 1 and self.world.size == 1:
                value = self.gradients(batch)
            else:
                value = self.gradients_of_parts(batch)
        finally:
            if probe is not None:
                probe.leave()
        for grads in self.flat.frozen:
            grads.zero_()  # what does not move has no part in the norm
        if probe is not None:
            probe.gradients(self, value)
        with torch.inference_mode():
            self.apply(value)
        if probe is not None:
            probe.updated(self)
        self.loss_sum += value
        self.loss_count += 1
        self.step += 1
        return value

    def gradients(self, batch: Any) -> float:
        """Add the gradients of a batch's mean loss to the parameters', and give the loss."""
        device = self.flat.values.device.type
        low = self.settings.precision == "bfloat16"
        if self.settings.gradients == "autograd":
            with torch.autocast(device, torch.bfloat16, enabled=low):
                loss = self.loss(batch)
            loss.backward()  # type: ignore[no-untyped-call]
        else:
            with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=low):
                loss, backward = self.objective.loss_vjp(batch)
                backward()
        return loss.item()

    def gradients_of_parts(self, batch: Any) -> float:
        """The same, part by part, and together with the other processes."""
        grads, total, world = self.flat.grads, 0.0, self.world
        each = self.settings.accumulate
        for i in range(world.rank * each, (world.rank + 1) * each):
            part, share = batch.part(i, each * world.size)
            if share:
                # Σ share · g, though `gradients` can only add g: the sum so far is held in its
                # unit meanwhile.
                grads.mul_(1 / share)
                total += share * self.gradients(part)
                grads.mul_(share)
        if world.size > 1:
            world.add_up(grads)
            # All stop at the same step if one was told to: else the others would wait for it.
            news = torch.tensor([total, float(self.stop)], dtype=torch.float64)
            news = news.to(grads.device)
            world.add_up(news)
            total, self.all_stop = float(news[0]), bool(news[1] > 0)
        return total

    def apply(self, loss: float) -> None:
        """Change the parameters by the gradients of a loss.

        Raises:
            DivergedError: if the loss is no finite number.
        """
        self.refuse_infinite(loss, "The loss", self.step + 1)
        if self.settings.clip:
            # One norm over all parameters; a shorter gradient is left alone.
            norm = float(self.flat.grads.norm())
            if norm > self.settings.clip:
                self.flat.grads.mul_(self.settings.clip / norm)
        self.optimizer.update(self.rate)

    @staticmethod
    def refuse_infinite(loss: float, what: str, step: int) -> None:
        """Raise DivergedError if a loss is no finite number."""
        if not math.isfinite(loss):
            raise DivergedError(
                f"{what} is {loss} at step {step:,}: training has diverged.",
                hint="Try a lower --learning-rate, or --clip 1. What was kept before is unharmed.",
            )

    def record(self) -> None:
        """Measure the losses and tell."""
        evaluation = self.world.from_first(self.evaluate)
        losses = evaluation.losses
        for name, loss in losses.items():
            self.refuse_infinite(loss, f"The {name} loss", self.step)
        dev = losses.get("dev")
        if self.decides.name != "loss":
            dev = evaluation.measures.get("dev", {}).get(self.decides.name)
            dev = -dev if dev is not None and self.decides.best == "highest" else dev
        # The untrained start is measured but never kept as the best.
        best = self.step > 0 and (dev is None or dev < self.best)
        if best:
            self.best, self.since_best = math.inf if dev is None else dev, 0
        elif self.step > 0:
            self.since_best += 1
        batch = self.loss_sum / self.loss_count if self.loss_count else None
        epoch = self.step / self.batches.per_epoch
        record = Record(
            self.step,
            epoch,
            self.rate,
            batch,
            losses,
            best,
            round(self.elapsed, 3),
            evaluation.measures,
        )
        self.loss_sum, self.loss_count, self.recorded = 0.0, 0, self.step
        # The weights and the line of the metrics come before the checkpoint that counts them: a
        # kill between them is mended by doing that stretch again.
        if self.world.rank == 0:
            if best:
                self.on_best()
            self.on_record(record)

    def state(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """All that is needed to go on: arrays, and JSON values."""
        arrays = {
            f"weights.{name}": tensor.detach().cpu().numpy()
            for name, tensor in self.module.state_dict().items()
        }
        for name, tensor in self.optimizer.state().items():
            arrays[f"optimizer.{name}"] = tensor.cpu().numpy()
        if isinstance(self.objective, Carrying):
            for name, tensor in self.objective.carried().items():
                arrays[f"carried.{name}"] = tensor.cpu().numpy()
        arrays["rng.cpu"] = torch.get_rng_state().numpy()
        if self.flat.values.is_cuda:
            arrays["rng.cuda"] = torch.cuda.get_rng_state().numpy()
        elif self.flat.values.is_mps:
            arrays["rng.mps"] = torch.mps.get_rng_state().numpy()
        values = {
            "step": self.step,
            "cursor": self.batches.cursor,
            "best": self.best,
            "since_best": self.since_best,
            "loss_sum": self.loss_sum,
            "loss_count": self.loss_count,
            "recorded": self.recorded,
            "seconds": self.elapsed,
        }
        return arrays, values

    def load_state(self, arrays: dict[str, npt.NDArray[Any]], values: dict[str, Any]) -> None:
        """Go back to a state that `state` gave.

        Raises:
            RunError: if it is not a state of this trainer.
        """
        try:
            weights = {
                name.removeprefix("weights."): torch.from_numpy(array)
                for name, array in arrays.items()
                if name.startswith("weights.")
            }
            self.module.load_state_dict(weights)
            for name, tensor in self.optimizer.state().items():
                tensor.copy_(torch.from_numpy(np.asarray(arrays[f"optimizer.{name}"])))
            if isinstance(self.objective, Carrying):
                prefix = "carried."
                self.objective.carry(
                    {
                        name.removeprefix(prefix): torch.from_numpy(array)
                        for name, array in arrays.items()
                        if name.startswith(prefix)
                    }
                )
            torch.set_rng_state(torch.from_numpy(arrays["rng.cpu"]))
            if self.flat.values.is_cuda:
                torch.cuda.set_rng_state(torch.from_numpy(arrays["rng.cuda"]))
            elif self.flat.values.is_mps:
                torch.mps.set_rng_state(torch.from_numpy(arrays["rng.mps"]))
            self.step, self.batches.cursor = int(values["step"]), int(values["cursor"])
            self.optimizer.count = self.step
            self.best, self.since_best = float(values["best"]), int(values["since_best"])
            self.loss_sum, self.loss_count = float(values["loss_sum"]), int(values["loss_count"])
            self.recorded, self.seconds = int(values["recorded"]), float(values["seconds"])
        except (KeyError, RuntimeError, ValueError, TypeError) as error:
            raise RunError(
                f"The checkpoint does not fit this run: {error}.",
                hint="Train again, or copy the run directory again from where it was whole.",
            ) from error
        self.began = time.perf_counter()


def scheduled(settings: TrainingSettings, step: int) -> float:
    """The rate that the settings give after so many updates; after the last, that of the last."""
    return learning_rate(settings, min(step, settings.steps - 1))


def compiled(loss: Callable[[Any], Tensor]) -> Callable[[Any], Tensor]:
    """A loss compiled by torch.compile.

    Raises:
        TrainingError: when it is first called, if it cannot be compiled here: there is no C++
            compiler, for example.
    """
    made = torch.compile(loss)

    def guarded(batch: Any) -> Tensor:
        try:
            return made(batch)
        except torch._dynamo.exc.TorchDynamoException as error:
            reason = str(error).strip().splitlines()[0]
            raise TrainingError(
                f"torch.compile cannot compile this model on this machine: {reason}",
                hint="Train without --compile, or install a C++ compiler.",
            ) from error

    return guarded
