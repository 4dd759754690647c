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

from hornbook.kernels.ahead import load
from hornbook.kernels.entries import addresses, advance, measure
from hornbook.kernels.fresh import to_clear
from hornbook.kernels.notes import GIVEN_UP, NOTES
from hornbook.kernels.program import Column, Cut
from hornbook.training.adam import EPS
from hornbook.training.compilable import RULES, Several, WithProgram, program_for, sharing
from hornbook.training.helpers import Helpers
from hornbook.training.kernels_order import from_kernels, to_kernels
from hornbook.training.laid_out import (
    LaidOut,
    Part,
    in_rows,
    lay_rows,
    lay_windows,
    lone_rows,
    parts_to_measure,
)
from hornbook.training.own_updates import update_by_trainer
from hornbook.training.protocols import Carrying, WithBackward
from hornbook.training.thread_rooms import Rooms, edges

if TYPE_CHECKING:
    from hornbook.kernels.program import Program
    from hornbook.training.trainer import Trainer

__all__ = ["ManySteps", "Turns"]

Floats = npt.NDArray[Any]
TURN, HEARD = 1_000, 0.25  # steps, at most, and seconds, about, in which no signal is heard
AT_ONCE = 2**22  # ids of the batches that are drawn for a call, at most


class ManySteps:
    """The steps of a trainer, compiled.

    Args:
        trainer: of a net on the processor, in float32 or float64; `refusal` must have nothing
            against its settings. Where several take turns on threads, each draws what dropout drops
            from a generator of its own: `Trainer.random`. Its `threads` share the rows of a batch:
            sums over these come in another order then, the same by each number of threads.

    Raises:
        ValueError: if there is no program for the net; the text says why, as the end of a sentence.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        if trainer.flat.frozen or trainer.flat.tables:
            raise ValueError("some of its parameters are frozen, or tables with sparse gradients")
        self.program = program_for(trainer.module, trainer.batches, trainer.flat.begins)
        flat, settings = trainer.flat, trainer.settings
        kind = flat.values.numpy().dtype
        self.threads = sharing(self.program, settings.threads)
        self.helpers = Helpers(self.threads)
        self.values, self.first, self.second = np.zeros((3, len(flat.values)), kind)
        self.grads = np.zeros((self.threads, len(flat.values)), kind)
        self.running = np.zeros(sum(one.numel() for one in self.program.running), kind)
        self.make_room(self.program)
        self.parts = np.array([(g.part.start, g.part.stop) for g in flat.groups], np.int64)
        decay = settings.weight_decay
        factors = [(g.factor, decay if g.decayed else 0.0) for g in flat.groups]
        self.factors = np.array(factors, kind)
        b1, b2, name = settings.beta1, settings.beta2, settings.optimizer
        adam = (1 - b1, b2, 1 - b2, EPS, float(name == "adam"))
        constants = adam if RULES[name] == RULES["adam"] else (settings.momentum, *4 * (0.0,))
        self.constants = np.array(constants, kind)
        self.take()

    def make_room(self, program: Program) -> None:
        """The values of a batch, at the places that the program says, for each thread."""
        self.program, kind = program, self.values.dtype
        self.rooms = Rooms(self.programs(program), program.values, kind)
        self.whole, self.numbers = program.tables(kind)
        self.cleared = to_clear(program.operations, len(self.values))
        self.state = np.zeros((program.rows, program.state), kind)
        self.state_rows = 0  # of which something is to be remembered
        self.sums = np.zeros((2, self.threads, max(1, len(self.running))), kind)

    def programs(self, program: Program) -> list[Program]:
        """Each thread's: of windows, of which a program has a fixed number, for its share."""
        if program.of_rows or self.threads == 1:
            return [program] * self.threads
        rows = np.diff(edges(program.rows, self.threads)).tolist()
        time = program.positions // program.rows
        made = {n: self.program_like(n, time, of_rows=False) for n in set(rows)}
        return [made[n] for n in rows]

    def have_room(self, laid: LaidOut) -> None:
        """More, where one of some batches of rows has more positions than any before."""
        if laid.positions <= self.program.positions:
            return
        state, rows = self.state, self.state_rows
        count = laid.positions + laid.positions // 8
        self.make_room(self.program_like(count, 1, of_rows=True))
        self.state[:rows], self.state_rows = state[:rows], rows

    def program_like(self, rows: int, time: int, *, of_rows: bool) -> Program:
        """One that has room for so many rows, or for so many windows."""
        ids, objective = np.zeros((rows, time), np.int64), self.trainer.module
        assert isinstance(objective, WithProgram)
        batch = Part(ids, ids if of_rows else ids[:, 0])
        found = objective.program(batch, self.trainer.flat.begins)
        assert not isinstance(found, str)  # or there would have been none before
        return found

    def remembered(self) -> list[Tensor]:
        """The optimizer's own vectors, in the order in which kernels take them."""
        if self.by_trainer:
            return []
        state = self.trainer.optimizer.state()
        return [state[name] for name in ("mean", "square", "velocity") if name in state]

    def take(self) -> None:
        """Begin from where the trainer is."""
        to_kernels(self.program, self.trainer.flat.values, self.values)
        for own, tensor in zip((self.first, self.second), self.remembered(), strict=False):
            to_kernels(self.program, tensor, own)
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
        from_kernels(self.program, self.values, self.trainer.flat.values)
        for own, tensor in zip((self.first, self.second), self.remembered(), strict=False):
            from_kernels(self.program, own, tensor)
        at = 0
        for one in self.program.running:
            one.numpy()[:] = self.running[at : at + one.numel()]
            at += one.numel()
        if self.state_rows and isinstance(self.trainer.module, Carrying):
            state = torch.from_numpy(self.state[: self.state_rows].copy())
            self.trainer.module.carry({"state": state})

    def load(self) -> float:
        """Load what was compiled, or compile it; gives the seconds of that, 0 if it was kept."""
        seconds = load(self.program.kinds, self.values.dtype)
        self.helpers.begun()  # or it is said before there is anything to lose
        return seconds

    def advance(self, steps: int) -> None:
        """Make so many updates.

        Raises:
            DivergedError: if a loss is not a finite number; the updates before it are made.
        """
        end = self.trainer.step + steps
        while self.trainer.step < end:
            self.some(min(end - self.trainer.step, max(1, AT_ONCE // self.program.positions)))

    def some(self, most: int) -> None:
        """The same of a few, whose batches are drawn at first."""
        trainer = self.trainer
        begun = trainer.batches.cursor
        laid = self.laid_out(most)
        self.have_room(laid)
        steps = len(laid.cuts)
        if self.by_trainer:
            try:
                update_by_trainer(self, laid, begun)
            finally:
                self.give()
            return
        try:
            losses, done = self.call(laid)
        except BaseException:  # the trainer stays where it is: Ctrl-C may come after the updates
            trainer.batches.cursor = begun
            self.take()
            raise
        if self.program.state and self.program.of_rows:
            self.state_rows = int(laid.cuts[min(done, steps - 1), 0, Cut.ALL])
        trainer.took(losses[:done].tolist())
        trainer.optimizer.count += done
        self.give()
        if done < steps:
            trainer.batches.cursor = begun + done
            trainer.refuse_infinite(float(losses[done]), "The loss", trainer.step + 1)

    @property
    def by_trainer(self) -> bool:
        """Whether the update has no kernel: compiled steps find the gradients alone."""
        return RULES[self.trainer.settings.optimizer] == RULES["muon"]

    def call(
        self, laid: LaidOut, drawn: npt.NDArray[np.uint8] | None = None
    ) -> tuple[npt.NDArray[np.float64], int]:
        """Updates by some batches: the losses, and how many were made.

        Args:
            laid: the batches.
            drawn: random bytes; None: they are drawn.
        """
        steps, settings, units = len(laid.cuts), self.trainer.settings, self.units()
        random = self.drawn(laid.drawn) if drawn is None else drawn
        rule, pace = RULES[settings.optimizer], self.pace(steps)
        clip = 0.0 if self.by_trainer else settings.clip
        losses = np.zeros((self.threads, steps))
        work = np.zeros(NOTES * (1 + self.threads), np.int64)
        cuts, rooms = np.ascontiguousarray(laid.cuts.transpose(1, 0, 2)), self.rooms

        def share(thread: int) -> int:
            done: int = advance(
                units, rooms.whole, rooms.numbers, rooms.logits, self.program.classes, self.values,
                self.grads, self.running, rooms.values, rooms.back, self.state, laid.ids,
                laid.targets, random, cuts, self.cleared, rule, self.parts, self.factors,
                self.first, self.second, pace, self.constants, clip, losses, thread, work,
                self.sums,
            )  # fmt: skip
            return done

        def give_up() -> None:
            work[GIVEN_UP] = 1

        done = self.helpers.all(share, give_up)[0]
        return losses.sum(0), done

    def units(self) -> npt.NDArray[np.int64]:
        """Where the code of its operations is."""
        return addresses(self.whole[:, Column.KIND].tolist(), self.values.dtype)

    def laid_out(self, most: int) -> LaidOut:
        """The next batches, at most so many."""
        batches = self.trainer.batches
        if self.program.of_rows:
            drawn = [next(batches) for _ in range(most)]
            laid = lay_rows(self.program, drawn, self.threads)
            for lone in lone_rows(self.program, laid):
                assert isinstance(self.trainer.module, WithBackward)
                self.trainer.module.loss_vjp(drawn[lone])  # BatchNorm refuses it
            return laid
        assert isinstance(batches, Several)
        return lay_windows(self.program, *batches.several(most), self.threads)

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
        parts = parts_to_measure(self.program, ids)
        if parts is None:
            return None
        laid = lay_rows(self.program, [Part(ids[part], targets[part]) for part in parts])
        self.have_room(laid)
        self.take()  # others may have changed the weights: the best ones are measured at the end
        losses = np.empty(targets.shape)
        for part, own in zip(parts, laid.each(self.measure(laid)), strict=True):
            losses[part] = in_rows(self.program, own, targets[part])
        return losses

    def measure(self, laid: LaidOut) -> npt.NDArray[np.float64]:
        """The loss of each target of some batches."""
        program, found, units = self.program, np.zeros(laid.targets.size), self.units()

        def share(thread: int) -> None:
            cuts = laid.cuts[thread :: self.threads, 0]
            measure(
                units, self.whole, self.numbers, program.logits, program.classes, self.values,
                self.running, self.rooms.values[thread], self.rooms.back[thread],
                np.zeros_like(self.state), laid.ids, laid.targets, np.zeros(0, np.uint8),
                np.ascontiguousarray(cuts), found, np.zeros((2, 1, 1), self.values.dtype),
            )  # fmt: skip

        self.helpers.all(share, give_up=lambda: None)  # none waits for another
        return found

    def drawn(self, count: int) -> npt.NDArray[np.uint8]:
        """So many random bytes, as `hornbook.nn.dropout.kept` draws them."""
        eights = torch.empty(count // 8, dtype=torch.int64)
        eights.random_(-(2**63), None, generator=self.trainer.random)
        return eights.view(torch.uint8).numpy()

    def pace(self, steps: int) -> Floats:
        """The rate of some steps, and what Adam makes of it; see `kernels.updates.adam`."""
        s, trainer = self.trainer.settings, self.trainer
        rates = np.array([trainer.schedule(trainer.step + i) for i in range(steps)])
        count = trainer.optimizer.count + 1 + np.arange(steps)
        pull, root = rates / (1 - s.beta1**count), np.sqrt(1 - s.beta2**count)
        return np.stack([rates, pull, root], 1).astype(self.values.dtype)


class Turns:
    """Takes a trainer further by as many steps as take a quarter of a second, or until
    something is due; how many there are in a call changes no bit.
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
