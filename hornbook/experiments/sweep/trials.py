"""The trials of a sweep as Optuna keeps them: taken up, reported, told.

A trial is somebody's: each folder of a sweep has an id, and each trial the id of the folder in
which it is made. In a journal all are this folder's, whose lock keeps others out; so what still
runs there when a process takes the folder up was left by one that is dead, and goes on.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from hornbook.experiments.sweep.others import Others
from hornbook.experiments.sweep.results import trials_of
from hornbook.experiments.sweep.rows import Trial
from hornbook.experiments.sweep.sampler import STARTUP, Sampler, read_params
from hornbook.experiments.sweep.space import Space
from hornbook.experiments.sweep.storage import Patience

__all__ = ["Asked", "LostError", "Trials"]

UNDER_WAY = (TrialState.RUNNING, TrialState.WAITING)
COUNTED = (TrialState.COMPLETE, TrialState.PRUNED, *UNDER_WAY)


class LostError(Exception):
    """A trial was given back to others meanwhile: what was made of it does not count."""


@dataclass
class Asked:
    """A trial that is being made here."""

    trial: optuna.Trial
    number: int
    values: Mapping[str, Any]
    "By the name of the setting."
    place: str
    "Name of its run's directory."
    resumed: bool
    "Whether it was begun before."
    reported: set[int] = field(default_factory=set)
    "Evaluations that were told of."


class Trials:
    """The trials of one study.

    Every call may come from any thread.

    Args:
        study: of Optuna.
        space: of the settings.
        sampler: of the study.
        owner: id of this folder.
        patience: asks the storage.
        shared: whether other folders have trials in it.
        trained: whether the family is trained by gradients.
        usual: the recommended value of each setting.
        sign: -1 where what is measured in the course of a training is better the other way than
            what decides.

    Attributes:
        most: how many trials there are to be; None: any number.
    """

    def __init__(
        self,
        study: optuna.Study,
        space: Space,
        sampler: Sampler,
        owner: str,
        patience: Patience,
        *,
        shared: bool,
        trained: bool,
        usual: Mapping[str, Any],
        sign: float,
    ) -> None:
        self.study, self.space, self.sampler, self.owner = study, space, sampler, owner
        self.patience, self.shared, self.trained, self.sign = patience, shared, trained, sign
        self.usual = usual
        self.most: int | None = None
        self.guard = threading.RLock()
        self.here: dict[int, Asked] = {}  # being made by this process
        self.others = Others(study, patience, owner, set(sampler.ranges))
        self.beats = 0

    def all(self) -> Sequence[FrozenTrial]:
        """All trials, in the order of their numbers."""
        with self.guard:
            return self.patience(lambda: self.study.get_trials(deepcopy=False))

    def rows(self) -> list[Trial]:
        """Those that count, for people."""
        return trials_of(self.all(), self.space, self.sign)

    def several(self, most: int) -> list[Asked]:
        """Trials to make at the same time; none if there is none to begin now.

        New ones are asked for in rounds: the first end where the sampler begins to learn from what
        was made, and those after it have `most` trials each. So a round that a kill has cut short
        is filled up, and one that was killed when it was full is not made longer, and each trial
        is drawn from what it would have been drawn from.

        Args:
            most: how many.
        """
        found: list[Asked] = []
        with self.guard:
            while len(found) < most:
                one = self.next(new=not found or not self.ends_a_round(most))
                if one is None:
                    break
                found.append(one)
        return found

    def ends_a_round(self, most: int) -> bool:
        """Whether so many trials were asked for that what comes next is asked for later."""
        count = sum(one.state in COUNTED for one in self.all())
        return (count if count < STARTUP else count - STARTUP) % most == 0

    def next(self, *, new: bool = True) -> Asked | None:
        """A trial to make; None if there is none to begin now.

        Args:
            new: also one that nobody has begun.
        """
        with self.guard:
            if self.shared:
                self.others.give_back(self.here)
            every = self.all()
            for one in every:
                ours = not self.shared or one.user_attrs.get("owner") == self.owner
                if ours and one.state == TrialState.RUNNING and one.number not in self.here:
                    return self.patience(partial(self.taken_up, one))
            if not new:
                return None
            waiting = any(one.state == TrialState.WAITING for one in every)
            if not waiting and self.is_full(every):
                return None
            return self.patience(self.new)

    def is_full(self, every: Sequence[FrozenTrial]) -> bool:
        """Whether there are as many trials as there are to be, or can be."""
        counted = [one for one in every if one.state in COUNTED]
        different = {self.sampler.key(one.params) for one in counted}
        enough = self.most is not None and len(counted) >= self.most
        return enough or len(different) >= self.space.size

    def under_way(self) -> int:
        """How many trials are made elsewhere, or wait to be made."""
        every = self.all()
        return sum(one.state in UNDER_WAY and one.number not in self.here for one in every)

    def new(self) -> Asked | None:
        """A trial that was given back, or a new one; None if others were quicker."""
        trial = self.study.ask(fixed_distributions=self.sampler.ranges)
        self.own(trial)
        attrs, every = trial.user_attrs, self.study.get_trials(deepcopy=False)
        before = [one for one in every if one.number < trial.number]
        again = attrs.get("again")
        if again is not None and any(one.user_attrs.get("again") == again for one in before):
            self.drop(trial.number, f"a second copy of trial {again}")
            return None
        counted = sum(one.state in COUNTED for one in before)
        if again is None and self.most is not None and counted >= self.most:
            self.drop(trial.number, "one more than were asked for")
            return None
        return self.asked(trial, attrs.get("place") or place_of(trial.number), resumed=False)

    def own(self, trial: optuna.Trial) -> None:
        """Say whose a trial is, and where."""
        trial.set_user_attr("owner", self.owner)
        trial.set_user_attr("host", platform.node())
        trial.set_user_attr("process", os.getpid())

    def taken_up(self, one: FrozenTrial) -> Asked:
        """A trial of this folder whose process is dead."""
        trial = optuna.Trial(self.study, one._trial_id)
        for name, held in self.sampler.ranges.items():  # those that it has stay as they are
            if isinstance(held, IntDistribution):
                trial.suggest_int(name, held.low, held.high, step=held.step, log=held.log)
            elif isinstance(held, FloatDistribution):
                trial.suggest_float(name, held.low, held.high, step=held.step, log=held.log)
            else:
                assert isinstance(held, optuna.distributions.CategoricalDistribution)
                trial.suggest_categorical(name, held.choices)
        self.own(trial)
        place = one.user_attrs.get("place") or place_of(one.number)
        return self.asked(trial, place, resumed=True, reported=set(one.intermediate_values))

    def asked(
        self, trial: optuna.Trial, place: str, *, resumed: bool, reported: set[int] | None = None
    ) -> Asked:
        """A trial that is made here from now on."""
        values = read_params(self.space, trial.params)
        trial.set_user_attr("place", place)
        made = Asked(trial, trial.number, values, place, resumed, reported or set())
        self.here[trial.number] = made
        return made

    def report(self, made: Asked, evaluation: int, value: float) -> bool:
        """Note what was measured in the course of a trial; whether it is hopeless by now.

        Args:
            made: the trial.
            evaluation: its place among the evaluations of the training, from 1.
            value: of the measure.

        Raises:
            LostError: if it was given back.
        """
        with self.guard:
            if evaluation in made.reported:  # before a kill, perhaps just before it was ended
                last = evaluation == max(made.reported)
                return last and self.patience(made.trial.should_prune)
            self.attribute(made, "evaluations", evaluation)
            self.patience(lambda: made.trial.report(self.sign * value, evaluation))
            made.reported.add(evaluation)
            return self.patience(made.trial.should_prune)

    def attribute(self, made: Asked, name: str, value: Any) -> None:
        """Keep something of a trial.

        Raises:
            LostError: if it was given back.
        """
        with self.guard:
            try:
                self.patience(lambda: made.trial.set_user_attr(name, value))
            except UpdateFinishedTrialError as error:
                self.here.pop(made.number, None)
                raise LostError from error

    def tell(
        self, made: Asked, state: TrialState, value: float | None, about: Mapping[str, Any]
    ) -> None:
        """End a trial.

        Args:
            made: the trial.
            state: how it ended.
            value: what it reached, if it is complete.
            about: what is to be kept of it.

        Raises:
            LostError: if it was given back before.
        """
        with self.guard:
            for name, one in about.items():
                self.attribute(made, name, one)
            # Asked once more after a failure, it may have been told already: that is not an error.
            found = self.patience(
                lambda: self.study.tell(made.trial, value, state, skip_if_finished=True)
            )
            self.here.pop(made.number, None)
            if found.state != state:
                raise LostError

    def leave(self, made: Asked) -> None:
        """Stop making a trial, which stays as it is and goes on later."""
        with self.guard:
            self.here.pop(made.number, None)

    def drop(self, number: int, why: str) -> None:
        """End a trial that does not count."""
        trial = next(one for one in self.study.get_trials(deepcopy=False) if one.number == number)
        optuna.Trial(self.study, trial._trial_id).set_user_attr("why", why)
        self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def beat(self) -> None:
        """Show that this process lives."""
        self.beats += 1
        for made in list(self.here.values()):
            try:
                self.attribute(made, "beat", self.beats)
            except LostError:
                continue  # whoever makes it is told at the next evaluation


def place_of(number: int) -> str:
    """The name of the directory of a trial's run."""
    return f"{number:04}"
