"""From data to a run: what `hornbook.train` does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hornbook.compute.pinned import pinned
from hornbook.environment import Versions
from hornbook.errors import SettingsError
from hornbook.runs.ancestor import (
    inherited_settings,
    line_begun,
    open_ancestor,
    refuse_beside_nothing,
    refuse_two_starts,
    refuse_unrelated,
)
from hornbook.runs.directory import RunDirectory
from hornbook.runs.events import Listener, Noted, Warned, apart, nobody
from hornbook.runs.fit import fit
from hornbook.runs.naming import name_of, reserve
from hornbook.runs.prepare import (
    Prepared,
    Training,
    family_settings,
    load_data,
    refuse_at_once,
    refuse_taken,
    refuse_two_lengths,
    settle_training,
)
from hornbook.runs.record import KeptData, RunRecord
from hornbook.runs.reporting import Report, Reporting
from hornbook.runs.run import Run
from hornbook.runs.session import Session
from hornbook.runs.stops import answered_later
from hornbook.runs.training import session_of, train_session
from hornbook.settings import Settings
from hornbook.sources.source import DataPath, Source
from hornbook.tasks import Data, Start, Task, choose_task, named_preset
from hornbook.training.distributed import World

__all__ = ["train"]


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
    preset: str | None = None,
    listen: Listener = nobody,
    report: Report | None = None,
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
            that a few steps and an evaluation take; instead of `steps`. Compiling for this machine,
            once, may come on top.
        task: what kind of data it is; by default recognised from the data.
        overwrite: replace an existing run in `out`.
        baseline: evaluate the task's baselines on the same data too, unless the model is counted.
        init_from: a run of a net to begin with the weights of, instead of a seed: its family, and
            its settings of the family, which are the defaults. Of a text, tokens that are in both
            vocabularies keep what was learned of them. With `training={"rates": [...]}` parts of
            the net can be frozen.
        preset: settings of a published model by name (`gpt2`); those that are given win over it.
        listen: called with events as they happen. What it raises ends the training and reaches
            the caller; the run can be resumed, as after a kill.
        report: also tell somebody of the training: `"trackio"`, `"wandb"` or `"tensorboard"` (event
            files in a folder `tensorboard` beside the run), or any object with their `init`, `log`
            and `finish` (see `hornbook.runs.reporting.Reporter`). If that fails, it is told as an
            event, and the training goes on.
        options: of the task, for loading and splitting: `split="90/10"`, `mode="text"`.

    Returns:
        The run. Where its net is worse than the untrained one, though all losses were finite
        numbers, `run.summary.ending` is `diverged`, and `run.findings()` says more.

    Raises:
        HornbookError: whatever is wrong with the data, the settings or the directory.
    """
    world = World.join()
    reporting = Reporting(report if world.rank == 0 else None, listen)
    listen = apart(reporting) if world.rank == 0 else nobody
    held: list[tuple[RunDirectory, Session | None]] = []  # of the first process, which makes it

    def begin() -> Path:
        refuse_at_once(training, minutes)
        refuse_taken(out, source, overwrite=overwrite)
        refuse_two_starts(init_from, preset)
        ancestor = open_ancestor(init_from) if init_from is not None else None
        named = named_preset(preset, model) if preset is not None else None
        usual_loading: Mapping[str, Any] = named.options({}) if named is not None else {}
        loading = {**usual_loading, **options}
        asked_family = named.family if named is not None else model
        if ancestor is None or isinstance(source, Prepared):
            chosen, data, family, line = load_data(source, task, asked_family, loading, listen)
        else:
            where = source if isinstance(source, Source) else Source(source)
            asked, _ = choose_task(where, task, None, options)
            refuse_unrelated(ancestor, asked, model, where.where)
            usual_loading = asked.taken_over(ancestor)
            loading = {**usual_loading, **options}
            chosen, data, family, line = load_data(
                where, ancestor.task.name, ancestor.family, loading, listen
            )
        if line.fitted and (training is not None or minutes is not None):
            what = "`minutes` has" if training is None else "training settings have"
            raise SettingsError(
                f"{family} is fitted in one pass: {what} no effect on it.",
                hint="Leave that out, or choose a net as `model`.",
            )
        how = usual = family_settings(line, family, None)
        given = {**chosen.options().as_dict(), **loading}
        if isinstance(source, Prepared):
            given.update(source.options)
        if ancestor is not None:
            how, usual = inherited_settings(ancestor, settings), ancestor.settings
            line = line_begun(ancestor, how)
        elif named is not None:
            how, usual, line = named.settings(settings), named.settings(), named.line
            if told := named.changes(how, given):
                listen(Noted(told))
        elif settings is not None:
            how = family_settings(line, family, settings)
        if ancestor is None:
            refuse_beside_nothing(how)
        session, chosen_by_hand = None, [(how.as_dict(), usual.as_dict())]
        if line.trained:
            wanted = settle_training(line, data, training)
            refuse_two_lengths(line, data, wanted, minutes)
            usual_training = line.suiting(data).usual_beside(wanted)
            chosen_by_hand.append((wanted.as_dict(), usual_training))
            session = Session(chosen, data, family, how, wanted, world)
            if ancestor is not None:
                listen(Noted(session.inherit(ancestor)))
            session.calibrate(listen, 60 * minutes if minutes is not None else None)
            if minutes is not None:
                session.fit_into(60 * minutes, listen)
        record = new_record(chosen, data, family, how, given, session, baseline=baseline)
        if out is None:
            chosen_by_hand.append((given, {**chosen.options().as_dict(), **usual_loading}))
            begun = ancestor.path.resolve().name if ancestor is not None else ""
            path = reserve(
                Path("runs"), name_of(data.name, preset or family, *chosen_by_hand, start=begun)
            )
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
            reporting.close()


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
        calibration_seconds=session.calibration_seconds - session.compiling if session else 0.0,
        # What is counted is the baseline itself.
        baseline=baseline and task.family(family).made_by != "counting",
        parameters=session.model.n_parameters if session else None,
    )
