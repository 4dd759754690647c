"""Several trainings side by side in one process, each taken further in turn by compiled steps.

A training's turn is a quarter of a second of updates, and what is due after them: an evaluation, a
checkpoint. Turns of different trainings run on as many threads as there are, for compiled steps
hold no lock of Python's. No training hangs on another, so each comes out as it would alone,
whatever the order.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from hornbook.errors import HornbookError
from hornbook.training.many_steps import ManySteps, Turns
from hornbook.training.trainer import Ending, Trainer

__all__ = ["Member", "StopAll", "train_side_by_side"]


class Member:
    """A training among others.

    Args:
        trainer: at its start, or where its checkpoint has it; it has a generator of its own.
        conclude: called in its last turn, with how it ended.

    Attributes:
        failed: what kept it from its end; the others go on.
    """

    def __init__(self, trainer: Trainer, conclude: Callable[[Ending], None]) -> None:
        self.trainer, self.conclude = trainer, conclude
        self.turns = Turns(ManySteps(trainer))
        self.begun = False
        self.failed: HornbookError | None = None

    def load(self) -> None:
        """Load what its steps need, or compile it: before its turns, which a signal waits for."""
        self.trainer.compiling_seconds += self.turns.steps.load()

    def turn(self) -> bool:
        """Take it further; whether there is more to do."""
        try:
            with self.clock():
                return self.take_further()
        except HornbookError as error:
            self.failed = error
            return False

    def take_further(self) -> bool:
        """The same; it may fail."""
        trainer, turns = self.trainer, self.turns
        with turns.steps.measuring():
            if not self.begun:
                self.begun = True
                trainer.begin()
            elif trainer.ending() is None:
                turns()
                trainer.arrive()
            if (ending := trainer.ending()) is None:
                return True
            trainer.finish(ending)
            self.conclude(ending)
        return False

    @contextmanager
    def clock(self) -> Iterator[None]:
        """A context whose time alone counts as the training's own."""
        self.trainer.began = time.perf_counter()
        try:
            yield
        finally:
            self.trainer.seconds = self.trainer.elapsed
            self.trainer.began = time.perf_counter()


class StopAll:
    """What a signal sets to end all trainings after their turns."""

    compiling = False  # what they need is loaded before the first turn

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = members

    @property
    def stop(self) -> bool:
        """Whether they were told to."""
        return any(one.trainer.stop for one in self.members)

    @stop.setter
    def stop(self, told: bool) -> None:
        for one in self.members:
            one.trainer.stop = told


def train_side_by_side(members: Sequence[Member], threads: int) -> None:
    """Train all to their ends.

    Args:
        members: of which each that fails keeps why.
        threads: how many take turns at a time.

    Raises:
        BaseException: what is not a fault of a training, out of a callback for example; no further
            turn is begun then.
    """
    with ThreadPoolExecutor(threads) as pool:
        # Each thread has what is set in this one for NumPy's errors, torch's are pinned for all.
        here = {one: contextvars.copy_context() for one in members}
        turns: dict[Future[bool], Member] = {
            pool.submit(context.run, one.turn): one for one, context in here.items()
        }
        try:
            while turns:
                done, _ = wait(turns, return_when=FIRST_COMPLETED)
                for turn in done:
                    member = turns.pop(turn)
                    if turn.result():
                        turns[pool.submit(here[member].run, member.turn)] = member
        finally:
            for turn in turns:
                turn.cancel()
