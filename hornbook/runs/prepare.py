"""What a training is about, before there is a run: data, family, settings, and a free place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hornbook.actions import Action
from hornbook.errors import RunError, SettingsError
from hornbook.paths import exists
from hornbook.rendering import clip
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Fetched, Listener, Loaded, Pieced, nobody
from hornbook.settings import Settings, check, plain
from hornbook.sources.source import DataPath, Source
from hornbook.suggestions import did_you_mean
from hornbook.tasks import Data, Family, Task, choose_task
from hornbook.training.settings import TrainingSettings

__all__ = [
    "Prepared",
    "Training",
    "family_settings",
    "load_data",
    "made_by_mixing",
    "prepare",
    "refuse_misplaced",
    "refuse_no_time",
    "refuse_taken",
    "refuse_two_lengths",
    "refuse_unknown",
    "settle_training",
]

LONGEST = 60 * 24 * 365  # minutes

Training = (
    TrainingSettings | Mapping[str, Any] | Callable[[TrainingSettings], TrainingSettings] | None
)
"""Training settings: a complete object; some by name; or a function of the recommended ones."""


@dataclass(frozen=True)
class Prepared:
    """Data that are loaded, for several trainings."""

    task: Task[Any]
    data: Data
    options: Mapping[str, Any]
    "Options of loading and splitting, as they were given."


def prepare(
    source: DataPath | Source,
    task: str | None,
    options: Mapping[str, Any],
    listen: Listener = nobody,
) -> Prepared:
    """Load data once.

    Raises:
        HornbookError: as `load_data`.
    """
    chosen, data, _, _ = load_data(source, task, None, options, listen)
    return Prepared(chosen, data, options)


def load_data(
    source: DataPath | Source | Prepared,
    task: str | None,
    model: str | None,
    options: Mapping[str, Any],
    listen: Listener,
) -> tuple[Task[Any], Data, str, Family]:
    """Choose the task, read the data, and name the family.

    Raises:
        HornbookError: if there is no such task or family, or the data cannot be read.
    """
    if not isinstance(source, Source | Prepared):
        source = Source(source)
    if isinstance(source, Source):
        source.progress = lambda done, total: listen(Fetched(done, total))
        source.reading = lambda what, done, total: listen(Pieced(what, done, total))
        chosen, why = choose_task(source, task, model, options)
    else:
        chosen = source.task
    looked = source if isinstance(source, Source) else None
    family = model or chosen.usual_family(looked, options)
    line = chosen.family(family)
    if line.made_by == "mixing":
        raise made_by_mixing(family)
    if isinstance(source, Prepared):
        chosen.refuse_unfit(family, source.data)
        return chosen, source.data, family, line
    refuse_misplaced(options, chosen.options, line)
    data: Data = chosen.load(source, chosen.options.from_dict(dict(options)))
    listen(Loaded(chosen.name, why, data.name, data.about, dict(data.sizes)))
    chosen = chosen.for_data(data.details)
    if model is None and family not in chosen.families:  # a first look did not tell what they are
        family = chosen.usual_family(None, {})
        line = chosen.family(family)
    chosen.refuse_unfit(family, data)
    return chosen, data, family, line


def refuse_misplaced(options: Mapping[str, Any], own: type[Settings], line: Family) -> None:
    """Refuse what stands among the options of the data and is none.

    Args:
        options: as they were given to a call, by name.
        own: the options of the task.
        line: the family that is trained.

    Raises:
        SettingsError: saying where it belongs, or which there are.
    """
    for name, value in options.items():
        for group, kind in (("training", TrainingSettings), ("settings", line.load().Settings)):
            if name not in known_names(own) and name in known_names(kind):
                raise SettingsError(
                    f"`{name}` is not an option of the data.",
                    hint=f"Put it in {group}: {group}={clip(repr({name: value}), 60)}.",
                    setting=name,
                )
    refuse_unknown(options, own)


def refuse_unknown(options: Mapping[str, Any], own: type[Settings]) -> None:
    """Refuse arguments of a call that are not options of the data.

    Raises:
        SettingsError: with the nearest name, and all there are.
    """
    known = known_names(own)
    for name in options:
        if name not in known:
            raise SettingsError(
                f"There is no argument `{name}`.",
                hint=f"{did_you_mean(name, known)}How data are read and split is set by "
                f"{', '.join(f'`{one}`' for one in sorted(known))}.",
                setting=name,
            )


def known_names(kind: type[Settings]) -> set[str]:
    """The names of its settings."""
    return {field.name for field in dataclasses.fields(kind)}


def made_by_mixing(family: str) -> SettingsError:
    """The error that a family is not trained."""
    return SettingsError(
        f"{family} is not trained: it is made from trained runs.",
        setting="model",
        action=Action("mix", ("RUN", "RUN")),
    )


def refuse_taken(
    out: str | Path | None, source: DataPath | Source | Prepared, *, overwrite: bool
) -> None:
    """Make sure that a new run may be put where it should.

    Raises:
        SettingsError: if what is to be overwritten is not named.
        RunError: if something is there that was not told to be replaced, or that is not a run.
    """
    if out is not None:
        path = RunDirectory(out).path
        refuse_if_taken(path, overwrite=overwrite)
        if isinstance(source, Prepared):
            return  # whoever prepared it has asked
        places = (source if isinstance(source, Source) else Source(source)).places
        for where in places if overwrite else ():
            if exists(where) and where.resolve().is_relative_to(path.resolve()):
                raise RunError(
                    f"{where} is in the run directory that would be overwritten, {path}.",
                    hint="Copy the data to another place first, or choose another `out`.",
                )
    elif overwrite:
        raise SettingsError(
            "`overwrite` has no effect without `out`: a new name is chosen for each run.",
            hint="Name the run to replace with `out`.",
            setting="overwrite",
        )


def family_settings(
    line: Family, name: str, given: Settings | Mapping[str, Any] | None
) -> Settings:
    """The settings of a family as given, its defaults if left out.

    Raises:
        SettingsError: if they are those of something else.
    """
    kind: type[Settings] = line.load().Settings
    if given is None:
        return kind()
    if isinstance(given, Mapping):
        return kind.from_dict(dict(given))
    if type(given) is not kind:
        raise SettingsError(
            f"The settings of {name} must be {kind.__name__}, not {type(given).__name__}.",
            hint=f"Give {kind.__name__}(...), or a mapping: {{'name': value}}.",
            setting="settings",
        )
    return given


def settle_training(line: Family, data: Data, given: Training) -> TrainingSettings:
    """The training settings as given, where left out what suits the family and the data.

    Raises:
        SettingsError: if a setting is unknown or not allowed.
    """
    suited = line.suiting(data)
    if given is None:
        return suited
    if isinstance(given, TrainingSettings):
        return given
    if callable(given):
        return given(suited)
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"Training settings must be TrainingSettings, not {type(given).__name__}.",
            hint="Give TrainingSettings(...), or a mapping: {'steps': 500}.",
            setting="training",
        )
    return suited.with_own(given)


def refuse_no_time(minutes: float | None) -> None:
    """Refuse a time to train for that is none, before the data is read.

    Raises:
        SettingsError: saying so.
    """
    if minutes is None:
        return
    minutes = plain(minutes)
    check("minutes", minutes, float)
    if not 0 < minutes < LONGEST:
        raise SettingsError(
            f"`minutes` must be above 0 and below {LONGEST:,}; it is {minutes:g}.",
            setting="minutes",
        )


def refuse_at_once(training: Any, minutes: float | None) -> None:
    """Refuse what is wrong with how long or where to train, before the data is read.

    Args:
        training: settings, or some of them by name; of a function nothing is known yet.
        minutes: to train for.

    Raises:
        SettingsError: if there is no such time or device, or a number of steps beside the time.
    """
    refuse_no_time(minutes)
    named: Mapping[str, Any] = {}
    if isinstance(training, TrainingSettings):
        named = {"device": training.device}
    elif isinstance(training, Mapping):
        named = training
    if minutes is not None and isinstance(steps := named.get("steps"), int):
        raise two_lengths(steps)
    if str(named.get("device", "cpu")) not in ("auto", "cpu"):
        from hornbook.compute.device import refuse_missing

        refuse_missing(str(named["device"]))


def two_lengths(steps: int) -> SettingsError:
    """What to say of a number of steps beside a time."""
    return SettingsError(
        f"`minutes` chooses the number of steps, and `steps` is {steps:,}.",
        hint="Give one of the two.",
        setting="minutes",
    )


def refuse_two_lengths(
    line: Family, data: Data, wanted: TrainingSettings, minutes: float | None
) -> None:
    """Refuse a number of steps beside a time.

    Raises:
        SettingsError: saying so.
    """
    suited = line.suiting(data)
    if minutes is not None and wanted.steps != suited.steps:
        raise two_lengths(wanted.steps)
