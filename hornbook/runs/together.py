"""Several runs of small nets trained together in one process, by compiled steps.

Each is a run as `train` makes it, in a directory of its own, with the same batches, initial weights
and dropout as alone, and figures that differ by rounding; stopped, each goes on with `resume`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from hornbook.compute.pinned import pinned
from hornbook.errors import HornbookError
from hornbook.kernels.kept import are_kept
from hornbook.kernels.machine_code import cannot_compile
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Compiling, Ended, Event, Listener, Noted, Warned, apart
from hornbook.runs.prepare import Prepared, family_settings, settle_training
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.stops import answered_later
from hornbook.runs.train import new_record
from hornbook.runs.training import begin_training, conclude_training, session_of
from hornbook.settings import Settings
from hornbook.training.compilable import (
    is_large,
    refusal,
    some_program,
    wait_for,
    why_no_program,
)
from hornbook.training.distributed import World
from hornbook.training.side_by_side import Member, StopAll, train_side_by_side
from hornbook.training.trainer import Ending

__all__ = ["Listening", "One", "train_together", "why_apart"]

AT_MOST = 16  # threads: more than that one Python cannot keep busy


@dataclass(frozen=True)
class One:
    """One of the runs to be made."""

    out: Path
    "Its directory: of a run that was stopped and goes on, else free or of one to be replaced."
    settings: Settings | Mapping[str, Any]
    "Of the family, where they differ from its defaults."
    training: Mapping[str, Any]
    "Settings of training, where they differ from what suits the family and the data."
    stopped: bool = False
    "Whether it is there, and goes on."


class Listening(Protocol):
    """What is told of events of several runs."""

    def __call__(self, at: int, event: Event) -> None:
        """An event of the run with this number."""
        ...


def why_apart(prepared: Prepared, family: str, one: One) -> str | None:
    """Why a run cannot be trained together with others; None if it can.

    It is the end of a sentence. Nothing is written.

    Raises:
        HornbookError: whatever is wrong with its settings.
    """
    line = prepared.task.family(family)
    if not line.trained:
        return f"{family} is not trained step by step"
    if one.stopped:
        training = Run(one.out).record.training
        assert training is not None
    else:
        training = settle_training(line, prepared.data, one.training)
    if why := refusal(training):
        return why
    how = family_settings(line, family, one.settings)
    session = settled(Session(prepared.task, prepared.data, family, how, training))
    if why := why_no_program(session.model, session.training, session.batches):
        return why
    program = some_program(session.model, session.training, session.batches)
    if is_large(program):
        return "its steps are so large that compiled ones are no faster"
    return None if are_kept(program.kinds) else cannot_compile() or None


def settled(session: Session) -> Session:
    """A session with everything chosen that `calibrate` would choose, as compiled steps have it."""
    session.lower_evaluation()
    # Whoever asks for gradients by hand gets what agrees with them to rounding, and is told so.
    by_hand = session.training.gradients == "hand"
    session.training = replace(
        session.training, gradients="hand" if by_hand else "compiled", precision="float32",
        threads=1, device="cpu", recompute="no",
    )  # fmt: skip
    return session


@pinned()
def train_together(
    prepared: Prepared,
    family: str,
    runs: Sequence[One],
    *,
    baseline: bool = False,
    threads: int = 0,
    listen: Listening = lambda at, event: None,
) -> list[Run | HornbookError]:
    """Train several runs of a family side by side.

    They may differ in any settings, so long as `why_apart` has nothing against them. Ctrl-C and
    SIGTERM end all after their turn, to be resumed, as they do in `train`.

    Args:
        prepared: the data and their task.
        family: of the models.
        runs: what to make.
        baseline: evaluate the task's baselines after each.
        threads: on which trainings take turns; 0: as many as there are processors.
        listen: is told of events, one at a time; what it raises ends all trainings.

    Returns:
        In their order the runs; in the place of one whose training failed, why. One that failed can
        be resumed if its cause is gone; the others are not touched by it.

    Raises:
        ValueError: if `why_apart` has something against one.
        HornbookError: if a directory is taken, or settings are wrong; no run is trained then.
    """
    lock, tell = threading.Lock(), apart_by_number(listen)

    def listener(at: int) -> Listener:
        def told(event: Event) -> None:
            with lock:
                tell(at, event)

        return told

    with ExitStack() as held, answered_later() as stops:
        made = [begin(prepared, family, one, baseline, listener(i), held)
                for i, one in enumerate(runs)]  # fmt: skip
        if not made:
            return []
        with made[0].session.working():
            for one in made:
                one.begin()
            load_steps(made)
            members = [one.member for one in made]
            everyone: Any = StopAll(members)
            with stops.stopping(everyone):
                train_side_by_side(members, min(threads or processors(), len(members)))
        return [one.outcome() for one in made]


def processors() -> int:
    """How many threads this process may run on, and Python can keep busy."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux has it
    return min(AT_MOST, len(allowed(0)) if allowed else os.cpu_count() or 1)


def apart_by_number(listen: Listening) -> Listening:
    """A listener that is called with the settings of whoever gave it; see `events.apart`."""

    def tell(at: int, event: Event) -> None:
        apart(lambda told: listen(at, told))(event)

    return tell


class Made:
    """A run that is being trained.

    Attributes:
        member: its training among the others, once it has begun.
    """

    member: Member

    def __init__(self, run: Run, session: Session, listen: Listener, *, resumed: bool) -> None:
        self.run, self.session, self.listen, self.resumed = run, session, listen, resumed

    def begin(self) -> None:
        """Make the trainer, where it was or at the start."""
        random = torch.Generator().manual_seed(self.session.training.seed)
        trainer = begin_training(
            self.run, self.session, self.listen, resumed=self.resumed, random=random
        )

        def conclude(ending: Ending) -> None:
            summary = conclude_training(self.run, self.session, trainer, ending, self.listen)
            self.listen(Ended(Run(self.run.path), summary))

        self.member = Member(trainer, conclude)

    def outcome(self) -> Run | HornbookError:
        """The run, or why there is none."""
        return self.member.failed or Run(self.run.path)


def load_steps(made: Sequence[Made]) -> None:
    """Load what the steps of all need, or compile it, which is said once."""
    told = ""
    for one in made:
        trainer = one.member.trainer
        wait = wait_for(trainer.module, trainer.settings, trainer.batches)
        if wait and not told:
            one.listen(Compiling(wait))
        told = told or wait
        one.member.load()


def begin(
    prepared: Prepared, family: str, one: One, baseline: bool, listen: Listener, held: ExitStack
) -> Made:
    """Own the directory of a run and make its session; `held` gives it up."""
    task, data = prepared.task, prepared.data
    if one.stopped:
        run = Run(one.out)
        run.directory.take_up()
        held.callback(run.directory.release)
        run.record = replace(run.record, together=True)  # which is written when it goes on
        return Made(run, session_of(run, World()), listen, resumed=True)
    line = task.family(family)
    how = family_settings(line, family, one.settings)
    training = settle_training(line, data, one.training)
    session = settled(Session(task, data, family, how, training))
    given = {**task.options().as_dict(), **prepared.options}
    record = new_record(task, data, family, how, given, session, baseline=baseline)
    record = replace(record, together=True)
    directory = RunDirectory(one.out)
    directory.begin(record, data, overwrite=one.out.exists())
    held.callback(directory.release)
    for text in directory.remarks:
        listen(Warned(text))
    listen(Noted("It is trained together with others, by compiled steps."))
    return Made(Run(directory), session, listen, resumed=False)
