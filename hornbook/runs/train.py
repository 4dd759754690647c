"""From data to a run: what `hornbook.train` does, and `hornbook.resume`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hornbook.actions import Action
from hornbook.compute.pinned import pinned
from hornbook.environment import Versions
from hornbook.errors import HornbookError, RunError, SettingsError
from hornbook.runs.ancestor import inherited_settings, open_ancestor, refuse_unrelated
from hornbook.runs.claim import refuse_if_taken
from hornbook.runs.directory import RunDirectory, reserve
from hornbook.runs.events import (
    Began,
    Ended,
    Fetched,
    Listener,
    Loaded,
    Noted,
    Warned,
    apart,
    nobody,
)
from hornbook.runs.extension import extend, refuse_ended
from hornbook.runs.naming import name_of
from hornbook.runs.record import KeptData, RunRecord, Summary
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.stops import answered_later
from hornbook.runs.training import train_session
from hornbook.settings import Settings
from hornbook.sources.source import DataPath, Source
from hornbook.tasks import Data, Family, Start, Task, choose_task
from hornbook.training.distributed import World
from hornbook.training.settings import TrainingSettings

__all__ = ["Prepared", "Training", "load_data", "prepare", "resume", "settle_training", "train"]

LONGEST = 60 * 24 * 365  # minutes

Training = (
    TrainingSettings | Mapping[str, Any] | Callable[[TrainingSettings], TrainingSettings] | None
)
"""Training settings: a complete object; some by name; or a function of the recommended ones."""

Device = Literal["auto", "cpu", "cuda", "mps"]


@pinned()
def train(
    source: DataPath | Source | Prepared,
    *,
    model: str | None = None,
    out: str | Path | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    training: Training = None,
    minutes: float | None = None,
    task: str | None = None,
    overwrite: bool = False,
    baseline: bool = True,
    init_from: str | Path | None = None,
    listen: Listener = nobody,
    **options: Any,
) -> Run:
    """Train a model on data, and save everything in a run directory.

    Called in the main thread, it answers signals while it trains. Ctrl-C ends the training after
    the step, and the run is returned, to be resumed. SIGTERM and SIGHUP do so too, and take their
    usual effect once the run is saved.

    Args:
        source: a file, a folder of files, `-` for standard input, or the name of a data set; or
            several of them. Or data that `prepare` has loaded, with no further options.
        model: the model family; by default the task's own default.
        out: the run directory; by default a new one under `runs/`, named after the data, the family
            and the settings that are not as recommended.
        settings: settings of the family, or a mapping of some (`{"n_hidden": 64}`); the others
            keep their defaults.
        training: training settings, or a mapping of some (`{"steps": 200}`); the others take the
            values recommended for the family and the data.
        minutes: train for so long: the number of steps, and so the schedule, is chosen by the time
            that a few steps and an evaluation take; instead of `steps`.
        task: what kind of data it is; by default recognised from the data.
        overwrite: replace an existing run in `out`.
        baseline: evaluate the task's baselines on the same data too.
        init_from: a run of a net to begin with the weights of, instead of a seed: its family, and
            its settings of the family, which are the defaults. Of a text, tokens that are in both
            vocabularies keep what was learned of them. With `training={"rates": [...]}` parts of
            the net can be frozen.
        listen: called with events as they happen. What it raises ends the training and reaches
            the caller; the run can be resumed, as after a kill.
        options: of the task, for loading and splitting: `split="90/10"`, `mode="text"`.

    Returns:
        The run. Where its net is worse than the untrained one, though all losses were finite
        numbers, `run.summary.ending` is `diverged`, and `run.findings()` says more.

    Raises:
        HornbookError: whatever is wrong with the data, the settings or the directory.
    """
    world = World.join()
    listen = apart(listen) if world.rank == 0 else nobody
    held: list[tuple[RunDirectory, Session | None]] = []  # of the first process, which makes it

    def begin() -> Path:
        refuse_taken(out, source, overwrite=overwrite)
        ancestor = open_ancestor(init_from) if init_from is not None else None
        if ancestor is None or isinstance(source, Prepared):
            chosen, data, family, line = load_data(source, task, model, options, listen)
        else:
            where = source if isinstance(source, Source) else Source(source)
            refuse_unrelated(ancestor, choose_task(where, task)[0], model, where.where)
            chosen, data, family, line = load_data(
                where, ancestor.task.name, ancestor.family, options, listen
            )
        if line.fitted and (training is not None or minutes is not None):
            raise SettingsError(
                f"{family} is fitted in one pass: training settings have no effect on it."
            )
        how = usual = family_settings(line, family, None)
        if ancestor is not None:
            how, usual = inherited_settings(ancestor, settings), ancestor.settings
        elif settings is not None:
            how = family_settings(line, family, settings)
        given = {**chosen.options().as_dict(), **options}
        if isinstance(source, Prepared):
            given.update(source.options)
        session, chosen_by_hand = None, [(how.as_dict(), usual.as_dict())]
        if line.trained:
            wanted = settle_training(line, data, training)
            refuse_two_lengths(line, data, wanted, minutes)
            chosen_by_hand.append((wanted.as_dict(), line.training_for(data.kind).as_dict()))
            session = Session(chosen, data, family, how, wanted, world)
            if ancestor is not None:
                listen(Noted(session.inherit(ancestor)))
            session.calibrate(listen)
            if minutes is not None:
                session.fit_into(60 * minutes)
        record = new_record(chosen, data, family, how, given, session, baseline=baseline)
        if out is None:
            chosen_by_hand.append((given, chosen.options().as_dict()))
            begun = ancestor.path.resolve().name if ancestor is not None else ""
            path = reserve(Path("runs"), name_of(data.name, family, *chosen_by_hand, start=begun))
        else:
            path = Path(out)
        directory = RunDirectory(path)
        directory.begin(record, data, overwrite=overwrite)
        held.append((directory, session))
        for text in directory.remarks:
            listen(Warned(text))
        if session is None:
            fit(Run(directory), data, listen)
        return directory.at

    with answered_later() as stops:
        try:
            at = world.from_first(begin)
            directory, session = held[0] if held else (RunDirectory(at), None)
            run = Run(directory)
            if not run.made_as.trained:
                return Run(directory.path)
            session = session or session_of(run, world)
            return train_session(run, session, listen, stops, resumed=False)
        finally:
            if held:
                held[0][0].release()


@pinned()
def resume(
    path: str | Path,
    *,
    steps: int | None = None,
    threads: int | None = None,
    device: Device | None = None,
    listen: Listener = nobody,
) -> Run:
    """Resume a run that was stopped, to the same result as without the stop, or train one longer.

    With more `steps` a run goes on that was stopped, that has finished, or that ended early; its
    schedule is then that of the new number of steps, from the step that was reached. Patience
    counts from there. The last digits of its losses may come out otherwise on other `threads` or
    another `device`. Each change is noted in the record.

    Args:
        path: the run directory.
        steps: of the whole training, those done included; by default as many as were asked for.
        threads: by default as before.
        device: by default as before.
        listen: as in `train`.

    Raises:
        RunError: if there is no such run, it was fitted in one pass, or it has already finished
            and no more steps are asked for.
        SettingsError: if `steps` are no more than are done, or there is no such device.
    """
    run = Run(path)
    if run.made_as.made_by == "mixing":
        raise RunError(
            f"{path} is a mixture: there is no training to resume.",
            hint="Train a run that it was made from for longer, and mix again: "
            + ", ".join(member.run for member in run.summary.members)
            + ".",
        )
    if not run.made_as.trained:
        raise RunError(f"{path} was fitted in one pass: there is no training to resume.")
    given = {"steps": steps, "threads": threads, "device": device}
    wanted = {name: value for name, value in given.items() if value is not None}
    if steps is None:
        refuse_ended(run)
    world = World.join()
    listen = apart(listen) if world.rank == 0 else nobody
    world.from_first(run.directory.take_up)
    with answered_later() as stops:
        try:
            for path in (run.directory.checkpoint, run.directory.model):
                if path.exists():
                    run.refuse_too_large(path)
            for text in run.directory.remarks:
                listen(Warned(text))
            if run.record.start.kind == "run" and not run.directory.checkpoint.exists():
                raise RunError(
                    f"{run.path} was stopped before its first checkpoint, and does not hold the "
                    "weights that it began with.",
                    hint="Train it again with the same `init_from`.",
                )
            if wanted:
                run.record, told = world.from_first(lambda: extend(run, wanted))
                if told:
                    listen(Noted(told))
            return train_session(run, session_of(run, world), listen, stops, resumed=True)
        finally:
            run.directory.release()


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
        chosen, why = choose_task(source, task, model)
    else:
        chosen = source.task
    family = model or chosen.default or next(iter(chosen.families))
    line = chosen.family(family)
    if line.made_by == "mixing":
        raise made_by_mixing(family)
    if isinstance(source, Prepared):
        return chosen, source.data, family, line
    data: Data = chosen.load(source, chosen.options.from_dict(dict(options)))
    listen(Loaded(chosen.name, why, data.name, data.about, dict(data.sizes)))
    return chosen, data, family, line


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
        RunError: if something is there that was not told to be replaced, or that is no run.
    """
    if out is not None:
        path = RunDirectory(out).path
        refuse_if_taken(path, overwrite=overwrite)
        if isinstance(source, Prepared):
            return  # whoever prepared it has asked
        places = (source if isinstance(source, Source) else Source(source)).places
        for where in places if overwrite else ():
            # os.path, unlike Path, only says no to a name that is no possible path.
            if os.path.exists(where) and where.resolve().is_relative_to(path.resolve()):  # noqa: PTH110
                raise RunError(
                    f"{where} is in the run directory that is to be overwritten, {path}.",
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
    suited = line.training_for(data.kind)
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
    return TrainingSettings.from_dict({**suited.as_dict(), **given})


def refuse_two_lengths(
    line: Family, data: Data, wanted: TrainingSettings, minutes: float | None
) -> None:
    """Refuse a number of steps beside a time, and a time that is none.

    Raises:
        SettingsError: saying so.
    """
    if minutes is None:
        return
    if not 0 < minutes < LONGEST:
        raise SettingsError(
            f"`minutes` must be above 0 and below {LONGEST:,}; it is {minutes:g}.",
            setting="minutes",
        )
    if wanted.steps != line.training_for(data.kind).steps:
        raise SettingsError(
            f"`minutes` chooses the number of steps, and `steps` is {wanted.steps:,}.",
            hint="Give one of the two.",
            setting="minutes",
        )


def new_record(
    task: Task[Any],
    data: Data,
    family: str,
    settings: Settings,
    options: Mapping[str, Any],
    session: Session | None,
    *,
    baseline: bool,
) -> RunRecord:
    """The record of a run that is about to be made."""
    return RunRecord(
        id=RunRecord.new_id(),
        task=task.name,
        family=family,
        settings=settings.as_dict(),
        options=options,
        training=session.training if session else None,
        data=KeptData(data.name, data.source, {}),
        start=session.start if session else Start("fit"),
        versions=Versions.of_today(),
        calibration=session.calibration if session else "",
        calibration_seconds=session.calibration_seconds if session else 0.0,
        baseline=baseline and session is not None,
        parameters=session.model.n_parameters if session else None,
    )


def session_of(run: Run, world: World) -> Session:
    """The session of a run that has begun, as its record says."""
    training = run.record.training
    if training is None:
        raise RunError(f"{run.directory.run} is damaged: training is missing.")
    session = Session(run.task, run.data, run.family, run.settings, training, world)
    session.start = run.record.start
    return session


def fit(run: Run, data: Data, listen: Listener) -> None:
    """Fit a model that is made in one pass, and keep it."""
    task = run.task
    model = task.build(run.family, run.settings, data.shape)
    listen(Began(run.path, run.record, None, "cpu", resumed=False))
    began = time.perf_counter()
    task.fit(model, data)
    seconds = round(time.perf_counter() - began, 3)
    run.directory.write_tensors(run.directory.model, model.arrays(), run.record)
    found = {
        name: task.evaluate(model, data, name) for name in ("train", "dev") if name in data.sizes
    }
    summary = Summary(
        "finished",
        parameters=model.n_parameters,
        seconds=seconds,
        losses={name: one.loss for name, one in found.items() if one.loss is not None},
        measures={name: one.measures for name, one in found.items() if one.measures},
    )
    run.directory.write_summary(summary)  # before what only decorates it is drawn
    try:
        pictures = tuple(task.draw(run.directory.files(run.record), model, data))
    except (HornbookError, OSError, MemoryError) as error:
        why = str(error) or "out of memory"
        listen(Warned(f"The run is complete, but its picture cannot be drawn: {why}"))
    else:
        summary = replace(summary, pictures=pictures)
        run.directory.write_summary(summary)
    run.directory.settle()
    listen(Ended(Run(run.path), summary))
