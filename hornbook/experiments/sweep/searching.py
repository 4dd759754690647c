"""The search over settings, from the data to the best run: what stands behind `sweep`."""

from __future__ import annotations

import time
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hornbook.errors import RunError, SettingsError
from hornbook.experiments.making import data_sums
from hornbook.experiments.sweep.conclusion import conclude, is_ours
from hornbook.experiments.sweep.events import Opened, Sweeping
from hornbook.experiments.sweep.folder import RUNS, Folder, place_of_best
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.jobs import Jobs, how_to
from hornbook.experiments.sweep.many import why_one_by_one
from hornbook.experiments.sweep.record import SweepRecord
from hornbook.experiments.sweep.space import Over, read_space
from hornbook.experiments.sweep.storage import named_place, quietly
from hornbook.experiments.sweep.study import open_study
from hornbook.experiments.sweep.trials import Trials
from hornbook.experiments.workers.errand import Errand, refuse_alone
from hornbook.paths import exists
from hornbook.records import as_json
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.prepare import Prepared, load_data
from hornbook.settings import Settings, check
from hornbook.sources.source import Source
from hornbook.tasks import Family
from hornbook.training.settings import TrainingSettings

__all__ = ["Plan", "search"]

Given = Settings | Mapping[str, Any] | None
AT_ONCE = 4  # trials that are trained together: with more the search begins to know too little


@dataclass(frozen=True)
class Plan:
    """How much to search, and how many trials are made at a time."""

    jobs: int
    at_once: int | None
    "How many trials are asked for at once and trained together, where they can be; 1: none are."
    trials: int | None
    "In all; None: as many as there is time for."
    seconds: float | None
    "In all, those of earlier times among them; None: as long as it takes."
    began: float = field(default_factory=time.monotonic)


def search(
    source: Source,
    kind: tuple[str | None, str | None],
    over: Over,
    same: tuple[Given, Mapping[str, Any] | None],
    options: Mapping[str, Any],
    plan: Plan,
    how: tuple[str, str | None],
    out: Path | None,
    listen: Sweeping,
    *,
    overwrite: bool,
) -> Sweep:
    """Search, and keep the best.

    Args:
        source: of the data.
        kind: names of the task and of the family, as far as they were given.
        over: the ranges.
        same: settings of the family and of training that are the same in all trials.
        options: of loading and splitting.
        plan: how much.
        how: which trainings are pruned, and the address of a database.
        out: the sweep's folder.
        listen: is told.
        overwrite: replace another sweep, or run, that is there.

    Raises:
        HornbookError: as `sweep`.
        KeyboardInterrupt: on Ctrl-C.
    """
    pruning, storage = how
    task, data, family, line = load_data(source, *kind, options, listen)
    prepared = Prepared(task, data, options)
    if "dev" not in data.sizes:
        raise SettingsError(
            "There is no dev split to choose the best settings by.",
            hint="Give dev a share of the data.",
            setting="split",
        )
    fixed = fixed_settings(line, *same)
    space = read_space(over, task, line, family, data, fixed)
    if plan.jobs > 1:
        refuse_alone(source, task.name)
    record = SweepRecord(
        task=task.name,
        family=family,
        files=dict(data_sums(data)),
        over=space.written(),
        settings=as_json(fixed[0]),
        training=as_json({name: one for name, one in fixed[1].items() if name != "threads"}),
        pruning=pruning if line.trained else "none",
        measure=task.decides.name,
        storage="" if storage is None else named_place(storage),
    )
    folder = out or Path("runs") / f"{data.name}-{family}-sweep"
    errand = Errand.of(prepared, source.given)
    with quietly(), Folder(folder, record, overwrite=overwrite) as home:
        trials = open_study(home, prepared, line, space, fixed[1], storage, listen)
        trials.most = plan.trials
        refuse_taken(home.folder, trials, overwrite=overwrite)
        home.begin()
        make_all(trials, prepared, fixed, home, errand, plan, listen)
        return conclude(trials, prepared, home, listen)


def make_all(
    trials: Trials,
    prepared: Prepared,
    fixed: tuple[dict[str, Any], dict[str, Any]],
    home: Folder,
    errand: Errand,
    plan: Plan,
    listen: Sweeping,
) -> None:
    """Make trials, and note how long that took.

    Args:
        trials: where they come from.
        prepared: the data.
        fixed: settings that are the same in all trials.
        home: the sweep's folder.
        errand: what other processes are for.
        plan: how much.
        listen: is told.
    """
    at_once, note = at_once_of(trials, prepared, fixed, home, plan)
    how, more = how_to(plan.jobs, at_once, fixed[1], errand, trained=trials.trained)
    made = Jobs(
        trials, prepared, home.record.family, (fixed[0], {**fixed[1], **more}), home.folder, listen
    )
    ended = sum(one.state != "running" for one in trials.rows())
    listen(Opened(str(home.folder), home.record.over, ended, trials.most, plan.jobs, note))
    spent = time.monotonic() - plan.began
    left = None if plan.seconds is None else max(0.0, plan.seconds - home.record.seconds - spent)
    try:
        made.run(how, left)
    finally:
        home.spent(time.monotonic() - plan.began)


def at_once_of(
    trials: Trials,
    prepared: Prepared,
    fixed: tuple[Mapping[str, Any], Mapping[str, Any]],
    home: Folder,
    plan: Plan,
) -> tuple[int, str]:
    """How many trials are trained together, and what is to be said of that.

    Raises:
        SettingsError: if a number was asked for, and they cannot be.
    """
    if plan.at_once == 1 or (not trials.trained and plan.at_once is None):
        return 1, ""
    place = home.folder / RUNS / "none"
    family = home.record.family
    why = why_one_by_one(prepared, family, trials.space, trials.usual, fixed, place)
    if not why:
        at_once = plan.at_once or AT_ONCE
        return at_once, f"{at_once} at a time are trained together, by compiled steps."
    if plan.at_once is not None:
        raise SettingsError(
            f"`at_once` has no effect: trials of {family} are trained one by one, for {why}.",
            hint="Leave it out.",
            setting="at_once",
        )
    return 1, f"They are trained one by one: {why}."


def fixed_settings(
    line: Family, settings: Given, training: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the family and of training that are the same in all trials, checked one by one.

    Raises:
        SettingsError: if there is no such setting, or it may not be that.
    """
    kind: type[Settings] = line.load().Settings
    model = settings.changed() if isinstance(settings, Settings) else dict(settings or {})
    given = dict(training or {})
    if given and not line.trained:
        raise SettingsError(
            "The family is made in one pass: training settings have no effect on it.",
            hint="Leave `training` out.",
            setting="training",
        )
    for held, of in ((model, kind), (given, TrainingSettings)):
        hints = typing.get_type_hints(of, include_extras=True)
        for name, value in held.items():
            if name not in hints:
                of.from_dict({name: value})  # which is refused, with the nearest name
            check(name, tuple(value) if isinstance(value, list) else value, hints[name])
    return model, given


def refuse_taken(folder: Path, trials: Trials, *, overwrite: bool) -> None:
    """Refuse to replace a run that is not a trial of this sweep.

    Raises:
        RunError: if one stands where the best is to be kept.
    """
    place = place_of_best(folder)
    if not exists(place) or is_ours(place, trials, folder / RUNS):
        return
    if exists(place / "run.json") and not overwrite:
        raise RunError(
            f"{place} already contains a run, which is not of this sweep.",
            hint="Replace it with `overwrite`, or choose another `out`.",
        )
    refuse_if_taken(place, overwrite=overwrite)
