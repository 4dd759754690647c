"""Many steps of a training at once, by compiled code: `hornbook.kernels`.

A `Trainer` stays what it is, with its parameters, its optimizer, its batches and its counters;
`ManySteps` takes it further by so many updates as that many calls of `update` would have, to
rounding, and puts everything back where the trainer has it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.extras import needing
from hornbook.training.adam import EPS
from hornbook.training.compilable import RULES, Several, WithProgram, program_for

if TYPE_CHECKING:
    from hornbook.kernels.program import Program
    from hornbook.training.trainer import Trainer

__all__ = ["ManySteps", "Turns"]

Floats = npt.NDArray[Any]
TURN, HEARD = 1_000, 0.1  # steps, at most, and seconds, about, in which no signal is heard
AT_ONCE = 2**22  # ids of the batches that are drawn for a call, at most


class ManySteps:
    """The steps of a trainer, compiled.

    Args:
        trainer: of a net on the processor, in float32 or float64; `refusal` must have nothing
            against its settings. Where several take turns on threads, each draws what dropout drops
            from a generator of its own: `Trainer.random`.

    Raises:
        ValueError: if there is no program for the net; the text says why, as the end of a sentence.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        cursor = trainer.batches.cursor
        batch = next(trainer.batches)
        trainer.batches.cursor = cursor
        if trainer.flat.frozen or trainer.flat.tables:
            raise ValueError("some of its parameters are frozen, or tables with sparse gradients")
        self.program = program_for(trainer.module, trainer.batches, trainer.flat.begins)
        self.sample = batch
        self.rows, self.ids = len(batch.inputs), batch.inputs.size
        flat, settings = trainer.flat, trainer.settings
        kind = flat.values.numpy().dtype
        self.order = in_kernels_order(self.program, len(flat.values))
        self.whole, self.numbers = self.program.tables(kind)
        self.values, self.grads, self.first, self.second = np.zeros((4, len(self.order)), kind)
        self.running = np.zeros(sum(one.numel() for one in self.program.running), kind)
        self.room, self.room_back = np.zeros((2, self.program.values), kind)
        self.parts = np.array([(g.part.start, g.part.stop) for g in flat.groups], np.int64)
        decay = settings.weight_decay
        factors = [(g.factor, decay if g.decayed else 0.0) for g in flat.groups]
        self.factors = np.array(factors, kind)
        b1, b2, adam = settings.beta1, settings.beta2, settings.optimizer == "adamw"
        constants = (1 - b1, b2, 1 - b2, EPS) if adam else (settings.momentum, 0.0, 0.0, 0.0)
        self.constants = np.array(constants, kind)
        self.take()

    def remembered(self) -> list[Tensor]:
        """The optimizer's own vectors, in the order in which kernels take them."""
        state = self.trainer.optimizer.state()
        return [state[name] for name in ("mean", "square", "velocity") if name in state]

    def take(self) -> None:
        """Begin from where the trainer is."""
        self.values[:] = self.trainer.flat.values.numpy()[self.order]
        for own, tensor in zip((self.first, self.second), self.remembered(), strict=False):
            own[:] = tensor.numpy()[self.order]
        if self.program.running:
            self.running[:] = np.concatenate([one.numpy() for one in self.program.running])

    def give(self) -> None:
        """Put the trainer where this is."""
        self.trainer.flat.values.numpy()[self.order] = self.values
        for own, tensor in zip((self.first, self.second), self.remembered(), strict=False):
            tensor.numpy()[self.order] = own
        at = 0
        for one in self.program.running:
            one.numpy()[:] = self.running[at : at + one.numel()]
            at += one.numel()

    def load(self) -> None:
        """Load what was compiled, or compile it: by no steps, and measuring nothing."""
        with needing("numba", "Training by compiled steps"):
            from hornbook.kernels.kept import note_kept

        self.call(np.asarray(self.sample.inputs)[None][:0], self.sample.targets[None][:0])
        self.measure(self.sample.inputs[:0], self.sample.targets[:0])
        if self.values.dtype == np.float32:
            note_kept()

    def advance(self, steps: int) -> None:
        """Make so many updates.

        Raises:
            DivergedError: if a loss is no finite number; the updates before it are made.
        """
        end = self.trainer.step + steps
        try:
            while self.trainer.step < end:
                self.some(min(end - self.trainer.step, max(1, AT_ONCE // self.ids)))
        finally:
            self.give()

    def some(self, most: int) -> None:
        """The same of a few, whose batches are drawn at first."""
        trainer = self.trainer
        begun = trainer.batches.cursor
        assert isinstance(trainer.batches, Several)
        ids, targets = trainer.batches.several(most)
        losses, done = self.call(ids, targets)
        trainer.took(done, float(losses[:done].sum()))
        trainer.optimizer.count += done
        if done < len(ids):
            trainer.batches.cursor = begun + done
            trainer.refuse_infinite(float(losses[done]), "The loss", trainer.step + 1)

    def call(
        self, ids: npt.NDArray[Any], targets: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[np.float64], int]:
        """Updates by batches (S, N, T) and (S, N): the losses, and how many were made."""
        with needing("numba", "Training by compiled steps"):
            from hornbook.kernels.steps import advance

        steps, settings = len(ids), self.trainer.settings
        losses = np.zeros(steps)
        done = advance(
            self.whole, self.numbers, self.program.logits, self.program.classes, self.values,
            self.grads, self.running, self.room, self.room_back, ids, targets,
            self.drawn(steps), RULES[settings.optimizer], self.parts, self.factors, self.first,
            self.second, self.pace(steps), self.constants, settings.clip, losses,
        )  # fmt: skip
        return losses, done

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """A context in which the net's losses are measured by kernels, too."""
        objective = self.trainer.module
        assert isinstance(objective, WithProgram)
        objective.measured_by = self.losses
        try:
            yield
        finally:
            objective.measured_by = None

    def losses(self, ids: npt.NDArray[Any], targets: npt.NDArray[Any]) -> Floats | None:
        """The loss of each prediction, as the net is used; None for fewer than a batch.

        Args:
            ids: windows (M, T).
            targets: (M,).
        """
        if len(ids) < self.rows or ids.size * self.rows != len(ids) * self.ids:
            return None
        self.take()  # others may have changed the weights: the best ones are measured at the end
        return self.measure(ids, targets)

    def measure(self, ids: npt.NDArray[Any], targets: npt.NDArray[Any]) -> Floats:
        """The same of at least a batch, or of none."""
        with needing("numba", "Measuring by compiled steps"):
            from hornbook.kernels.steps import measure

        losses, drawn = np.zeros(len(ids)), np.zeros(0, np.uint8)
        measure(
            self.whole, self.numbers, self.program.logits, self.program.classes, self.values,
            self.running, self.room, self.room_back, np.ascontiguousarray(ids), targets, drawn,
            self.rows, losses,
        )  # fmt: skip
        return losses

    def drawn(self, steps: int) -> npt.NDArray[np.uint8]:
        """The random bytes of some steps, (S, D), as `hornbook.nn.dropout.kept` draws them."""
        eights = torch.empty(steps, self.program.drawn // 8, dtype=torch.int64)
        eights.random_(-(2**63), None, generator=self.trainer.random)
        return eights.view(torch.uint8).numpy()

    def pace(self, steps: int) -> Floats:
        """The rate of some steps, and what AdamW makes of it; see `kernels.updates.adamw`."""
        s, trainer = self.trainer.settings, self.trainer
        rates = np.array([trainer.schedule(trainer.step + i) for i in range(steps)])
        count = trainer.optimizer.count + 1 + np.arange(steps)
        pull, root = rates / (1 - s.beta1**count), np.sqrt(1 - s.beta2**count)
        return np.stack([rates, pull, root], 1).astype(self.values.dtype)


class Turns:
    """Takes a trainer further by as many steps as take a tenth of a second, or until something is
    due; how many there are in a call changes no bit.
    """

    def __init__(self, steps: ManySteps) -> None:
        self.steps, self.most = steps, 32

    def __call__(self) -> None:
        """A turn."""
        count = min(self.most, self.steps.trainer.steps_to_arrive())
        began = time.perf_counter()
        self.steps.advance(count)
        each = (time.perf_counter() - began) / count
        self.most = max(1, min(TURN, int(HEARD / each)))


def in_kernels_order(program: Program, count: int) -> npt.NDArray[np.int64]:
    """Which number of the flat vector each of the kernels' is, shape (P,)."""
    order = np.arange(count)
    for at, out, fan_in in program.transposed:
        block = slice(at, at + out * fan_in)
        order[block] = order[block].reshape(out, fan_in).T.reshape(-1)
    return order
