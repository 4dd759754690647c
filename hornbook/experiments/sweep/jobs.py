"""The trials of a sweep made: one after the other here, or several at a time in processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.trial import TrialState

from hornbook.compute.load import cores_allowed
from hornbook.errors import HornbookError, SettingsError
from hornbook.experiments.sweep import trials as trials_module
from hornbook.experiments.sweep.events import Sweeping, TrialBegan, TrialEnded
from hornbook.experiments.sweep.folder import RUNS
from hornbook.experiments.sweep.making import Judge, Made, Recipe, make_trial
from hornbook.experiments.sweep.rows import best_of
from hornbook.experiments.sweep.storage import StoppedError
from hornbook.experiments.sweep.trials import Asked, LostError, Trials
from hornbook.experiments.sweep.worker import END, DiedError, Errand, Worker
from hornbook.records import JSON
from hornbook.runs.events import Warned
from hornbook.runs.prepare import Prepared

__all__ = ["Jobs"]

PAUSE = 0.5  # seconds between two looks for something to do
DEATHS = 3  # of processes that made a trial: then its settings are refused
FRUITLESS = 20  # trials that are refused before any other: then so would all be
ENDING: Mapping[str, TrialState] = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    # As the worst of all, so that its like is not tried again.
    "refused": TrialState.PRUNED,
}


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
        self.waiting_told = False

    def listen(self, event: Any) -> None:
        """Tell of an event."""
        with self.telling:
            self.listener(event)

    def is_over(self) -> bool:
        """Whether to stop."""
        late = self.deadline is not None and time.monotonic() >= self.deadline
        return late or self.stopping.is_set()

    def run(self, jobs: int, errand: Errand, threads: int, seconds: float | None) -> None:
        """Make trials.

        Args:
            jobs: how many at a time.
            errand: what processes are for, where there are several.
            threads: that each of them may use.
            seconds: that there are; None: as long as it takes.

        Raises:
            HornbookError: if no trial can be made.
            KeyboardInterrupt: on Ctrl-C.
        """
        self.deadline = None if seconds is None else time.monotonic() + seconds
        alive = threading.Thread(target=self.show_life, daemon=True)
        if self.trials.shared:
            alive.start()
        try:
            if jobs == 1:
                self.work(None)
            else:
                self.in_processes([Worker(errand, threads) for _ in range(jobs)])
        finally:
            self.stopping.set()
            if alive.is_alive():
                alive.join()
        if self.failure is not None:
            raise self.failure

    def in_processes(self, workers: list[Worker]) -> None:
        """Make trials in processes, each led by a thread."""
        threads = [threading.Thread(target=self.lead, args=(one,), daemon=True) for one in workers]
        for one in threads:
            one.start()
        try:
            told = False
            while any(one.is_alive() for one in threads):
                for one in threads:
                    one.join(PAUSE / len(threads))
                if self.is_over() and not told:
                    told = True
                    self.stopping.set()
                    for worker in workers:
                        worker.stop()
        finally:
            self.stopping.set()
            for worker in workers:
                worker.stop()
            until = time.monotonic() + END
            for one in threads:
                one.join(max(0.0, until - time.monotonic()))
            for worker in workers:  # whatever has not ended by now is in the middle of something
                worker.kill()

    def lead(self, worker: Worker) -> None:
        """Lead a process until there is nothing to do."""
        try:
            self.work(worker)
        except BaseException as error:
            self.failure = self.failure or error
            self.stopping.set()
        finally:
            worker.end()

    def work(self, worker: Worker | None) -> None:
        """Make one trial after the other, in a process or here."""
        try:
            while not self.is_over():
                asked = self.trials.next()
                if asked is not None:
                    self.trial(asked, worker)
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

    def trial(self, asked: Asked, worker: Worker | None) -> None:
        """Make a trial, and note what became of it."""
        self.listen(TrialBegan(asked.number, asked.values, asked.resumed))
        settings, training = self.trials.space.parted(asked.values)
        recipe = Recipe(
            str(self.folder / RUNS / asked.place),
            self.family,
            {**self.fixed[0], **settings},
            {**self.fixed[1], **training},
        )
        judge: Judge = lambda at, value: self.trials.report(asked, at, value)  # noqa: E731
        try:
            if worker is None:
                made = make_trial(self.prepared, recipe, judge, self.is_over, self.listen)
            else:
                made = self.in_process(worker, recipe, judge)
            self.note(asked, made)
        except (LostError, StoppedError) as error:
            made = Made("lost" if isinstance(error, LostError) else "stopped")
        finally:
            self.trials.leave(asked)
        if made.ending == "lost":
            self.listen(
                Warned(
                    f"Trial {asked.number} was given to another process, for no sign of life came "
                    f"from here for {trials_module.GRACE:g} s; what was made here does not count."
                )
            )

    def in_process(self, worker: Worker, recipe: Recipe, judge: Judge) -> Made:
        """Have a trial made by a process, and by another where that dies."""
        for death in range(1, DEATHS + 1):
            try:
                return worker.make(recipe, judge)
            except DiedError as error:
                if self.stopping.is_set():
                    return Made("stopped")
                last = str(error)
                if death < DEATHS:
                    self.listen(
                        Warned(f"A process that made {recipe.path} has died ({last}); it goes on.")
                    )
        return Made("refused", why=f"Its process died {DEATHS} times ({last}).")

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
        while not self.stopping.wait(trials_module.BEAT):
            try:
                self.trials.beat()
            except StoppedError:
                return
            except HornbookError as error:
                self.failure = self.failure or error
                self.stopping.set()


def threads_of(jobs: int, fixed: Mapping[str, Any], *, trained: bool) -> tuple[int, dict[str, Any]]:
    """Threads for each of several processes, and training settings that say so.

    Args:
        jobs: processes at a time.
        fixed: training settings that are the same in all trials.
        trained: whether there are any.
    """
    if fixed.get("threads"):
        return int(fixed["threads"]), {}
    each = max(1, cores_allowed() // jobs)
    return each, {"threads": each} if jobs > 1 and trained else {}
