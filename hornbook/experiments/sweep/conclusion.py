"""The end of a sweep: the best run is kept, test is looked at, the tables are written."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from hornbook.errors import HornbookError, SettingsError
from hornbook.experiments.sweep.events import Sweeping
from hornbook.experiments.sweep.folder import RESULT, TABLE, Folder, place_of_best
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.record import Look
from hornbook.experiments.sweep.results import importance_of
from hornbook.experiments.sweep.rows import Trial, best_of, trials_csv
from hornbook.experiments.sweep.trials import Trials
from hornbook.paths import exists
from hornbook.records import as_json
from hornbook.rendering import duration
from hornbook.runs import Run
from hornbook.runs.beside import with_baselines
from hornbook.runs.copying import copy_run
from hornbook.runs.events import Warned
from hornbook.runs.prepare import Prepared
from hornbook.runs.record import Search
from hornbook.storage import write_bytes

__all__ = ["conclude", "is_ours"]


def conclude(trials: Trials, prepared: Prepared, home: Folder, listen: Sweeping) -> Sweep:
    """What came of the trials, kept.

    Args:
        trials: of the sweep.
        prepared: the data.
        home: the sweep's folder.
        listen: is told what is amiss beside the result.

    Raises:
        SettingsError: if no trial is finished.
        RunError: if something cannot be written.
    """
    rows, task = trials.rows(), prepared.task
    best = best_of(rows, task.decides)
    if best is None:
        raise none_finished(rows, home.record.seconds)
    run = keep_best(best, len(rows), trials, prepared, home, listen)
    look_at_test(best, rows, run, prepared, home)
    found = Sweep(
        home.folder, prepared.data.name, home.record.family, task.decides, home.record.over,
        trials.usual, tuple(rows), best, run, importance_of(trials.study), home.record.looks,
        home.record.seconds,
    )  # fmt: skip
    write_bytes(home.folder / TABLE, trials_csv(rows, list(home.record.over)).encode())
    text = json.dumps(as_json(found.as_dict()), indent=2, allow_nan=False)
    write_bytes(home.folder / RESULT, f"{text}\n".encode())
    return found


def none_finished(rows: list[Trial], seconds: float) -> SettingsError:
    """The error that there is no best."""
    refused = [one for one in rows if one.state == "refused"]
    why = f" The last that was refused: {refused[-1].why}" if refused else ""
    if refused and len(refused) == len(rows):  # more time for the same would change nothing
        many_refused = "The only trial was" if len(rows) == 1 else f"All {len(rows):,} trials were"
        return SettingsError(
            f"{many_refused} refused, so there is no best.{why}",
            hint="Vary `over` within other values, or change what all trials have in common, and "
            "choose another `out`.",
            setting="over",
        )
    return SettingsError(
        f"No trial was finished in {duration(seconds)}.{why}",
        hint="Allow more `minutes`, or fewer `steps` for each trial; what was begun goes on.",
        setting="minutes",
    )


def is_ours(place: Path, trials: Trials, runs: Path) -> bool:
    """Whether a directory holds the run of one of the trials.

    Args:
        place: the directory.
        trials: of the sweep.
        runs: folder of their runs, which tell where the journal is lost.
    """
    with contextlib.suppress(HornbookError):
        wanted = Run(place).record.id
        if wanted in {one.id for one in trials.rows() if one.id}:
            return True
        return any(wanted == id_of(path) for path in sorted(runs.glob("*")))
    return False


def id_of(path: Path) -> str:
    """The id of the run in a directory; empty if there is none."""
    try:
        return Run(path).record.id
    except HornbookError:
        return ""


def keep_best(
    best: Trial, count: int, trials: Trials, prepared: Prepared, home: Folder, listen: Sweeping
) -> Run | None:
    """The best run in a directory of its own; None if it is on another machine.

    Raises:
        RunError: if it cannot be copied.
    """
    place = place_of_best(home.folder)
    with contextlib.suppress(HornbookError):
        kept = Run(place)
        if kept.record.id == best.id and kept.summary.ended:
            return kept
    try:
        made = Run(best.run)
        if made.record.id != best.id:
            raise SettingsError("another run stands there")
    except HornbookError:
        listen(
            Warned(
                f"The best run, of trial {best.number}, is not here: it was made in {best.run} on "
                f"{best.host}."
            )
        )
        return None
    search = Search(round(home.record.seconds / 60, 2), trials=count)
    replaced = exists(place)  # it was refused before, if it is not to be replaced
    run = copy_run(made, place, overwrite=replaced, found=search)
    run.directory.take_up()
    try:
        with_baselines(run, prepared.data, run.summary, lambda event: listen(event))
    finally:
        run.directory.release()
    return Run(place)


def look_at_test(
    best: Trial, rows: list[Trial], run: Run | None, prepared: Prepared, home: Folder
) -> None:
    """Measure the best on test, unless that was done, and take note of it."""
    task, data, looks = prepared.task, prepared.data, home.record.looks
    if run is None or "test" not in data.sizes or (looks and looks[-1].trial == best.number):
        return
    held = task.evaluate(run.model, run.data, "test").as_dict()
    value = held.get(task.decides.name)
    if isinstance(value, int | float):
        look = Look(best.number, len(rows), float(value))
        home.record = replace(home.record, looks=(*looks, look))
        home.record.write(home.folder)
