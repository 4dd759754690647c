"""Which settings a trial tries: by Optuna's tree-structured Parzen estimator, and three rules.

- The first trial has the recommended settings, as far as they lie in the ranges: what a sweep finds
  is measured against them.
- What a trial draws hangs on the seed, its place and what came before it alone, so a sweep that
  was killed goes on as if it had not been.
- What was tried is not tried again while there is something else.

Source: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from hornbook.experiments.sweep.space import Setting, Space
from hornbook.ranges import Choices, word

__all__ = ["STARTUP", "Sampler", "distribution_of", "read_params", "shown"]

STARTUP = 10  # trials that are drawn at random, before there is something to learn from
LISTED = 10_000  # different trials of a space that is gone through to find what was not tried
DRAWN = 100  # times that a larger one is drawn from


def shown(value: Any) -> Any:
    """A value as Optuna keeps it, which has no lists."""
    return word(value) if isinstance(value, tuple) else value


def distribution_of(one: Setting) -> BaseDistribution:
    """A setting's range as Optuna takes it."""
    if isinstance(one.span, Choices):
        return CategoricalDistribution(tuple(map(shown, one.span.values)))
    low, high, log, step = one.span.low, one.span.high, one.span.log, one.span.step
    if one.whole:
        return IntDistribution(int(low), int(high), log=log, step=int(step or 1))
    return FloatDistribution(low, high, log=log, step=step)


def read_params(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """Values of settings from those that Optuna keeps."""
    found = {}
    for one in space.settings:
        value = params[one.name]
        if isinstance(one.span, Choices):
            value = next(held for held in one.span.values if shown(held) == value)
        found[one.name] = value
    return found


class Sampler(BaseSampler):
    """Draws the settings of a trial.

    Args:
        space: the ranges.
        usual: the recommended value of each setting, where it lies in its range.
        seed: of the sweep.
    """

    def __init__(self, space: Space, usual: Mapping[str, Any], seed: int) -> None:
        self.space, self.seed = space, seed
        self.usual = {name: shown(value) for name, value in usual.items()}
        self.ranges = {one.name: distribution_of(one) for one in space.settings}

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All settings are drawn together."""
        return dict(self.ranges)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A value of each setting, as Optuna keeps it."""
        place = self.place_of(study, trial)
        seed = self.seed_of(place)
        drawn = self.at_random(study, trial, seed)
        if place == 0:
            drawn.update(self.usual)
        else:
            estimator = TPESampler(n_startup_trials=STARTUP, seed=seed)
            known = estimator.infer_relative_search_space(study, trial)
            drawn.update(estimator.sample_relative(study, trial, known))
        tried = self.tried(study, trial)
        if self.key(drawn) in tried:
            drawn = self.untried(study, trial, tried, seed) or drawn
        return drawn

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value of a setting that was not drawn with the others: there is none in a sweep."""
        return self.at_random(study, trial, self.seed_of(self.place_of(study, trial)))[param_name]

    @staticmethod
    def place_of(study: Study, trial: FrozenTrial) -> int:
        """How many were drawn before a trial: not those that were given back and wait again."""
        before = (one for one in study.get_trials(deepcopy=False) if one.number < trial.number)
        dropped = (TrialState.FAIL, True)
        return sum(
            "again" not in one.user_attrs and (one.state, "why" in one.user_attrs) != dropped
            for one in before
        )

    def seed_of(self, place: int) -> int:
        """The seed of a trial."""
        told = hashlib.sha256(f"{self.seed}/{place}".encode()).digest()
        return int.from_bytes(told[:4], "big")

    def at_random(self, study: Study, trial: FrozenTrial, seed: int) -> dict[str, Any]:
        """A value of each setting, evenly from its range."""
        random = RandomSampler(seed)
        return {
            name: random.sample_independent(study, trial, name, held)
            for name, held in self.ranges.items()
        }

    def key(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """What is the same for the same settings."""
        return tuple(params.get(name) for name in self.ranges)

    def tried(self, study: Study, trial: FrozenTrial) -> set[tuple[Any, ...]]:
        """What was tried, or is being tried."""
        states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING, TrialState.WAITING)
        every = study.get_trials(deepcopy=False, states=states)
        return {self.key(one.params) for one in every if one.number != trial.number}

    def untried(
        self, study: Study, trial: FrozenTrial, tried: set[tuple[Any, ...]], seed: int
    ) -> dict[str, Any] | None:
        """Values that were not tried, at random; None if none are found."""
        if self.space.size <= LISTED:
            values: list[Sequence[Any]] = [
                list(map(shown, one.values or ())) for one in self.space.settings
            ]
            left = [one for one in itertools.product(*values) if one not in tried]
            if not left:
                return None
            chosen = left[np.random.default_rng(seed).integers(len(left))]
            return dict(zip(self.ranges, chosen, strict=True))
        for at in range(DRAWN):
            drawn = self.at_random(study, trial, (seed + 1 + at) % 2**32)
            if self.key(drawn) not in tried:
                return drawn
        return None
