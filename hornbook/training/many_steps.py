"""Many steps of a training at once, by compiled code: `hornbook.kernels`.

A `Trainer` stays what it is, with its parameters, its optimizer, its batches and its counters;
`ManySteps` takes it further by so many updates as that many calls of `update` would have, to
rounding, and puts everything back where the trainer has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hornbook.extras import needing
from hornbook.kernels.program import Cut
from hornbook.training.adam import EPS
from hornbook.training.laid_out import (
    LaidOut,
    Part,
    in_rows,
    lay_rows,
    lay_windows,
    parts_to_measure,
)
from hornbook.training.protocols import Carrying

if TYPE_CHECKING:
    from hornbook.kernels.program import Program
    from hornbook.training.settings import TrainingSettings
    from hornbook.training.trainer import Trainer

__all__ = ["ManySteps", "WithProgram", "refusal"]

Floats = npt.NDArray[Any]
LARGE = 10**8  # multiplications in a step, from which on one by itself is as fast
AT_ONCE = 2**22  # ids of the batches that are drawn for a call, at most
RULES = {"adamw": 0, "sgd": 1}


@runtime_checkable
class WithProgram(Protocol):
    """An objective whose steps can be a program of kernels.

    Attributes:
        measured_by: while it is set, gives the loss of each prediction from ids (M, T) and targets
            (M,), or None where it cannot.
    """

    measured_by: Callable[[npt.NDArray[Any], npt.NDArray[Any]], Floats | None] | None

    def program(self, batch: Any, places: Mapping[int, int]) -> Program | str:
        """The program for batches like this one, or why there is none, as the end of a sentence.

        Args:
            batch: with `inputs` and `targets`.
            places: where each parameter begins in the flat vector, by its `id`.
        """
        ...


@runtime_checkable
class Several(Protocol):
    """A source of batches that gives several at a time."""

    def several(self, most: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The next batches, at most so many: inputs (S, N, T) and targets (S, N)."""
        ...


def refusal(training: TrainingSettings) -> str | None:
    """Why no net can be trained in this way with these settings; None if one can.

    It is the end of a sentence.
    """
    s = training
    reasons = {
        f"there is no kernel of the optimizer {s.optimizer}": s.optimizer not in RULES,
        "`accumulate` splits its batches": s.accumulate > 1,
        "`watch` looks into its steps": s.watch,
        "its products are in bfloat16": s.precision == "bfloat16",
        f"`gradients` are asked for by {s.gradients}": s.gradients == "autograd",
        f"it runs on {s.device}": s.device not in ("auto", "cpu"),
        "`compile` is asked for": s.compile,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


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
        self.program = found_program(trainer, batch)
        flat, settings = trainer.flat, trainer.settings
        kind = flat.values.numpy().dtype
        self.order = in_kernels_order(self.program, len(flat.values))
        self.values, self.grads, self.first, self.second = np.zeros((4, len(self.order)), kind)
        self.running = np.zeros(sum(one.numel() for one in self.program.running), kind)
        self.make_room(self.program)
        self.parts = np.array([(g.part.start, g.part.stop) for g in flat.groups], np.int64)
        decay = settings.weight_decay
        factors = [(g.factor, decay if g.decayed else 0.0) for g in flat.groups]
        self.factors = np.array(factors, kind)
        b1, b2, adam = settings.beta1, settings.beta2, settings.optimizer == "adamw"
        constants = (1 - b1, b2, 1 - b2, EPS) if adam else (settings.momentum, 0.0, 0.0, 0.0)
        self.constants = np.array(constants, kind)
        self.take()

    def make_room(self, program: Program) -> None:
        """The values of a batch, at the places that the program says."""
        self.program, kind = program, self.values.dtype
        self.whole, self.numbers = program.tables(kind)
        self.room, self.room_back = np.zeros((2, program.values), kind)
        self.state = np.zeros((program.rows, program.state), kind)
        self.state_rows = 0  # of which something is to be remembered

    def have_room(self, laid: LaidOut) -> None:
        """More, where one of some batches of rows has more positions than any before."""
        if laid.positions <= self.program.positions:
            return
        state, rows = self.state, self.state_rows
        self.make_room(self.program_for_positions(laid.positions + laid.positions // 8))
        self.state[:rows], self.state_rows = state[:rows], rows

    def program_for_positions(self, count: int) -> Program:
        """One of rows that has room for so many positions."""
        like = np.zeros((count, 1), np.int64)
        return found_program(self.trainer, Part(like, like))

    @property
    def is_large(self) -> bool:
        """Whether a step has so much to do that nothing is won by its being compiled."""
        return self.program.multiplications > LARGE

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
        if (state := self.carried()) is not None:
            self.state_rows = len(state)
            if len(state) > len(self.state):
                self.state = np.zeros((len(state), self.program.state), self.values.dtype)
            self.state[: len(state)] = state.numpy()

    def carried(self) -> Tensor | None:
        """What the net remembers of the last batch, (B, S), if rows go on from there."""
        module = self.trainer.module
        return module.carried().get("state") if isinstance(module, Carrying) else None

    def give(self) -> None:
        """Put the trainer where this is."""
        self.trainer.flat.values.numpy()[self.order] = self.values
        for own, tensor in zip((self.first, self.second), self.remembered(), strict=False):
            tensor.numpy()[self.order] = own
        at = 0
        for one in self.program.running:
            one.numpy()[:] = self.running[at : at + one.numel()]
            at += one.numel()
        if self.state_rows and isinstance(self.trainer.module, Carrying):
            state = torch.from_numpy(self.state[: self.state_rows].copy())
            self.trainer.module.carry({"state": state})

    def advance(self, steps: int) -> None:
        """Make so many updates.

        Raises:
            DivergedError: if a loss is no finite number; the updates before it are made.
        """
        end = self.trainer.step + steps
        try:
            while self.trainer.step < end:
                self.some(min(end - self.trainer.step, max(1, AT_ONCE // self.program.positions)))
        finally:
            self.give()

    def some(self, most: int) -> None:
        """The same of a few, whose batches are drawn at first."""
        with needing("numba", "Training by compiled steps"):
            from hornbook.kernels.steps import advance

        trainer, settings = self.trainer, self.trainer.settings
        begun = trainer.batches.cursor
        laid = self.laid_out(most)
        self.have_room(laid)
        steps, program = len(laid.cuts), self.program
        losses = np.zeros(steps)
        done = advance(
            self.whole, self.numbers, program.logits, program.classes, self.values, self.grads,
            self.running, self.room, self.room_back, self.state, laid.ids, laid.targets,
            self.drawn(laid.drawn), laid.cuts, RULES[settings.optimizer], self.parts,
            self.factors, self.first, self.second, self.pace(steps), self.constants,
            settings.clip, losses,
        )  # fmt: skip
        if program.state and program.of_rows:
            self.state_rows = int(laid.cuts[min(done, steps - 1), Cut.BATCH])
        trainer.took(done, float(losses[:done].sum()))
        trainer.optimizer.count += done
        if done < steps:
            trainer.batches.cursor = begun + done
            trainer.refuse_infinite(float(losses[done]), "The loss", trainer.step + 1)

    def laid_out(self, most: int) -> LaidOut:
        """The next batches, at most so many."""
        batches = self.trainer.batches
        if self.program.of_rows:
            return lay_rows(self.program, [next(batches) for _ in range(most)])
        assert isinstance(batches, Several)
        return lay_windows(self.program, *batches.several(most))

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
        """The loss of each prediction, as the net is used; None where kernels cannot tell.

        Args:
            ids: windows or rows, (M, T).
            targets: (M,), or of rows (M, T).
        """
        with needing("numba", "Measuring by compiled steps"):
            from hornbook.kernels.steps import measure

        parts = parts_to_measure(self.program, ids)
        if parts is None:
            return None
        given = [Part(ids[part], targets[part]) for part in parts]
        laid = lay_rows(self.program, given)
        self.have_room(laid)
        self.take()  # others may have changed the weights: the best ones are measured at the end
        program, found = self.program, np.zeros(laid.targets.size)
        measure(
            self.whole, self.numbers, program.logits, program.classes, self.values, self.running,
            self.room, self.room_back, np.zeros_like(self.state), laid.ids, laid.targets,
            np.zeros(0, np.uint8), laid.cuts, found,
        )  # fmt: skip
        losses = np.empty(targets.shape)
        for part, own in zip(parts, laid.each(found), strict=True):
            losses[part] = in_rows(program, own, targets[part].shape)
        return losses

    def drawn(self, count: int) -> npt.NDArray[np.uint8]:
        """So many random bytes, as `hornbook.nn.dropout.kept` draws them."""
        eights = torch.empty(count // 8, dtype=torch.int64)
        eights.random_(-(2**63), None, generator=self.trainer.random)
        return eights.view(torch.uint8).numpy()

    def pace(self, steps: int) -> Floats:
        """The rate of some steps, and what AdamW makes of it; see `kernels.updates.adamw`."""
        s, trainer = self.trainer.settings, self.trainer
        rates = np.array([trainer.schedule(trainer.step + i) for i in range(steps)])
        count = trainer.optimizer.count + 1 + np.arange(steps)
        pull, root = rates / (1 - s.beta1**count), np.sqrt(1 - s.beta2**count)
        return np.stack([rates, pull, root], 1).astype(self.values.dtype)


def found_program(trainer: Trainer, batch: Any) -> Program:
    """The program of a trainer's net for batches like one.

    Raises:
        ValueError: if there is none; the text says why, as the end of a sentence.
    """
    flat, objective = trainer.flat, trainer.module
    if flat.values.device.type != "cpu":
        raise ValueError(f"it runs on {flat.values.device.type}")
    if flat.frozen or flat.tables:
        raise ValueError("some of its parameters are frozen, or tables with sparse gradients")
    if not isinstance(objective, WithProgram) or not isinstance(trainer.batches, Several):
        raise ValueError(f"there are no kernels for {type(objective).__name__}")
    found = objective.program(batch, flat.begins)
    if isinstance(found, str):
        raise ValueError(found)
    return found


def in_kernels_order(program: Program, count: int) -> npt.NDArray[np.int64]:
    """Which number of the flat vector each of the kernels' is, shape (P,)."""
    order = np.arange(count)
    for at, out, fan_in in program.transposed:
        block = slice(at, at + out * fan_in)
        order[block] = order[block].reshape(out, fan_in).T.reshape(-1)
    return order
