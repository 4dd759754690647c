"""What is to be made for a comparison: a list of trials, each of them one run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hornbook.errors import SettingsError
from hornbook.experiments.compare.asking import FIRST_SEED, Ask
from hornbook.experiments.compare.given import GivenSettings, changes_of, settings_of
from hornbook.experiments.compare.sizes import sized
from hornbook.experiments.making import Budget
from hornbook.rendering import clip
from hornbook.runs.naming import safe_name
from hornbook.runs.prepare import Prepared, family_settings, settle_training
from hornbook.settings import plain
from hornbook.suggestions import did_you_mean, without_commas

__all__ = ["Trial", "chosen_families", "plan", "seeds_of"]

BASE, ALL, WITHOUT = "base", "all changes", "all but"


@dataclass(frozen=True)
class Trial:
    """One run that is to be made."""

    name: str
    "Of its directory."
    kind: str
    "What it is a run of, for people: runs of one kind differ by their seeds alone."
    family: str
    settings: Mapping[str, Any]
    "Of the family, where they differ from its defaults."
    training: Mapping[str, Any]
    "Settings of training, where they differ from what suits family and data."
    seed: int | None
    "None of what is made in one pass."
    budget: Budget
    of: str = ""
    "The kind that it is a change of; empty of what stands on the board."
    refused: str = ""
    "Why it is not made, known before; empty if it is."
    change: str = ""
    "What was changed, for people: `dropout=0.1`, `all changes`, `all but dropout=0.1`."


def seeds_of(given: int | Sequence[int]) -> tuple[int, ...]:
    """Seeds from how many there are to be, or as they are.

    Raises:
        SettingsError: if there is none, or one comes twice.
    """
    given = plain(given)
    if isinstance(given, int):
        if not 1 <= given <= 10_000:
            raise SettingsError(
                f"`seeds` must be from 1 to 10,000, or a list of seeds; it is {given}.",
                hint="Three tell how much they matter: `seeds=3`.",
                setting="seeds",
            )
        return tuple(range(FIRST_SEED, FIRST_SEED + given))
    seeds = tuple(plain(one) for one in given)
    twice = sorted({one for one in seeds if seeds.count(one) > 1})
    if not seeds or twice:
        what = f"{twice[0]} twice" if twice else "no seed"
        raise SettingsError(
            f"`seeds` has {what}.",
            hint="Give each seed once: runs of the same seed are the same run."
            if twice
            else "Three tell how much they matter: `seeds=3`.",
            setting="seeds",
        )
    return seeds


def chosen_families(prepared: Prepared, models: Sequence[str]) -> list[str]:
    """The families that are trained: those asked for, or all nets that fit the data.

    Raises:
        SettingsError: if one is not there, belongs to another task, cannot learn these data, or is
            a mixture.
    """
    task = prepared.task
    if twice := sorted({name for name in models if list(models).count(name) > 1}):
        raise SettingsError(
            f"`models` has {twice[0]} twice.",
            hint="Name each family once. Settings of one of its own: "
            "FAMILY.NAME=VALUE in `settings`; to try several values, use `change`.",
            setting="models",
        )
    for name in models:
        refuse_unfit(prepared, name, models)
    if models:
        return list(models)
    found = []
    for name, line in task.families.items():
        try:
            task.refuse_unfit(name, prepared.data)
        except SettingsError:
            continue
        if line.trained:
            found.append(name)
    return found


def refuse_unfit(prepared: Prepared, name: str, models: Sequence[str] = ()) -> None:
    """Refuse a family that cannot be compared on these data, one of those that are asked for.

    Raises:
        SettingsError: saying why, with those that can.
    """
    from hornbook.tasks import task_of_family

    task = prepared.task
    usable = [one for one, line in task.families.items() if line.made_by != "mixing"]
    fitting = f"Families of {task.name}: {', '.join(usable)}."
    if name not in task.families:
        other = task_of_family(name)
        if other is not None and other.name != task.name:
            raise SettingsError(
                f"The model family {name} belongs to the task {other.name}, and the data is "
                f"of the task {task.name}.",
                hint=fitting,
                setting="models",
            )
        if other is None:
            raise SettingsError(
                f"Unknown model family {name!r}.",
                hint=(
                    without_commas(name, usable, setting="models", among=models)
                    or did_you_mean(name, usable)
                )
                + fitting,
                setting="models",
            )
    task.refuse_unfit(name, prepared.data)
    if task.family(name).made_by == "mixing":
        raise SettingsError(
            f"{name} is made from other runs, and not by itself.",
            hint="Mix runs first, and compare the mixture as a run.",
            setting="models",
        )


def plan(prepared: Prepared, ask: Ask) -> list[Trial]:
    """The trials: what is made in one pass first, then nets, one seed of each after the other.

    A comparison that is stopped in the middle has seen all nets with fewer seeds, and not few nets
    with all seeds.

    Args:
        prepared: the data.
        ask: what was asked for.

    Raises:
        SettingsError: if a family or a setting is not there, or a value is not allowed.
    """
    task, data = prepared.task, prepared.data
    families = chosen_families(prepared, ask.models) if ask.nets else []
    counted = {
        one.family: one.settings
        for one in task.candidates(data, ask.budget.seconds or 60.0)
        if task.family(one.family).fitted and not one.loading
    }
    lines = {name: task.family(name) for name in dict.fromkeys([*counted, *families])}
    given = settings_of(ask.settings, lines)
    changes = changes_of(ask.changes, lines)
    found = []
    for family in [name for name, line in lines.items() if line.fitted]:
        settings = {**counted.get(family, {}), **given[family].settings}
        family_settings(task.family(family), family, settings)  # checked
        found.append(Trial(family, family, family, settings, {}, None, ask.budget))
    kinds: list[Trial] = []
    for family, line in lines.items():
        if line.trained:
            kinds += kinds_of(prepared, family, given[family], changes[family], ask)
    return found + [with_seed(one, seed, ask.seeds) for seed in ask.seeds for one in kinds]


def with_seed(one: Trial, seed: int, seeds: Sequence[int]) -> Trial:
    """A trial of a kind with a seed, which is in its name."""
    return dataclasses.replace(one, name=f"{one.name}-seed{seed}", seed=seed)


def kinds_of(
    prepared: Prepared,
    family: str,
    given: GivenSettings,
    changes: Sequence[GivenSettings],
    ask: Ask,
) -> list[Trial]:
    """A net and its changes: the base, each change on alone, all on, and each of them off."""
    line = prepared.task.family(family)
    settings, refused = dict(given.settings), ""
    if ask.parameters is not None:
        try:
            settings = {**sized(prepared, family, settings, ask.parameters), **settings}
        except SettingsError as error:
            if family in ask.models:
                raise
            refused = error.message
    training = dict(given.training)
    if ask.threads and "threads" not in training:
        training["threads"] = ask.threads

    base: list[Any] = []  # settings of the net without a change

    def trial(kind: str, change: str, more: Sequence[GivenSettings]) -> Trial:
        of_family = {**settings, **{k: v for one in more for k, v in one.settings.items()}}
        of_training = {**training, **{k: v for one in more for k, v in one.training.items()}}
        steps = {} if ask.budget.steps is None else {"steps": ask.budget.steps}
        as_made = (  # both are checked before anything is made
            family_settings(line, family, of_family),
            settle_training(line, prepared.data, {**of_training, **steps}),
        )
        if len(more) == 1 and list(as_made) == base:
            raise SettingsError(
                f"The change {clip(change)} changes nothing: {family} has it anyway.",
                hint="Leave it out, or name the family that it is for: FAMILY.NAME=VALUE.",
                setting="change",
            )
        base.extend([] if more else as_made)
        name = family if not change else f"{family}-{safe_name(change)}"
        return Trial(
            name, kind, family, of_family, of_training, None, ask.budget,
            family if change else "", refused, change,
        )  # fmt: skip

    found = [trial(family, "", ())]
    found += [trial(f"{family}, {one.written}", one.written, [one]) for one in changes]
    if len(changes) > 1:
        found.append(trial(f"{family}, {ALL}", ALL, changes))
    if len(changes) > 2:  # of two, all but one is the other one alone
        for one in changes:
            others = [other for other in changes if other is not one]
            words = f"{WITHOUT} {one.written}"
            found.append(trial(f"{family}, {words}", words, others))
    return found
