"""A search over settings: what `hornbook.sweep` does; Optuna is loaded when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from hornbook.errors import SettingsError
from hornbook.experiments.sweep.events import Sweeping
from hornbook.experiments.sweep.found import Sweep
from hornbook.experiments.sweep.space import Over
from hornbook.extras import needing
from hornbook.runs.prepare import refuse_no_time
from hornbook.settings import Settings, check, plain
from hornbook.sources.source import DataPath, Source

__all__ = ["sweep"]

TRIALS = 20  # where neither trials nor time are given
MOST_JOBS = 256
MOST_SECONDS = 10**9
MOST_AT_ONCE = 64  # as `make_together` trains at a time
Prune = Literal["median", "halving", "none"]


def sweep(
    source: DataPath | Source,
    *,
    model: str | None = None,
    over: Over = None,
    settings: Settings | Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    trials: int | None = None,
    minutes: float | None = None,
    seconds: float | None = None,
    jobs: int = 1,
    together: bool = True,
    at_once: int | None = None,
    pruning: Prune = "median",
    storage: str | None = None,
    out: str | Path | None = None,
    task: str | None = None,
    overwrite: bool = False,
    listen: Sweeping = lambda event: None,
    **options: Any,
) -> Sweep:
    """Search settings of a family for the best on the dev split.

    Each trial is a run in a folder; the first has the recommended settings. Killed, the same call
    goes on: finished trials stay, and one that was begun is resumed to the same bits. With more
    `trials`, or more `minutes`, it searches on. With one job the trials are the same each time.

    Args:
        source: as in `train`; with several jobs, data that can be read more than once.
        model: the family; by default the task's own.
        over: the range of each setting that is varied, of the family or of training:
            `{"n_embd": "16..64:log", "learning_rate": "1e-3..3e-2:log", "norm": ["batch", "none"]}`
            or words `"n_embd=16..64"`. By default what the family declares.
        settings: of the family, the same in all trials.
        training: settings of training, the same in all trials; `seed` is the search's, too.
        trials: how many there are to be; by default 20, or as many as there is time for.
        minutes: time for all of it; a training that goes on then is stopped, and kept. Compiling
            for this machine, once, counts, and is not cut short.
        seconds: the same in seconds.
        jobs: processes that make trials at the same time; threads on which those that are trained
            together take turns.
        together: train trials of small nets together by compiled steps, where there are kernels for
            them; see `make_together`. Each comes out as it would alone, to rounding, in a fraction
            of the time; but the search knows less when it asks for several at once.
        at_once: how many of them; by default 4.
        pruning: end trainings early that are worse than half of the others were at the same place
            (`median`), or that are not in the best third at two of them (`halving`), or none.
        storage: address of a PostgreSQL database that many machines share; by default a file.
        out: the sweep's folder; by default `runs/DATA-FAMILY-sweep`. The best run is kept beside
            it, as `...-best`.
        task: what kind of data it is; by default recognised.
        overwrite: replace another sweep, or run, that is there.
        listen: called with events as they happen.
        options: of the task, for loading and splitting.

    Returns:
        All trials, and the best.

    Raises:
        HornbookError: whatever is wrong with the ranges, the data, the storage or the folder.
        KeyboardInterrupt: on Ctrl-C; the same call goes on.
    """
    limit = limit_of(minutes, seconds)
    refuse_wrong(trials, jobs, pruning, at_once if together else None)
    if at_once is not None and not together:
        raise SettingsError(
            "`at_once` has no effect where trials are not trained together.",
            hint="Leave it out, or let them be.",
            setting="at_once",
        )
    with needing("optuna", "A sweep"):
        from hornbook.experiments.sweep.searching import Plan, search
    if trials is None and limit is None:
        trials = TRIALS
    plan = Plan(jobs, at_once if together else 1, trials, limit)
    return search(
        source if isinstance(source, Source) else Source(source),
        (task, model),
        over,
        (settings, training),
        options,
        plan,
        (pruning, storage),
        None if out is None else Path(out),
        listen,
        overwrite=overwrite,
    )


def limit_of(minutes: float | None, seconds: float | None) -> float | None:
    """Seconds for all of it, as they were given; None: no limit.

    Raises:
        SettingsError: if both are given, or one that is none.
    """
    refuse_no_time(minutes)
    if seconds is None:
        return None if minutes is None else 60 * minutes
    if minutes is not None:
        raise SettingsError(
            "`minutes` and `seconds` are both given.", hint="Give one of them.", setting="seconds"
        )
    check("seconds", plain(seconds), float)
    if not 0 < seconds < MOST_SECONDS:
        raise SettingsError(
            f"`seconds` must be above 0 and below {MOST_SECONDS:,}; it is {seconds:g}.",
            setting="seconds",
        )
    return seconds


def refuse_wrong(trials: int | None, jobs: int, pruning: str, at_once: int | None) -> None:
    """Refuse what is wrong with how many, in all or at a time, before the data is read.

    Raises:
        SettingsError: saying so.
    """
    for name, value, most in (
        ("trials", trials, 10**6),
        ("jobs", jobs, MOST_JOBS),
        ("at_once", at_once, MOST_AT_ONCE),
    ):
        if value is None:
            continue
        check(name, value, int)
        if not 1 <= value <= most:
            raise SettingsError(
                f"`{name}` must be from 1 to {most:,}; it is {value:,}.", setting=name
            )
    check("pruning", pruning, Prune)
