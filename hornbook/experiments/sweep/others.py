"""Those who share the trials of a sweep: what the dead have begun is given to the living.

On a database that many machines share, each folder shows for its running trials that it lives, by a
number that it counts on. Whoever sees such a number stand still for `GRACE` seconds, by their own
clock, gives the trial back: it fails, and one with the same settings waits for whoever is free.
Should two see it at once, the later of the two that wait is dropped. A folder that comes back in
time goes on with its own trials; one that comes too late finds them failed, and what it made does
not count. So no trial is lost, and none counts twice.
"""

from __future__ import annotations

import time
from collections.abc import Container, Sequence, Set
from functools import partial
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from hornbook.experiments.sweep.storage import Patience

__all__ = ["BEAT", "GRACE", "Others"]

BEAT, GRACE = 10.0, 90.0  # seconds between two signs of life; after which there is none


class Others:
    """Watches the trials that others make.

    Args:
        study: of Optuna.
        patience: asks the storage.
        owner: id of this folder.
        names: of the settings that are varied.
    """

    def __init__(
        self, study: optuna.Study, patience: Patience, owner: str, names: Set[str]
    ) -> None:
        self.study, self.patience, self.owner, self.names = study, patience, owner, names
        self.signs: dict[int, tuple[Any, float]] = {}  # the last one, and when it came

    def all(self) -> Sequence[FrozenTrial]:
        """All trials."""
        return self.patience(lambda: self.study.get_trials(deepcopy=False))

    def give_back(self, here: Container[int]) -> None:
        """Give back the trials of processes that show no sign of life.

        Args:
            here: numbers of those that are made by this process.
        """
        now, every = time.monotonic(), self.all()
        for one in every:
            if one.state != TrialState.RUNNING or one.number in here:
                self.signs.pop(one.number, None)
                continue
            attrs = one.user_attrs
            sign = (attrs.get("owner"), attrs.get("process"), attrs.get("beat"))
            last, since = self.signs.get(one.number, (None, now))
            if last != sign:
                self.signs[one.number] = sign, now
            elif now - since > GRACE and attrs.get("owner") != self.owner:
                self.patience(
                    partial(
                        self.study.tell, one.number, state=TrialState.FAIL, skip_if_finished=True
                    )
                )
        self.wait_again()

    def wait_again(self) -> None:
        """Have each trial that was given back wait to be made, if none does yet."""
        every = self.all()
        again = {one.user_attrs.get("again") for one in every}
        for one in every:
            given_back = one.state == TrialState.FAIL and "why" not in one.user_attrs
            if not given_back or one.number in again:
                continue
            if one.params.keys() != self.names:
                continue  # nothing was begun
            about = {"again": one.number, "place": one.user_attrs.get("place")}
            params = dict(one.params)
            self.patience(partial(self.study.enqueue_trial, params, about))
