"""What Optuna keeps of a sweep, read: its trials, and how much each setting matters."""

from __future__ import annotations

from collections.abc import Iterable

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from hornbook.experiments.sweep.rows import State, Trial
from hornbook.experiments.sweep.sampler import read_params
from hornbook.experiments.sweep.space import Space

__all__ = ["importance_of", "trials_of"]

ENOUGH = 20  # finished trials: from 13 the shares changed with every other share called good


def trials_of(every: Iterable[FrozenTrial], space: Space, sign: float) -> list[Trial]:
    """The trials that count, in the order of their numbers.

    Args:
        every: as Optuna keeps them.
        space: of the settings.
        sign: -1 where what is reported in the course of a training is turned round.
    """
    found = []
    for one in every:
        if one.state in (TrialState.FAIL, TrialState.WAITING):
            continue
        if any(setting.name not in one.params for setting in space.settings):
            continue  # its settings are just being drawn
        attrs = one.user_attrs
        curve = tuple(sorted((at, sign * value) for at, value in one.intermediate_values.items()))
        state: State = "running"
        if one.state == TrialState.COMPLETE:
            state = "finished"
        elif one.state == TrialState.PRUNED:
            state = "refused" if "why" in attrs else "pruned"
        dev = one.value if state == "finished" else curve[-1][1] if curve else None
        found.append(
            Trial(
                one.number,
                state,
                read_params(space, one.params),
                dev,
                attrs.get("seconds"),
                attrs.get("parameters"),
                attrs.get("steps"),
                attrs.get("why", ""),
                attrs.get("run", ""),
                attrs.get("id", ""),
                attrs.get("host", ""),
                curve,
                attrs.get("together", False),
            )
        )
    return found


def importance_of(study: optuna.Study) -> dict[str, float]:
    """How much of what sets good trials apart each setting tells, all together 1.

    Source: Watanabe, Bansal and Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter
    Importance in Arbitrary Subspaces", 2023.

    Returns:
        By the name of the setting, the most important first; empty if there are too few trials, or
        all are alike.
    """
    finished = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(finished) < ENOUGH or len({one.value for one in finished}) < 2:
        return {}
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    total = sum(found.values())
    return {name: share / total for name, share in found.items()} if total > 0 else {}
