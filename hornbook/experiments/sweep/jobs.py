"""The trials of a sweep made: one after the other here, several in processes, or together."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from hornbook.errors import HornbookError, SettingsError
from hornbook.experiments.sweep import others
from hornbook.experiments.sweep.events import Sweeping, TrialBegan, TrialEnded
from hornbook.experiments.sweep.folder import RUNS
from hornbook.experiments.sweep.making import Judge, Made, Recipe, made_by, make_trial, work
from hornbook.experiments.sweep.many import make_those_together
from hornbook.experiments.sweep.rows import best_of
from hornbook.experiments.sweep.trials import Asked, LostError, Trials
from hornbook.experiments.workers.crew import Crew
from hornbook.experiments.workers.errand import Errand
from hornbook.experiments.workers.worker import StoppedError, Worker, threads_for
from hornbook.records import JSON
from hornbook.runs.events import Compiling, Warned
from hornbook.runs.prepare import Prepared

__all__ = ["How", "Jobs", "how_to"]

PAUSE = 0.5  # seconds between two looks for something to do
FRUITLESS = 20  # trials that are refused before any other: then so would all be
ENDING: Mapping[str, TrialState] = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    # As the worst of all, so that its like is not tried again.
    "refused": TrialState.PRUNED,
}


@dataclass(frozen=True)
class How:
    """How many trials are made at a time."""

    jobs: int
    "In so many processes, or on so many threads if they are trained together; 1: here."
    at_once: int
    "How many are asked for at once and trained together; 1: none are."
    threads: int
    "That each process may use."
    errand: Errand
    "What processes are for."


@dataclass(frozen=True)
class Begun:
    """A trial that is being made."""

    asked: Asked
    recipe: Recipe
    judge: Judge


class Jobs:
    """Makes trials until there are enough, or time is over.

    Args:
        trials: where they come from.
        prepared: the data.
        family: of the model.
        fixed: settings of the family and of training that are the same in all trials.
        folder: of the sweep.
        listen: is told; from one thread at a time.
    """

    def __init__(
        self,
        trials: Trials,
        prepared: Prepared,
        family: str,
        fixed: tuple[Mapping[str, Any], Mapping[str, Any]],
        folder: Path,
        listen: Sweeping,
    ) -> None:
        self.trials, self.prepared, self.family, self.fixed = trials, prepared, family, fixed
        self.folder, self.stopping = folder, trials.patience.stopping
        self.listener, self.telling = listen, threading.RLock()
        self.deadline: float | None = None
        self.failure: BaseException | None = None
        self.refused = 0
        self.waiting_told = self.compiling_told = False

    def listen(self, event: Any) -> None:
        """Tell of an event; of compiling, which several processes may do at once, only once."""
        with self.telling:
            if isinstance(event, Compiling):
                if self.compiling_told:
                    return
                self.compiling_told = True
            self.listener(event)

    def is_over(self) -> bool:
        """Whether to stop."""
        late = self.deadline is not None and time.monotonic() >= self.deadline
        return late or self.stopping.is_set()

    def run(self, how: How, seconds: float | None) -> None:
        """Make trials.

        Args:
            how: how many at a time.
            seconds: that there are; None: as long as it takes.

        Raises:
            HornbookError: if no trial can be made.
            KeyboardInterrupt: on Ctrl-C.
        """
        self.deadline = None if seconds is None else time.monotonic() + seconds
        alive = threading.Thread(target=self.show_life, daemon=True)
        if self.trials.shared:
            alive.start()
        workers = [
            Worker(how.errand, work, how.threads) for _ in range(how.jobs if how.jobs > 1 else 0)
        ]
        try:
            with Crew(workers) as crew:
                if how.at_once > 1:
                    self.work(how.at_once, lambda these: self.together(these, crew))
                elif not workers:
                    self.work(1, lambda these: self.trial(self.begun(these[0]), None))
                else:
                    crew.begin(self.lead)
                    self.watch(crew)
        finally:
            self.stopping.set()
            if alive.is_alive():
                alive.join()
        if self.failure is not None:
            raise self.failure

    def watch(self, crew: Crew) -> None:
        """Wait for processes to have done what there is, and stop them when it is time."""
        try:
            while crew.at_work(PAUSE):
                if self.is_over():
                    self.stopping.set()
                    crew.stop()
        except BaseException:
            self.stopping.set()  # nobody is to begin another one
            raise

    def lead(self, worker: Worker) -> None:
        """Lead a process until there is nothing to do."""
        self.work(1, lambda these: self.trial(self.begun(these[0]), worker))
        worker.end()

    def work(self, most: int, make: Callable[[list[Asked]], None]) -> None:
        """Make trials, one after the other or so many at a time."""
        try:
            while not self.is_over():
                these = self.trials.several(most)
                if these:
                    make(these)
                elif self.trials.under_way() and self.trials.shared:
                    self.wait_for_others()
                elif not self.trials.here:
                    return
                else:
                    self.stopping.wait(PAUSE)  # one that fails would have to be made here
        except StoppedError:
            return

    def wait_for_others(self) -> None:
        """Wait for trials that are made elsewhere: should their process die, they come back."""
        if not self.waiting_told and not self.trials.here:
            self.waiting_told = True
            count = self.trials.under_way()
            self.listen(Warned(f"Waiting for {count} trials that are made by other processes."))
        self.stopping.wait(PAUSE)

    def trial(self, one: Begun, worker: Worker | None) -> None:
        """Make a trial, in a process or here, and note what became of it."""
        try:
            if worker is None:
                made = make_trial(self.prepared, one.recipe, one.judge, self.is_over, self.listen)
            else:
                made = made_by(worker, one.recipe, one.judge, self.listen)
            self.ended(one.asked, made)
        finally:
            self.trials.leave(one.asked)

    def together(self, these: list[Asked], crew: Crew) -> None:
        """Make several trials: together, and those that cannot be by themselves."""
        every = [self.begun(one) for one in these]
        try:
            rest = make_those_together(
                self.prepared, [one.recipe for one in every], [one.judge for one in every],
                self.is_over, lambda at, made: self.ended(these[at], made), self.listen,
                len(crew.workers),
            )  # fmt: skip
            left = deque(every[at] for at in rest)
            if crew.workers and left:
                crew.begin(lambda worker: self.those(left, worker))
                self.watch(crew)
            else:
                self.those(left, None)
        finally:
            for one in these:
                self.trials.leave(one)

    def those(self, left: deque[Begun], worker: Worker | None) -> None:
        """Make trials one after the other until none is left."""
        with contextlib.suppress(IndexError):
            while not self.is_over():
                self.trial(left.popleft(), worker)

    def begun(self, asked: Asked) -> Begun:
        """A trial as it is made from now on, which is told."""
        self.listen(TrialBegan(asked.number, asked.values, asked.resumed))
        settings, training = self.trials.space.parted(asked.values)
        recipe = Recipe(
            str(self.folder / RUNS / asked.place),
            self.family,
            {**self.fixed[0], **settings},
            {**self.fixed[1], **training},
        )
        return Begun(asked, recipe, lambda at, value: self.trials.report(asked, at, value))

    def ended(self, asked: Asked, made: Made) -> None:
        """Note what became of a trial, unless it was given to others."""
        lost = made.ending == "lost"
        try:
            self.note(asked, made)
        except LostError:
            lost = True
        except StoppedError:
            pass
        if lost:
            self.listen(
                Warned(
                    f"Trial {asked.number} was given to another process, for no sign of life came "
                    f"from here for {others.GRACE:g} s; what was made here does not count."
                )
            )

    def note(self, asked: Asked, made: Made) -> None:
        """Note what became of a trial.

        Raises:
            LostError: if it was given back to others.
            SettingsError: if one after the other was refused.
        """
        if made.ending in ("stopped", "lost"):
            return
        about: dict[str, JSON] = dict(made.about)
        if made.ending == "refused":
            about["why"] = made.why
        self.trials.tell(asked, ENDING[made.ending], made.value, about)
        every = self.trials.rows()
        this = next(one for one in every if one.number == asked.number)
        self.listen(TrialEnded(this, best_of(every, self.prepared.task.decides)))
        self.refused = self.refused + 1 if made.ending == "refused" else -(10**9)
        if self.refused >= FRUITLESS:
            raise SettingsError(
                f"No model can be made with what was tried, {FRUITLESS} times in a row. The last "
                f"time: {made.why}",
                hint="Give other ranges.",
                setting="over",
            )

    def show_life(self) -> None:
        """Show others that this process lives, until it stops."""
        while not self.stopping.wait(others.BEAT):
            try:
                self.trials.beat()
            except StoppedError:
                return
            except HornbookError as error:
                self.failure = self.failure or error
                self.stopping.set()


def how_to(
    jobs: int, at_once: int, fixed: Mapping[str, Any], errand: Errand, *, trained: bool
) -> tuple[How, dict[str, Any]]:
    """How trials are made, and training settings that say how many threads a process has.

    Args:
        jobs: processes at a time.
        at_once: trials that are trained together.
        fixed: training settings that are the same in all trials.
        errand: what processes read.
        trained: whether there are training settings.
    """
    if fixed.get("threads"):
        return How(jobs, at_once, int(fixed["threads"]), errand), {}
    each = threads_for(jobs)
    return How(jobs, at_once, each, errand), {"threads": each} if jobs > 1 and trained else {}
