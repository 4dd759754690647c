"""The lectures' figures, one after the other: what `hornbook.reproduce` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hornbook.errors import (
    DataError,
    DownloadError,
    HornbookError,
    MissingPackageError,
    RunError,
    SettingsError,
    TrainingError,
)
from hornbook.experiments.owned import own
from hornbook.experiments.reproduce.asked import LECTURES, plan
from hornbook.experiments.reproduce.bench import SEED, Bench
from hornbook.experiments.reproduce.figures import (
    NotRunError,
    Reproduced,
    Reproduction,
    judged,
)
from hornbook.paths import is_folder
from hornbook.rendering import duration
from hornbook.runs.events import Event
from hornbook.settings import check, plain
from hornbook.training.settings import TrainingSettings

__all__ = ["LECTURES", "Measured", "Measuring", "Reproducing", "plan", "reproduce"]

OUT = Path("runs") / "reproduce"
BESIDE = (DataError, MissingPackageError, RunError, TrainingError)
"""What keeps one experiment from being run, and no other: data, a package, a run of another recipe
in its place, or it diverges."""


@dataclass(frozen=True)
class Measuring:
    """An experiment is about to be run."""

    what: Reproduction
    full: bool


@dataclass(frozen=True)
class Measured:
    """An experiment came to its end."""

    rows: tuple[Reproduced, ...]


Reproducing: TypeAlias = Callable[[Event | Measuring | Measured], None]


def reproduce(
    lecture: str | Sequence[str] | None = None,
    *,
    full: bool = False,
    data: str | Path | None = None,
    out: str | Path = OUT,
    minutes: float | None = None,
    seed: int = SEED,
    listen: Reproducing = lambda event: None,
) -> list[Reproduced]:
    """Repeat the figures of the lectures by the lectures' own settings, each with a verdict.

    Every training is a run directory in `out`. Stopped or killed, the same call goes on where it
    was, and what is there is not trained again: rows can be trained one by one, and a call for all
    of them, with `minutes=0`, collects what is there.

    Args:
        lecture: one of `LECTURES`, an experiment of one (`wavenet/tree`), its name alone or a part
            of its title; or several; None for all.
        full: with all of the lectures' steps, which takes hours; else in minutes, compared with the
            lecture's own loop where fewer steps are trained.
        data: folder of data that are not had by name, and of those that are, where they need not be
            fetched: names.txt, tinyshakespeare.txt, nietzsche.txt, movielens-small, rossmann.
        out: folder of the run directories.
        minutes: longest that an experiment may take by its own estimate. What takes longer is not
            trained; where its runs are finished in `out`, it is measured all the same.
        seed: of initial weights and batches.
        listen: called with events as they happen.

    Returns:
        A row for each figure. What cannot be repeated here has the verdict `not run`, and why; it
        is `failed` where something went wrong that is not to be expected.

    Raises:
        SettingsError: if there is no such lecture, experiment or folder, or no such time or seed.
        RunError: if `out` cannot be written, or another process works in it.
        KeyboardInterrupt: on Ctrl-C; the same call goes on.
    """
    chosen = plan(lecture)
    minutes = plain(minutes)
    if minutes is not None:
        check("minutes", minutes, float)
        if not minutes >= 0:  # NaN, too
            raise SettingsError(
                f"`minutes` must be at least 0; it is {minutes:g}.",
                hint="With 0 nothing is trained. Leave it out for no limit.",
                setting="minutes",
            )
    if data is not None and not is_folder(Path(data)):
        raise SettingsError(
            f"`data` must be a folder; there is none called {data}.",
            hint="Give the folder that holds names.txt, movielens-small or rossmann.",
            setting="data",
        )
    seed = TrainingSettings.from_dict({"seed": plain(seed)}).seed
    folder = Path(out)
    lock = own(folder)
    try:
        bench = Bench(folder, full, None if data is None else Path(data), seed, listen)
        rows: list[Reproduced] = []
        for one in chosen:
            listen(Measuring(one, full))
            found = repeated(one, bench, minutes)
            listen(Measured(tuple(found)))
            rows += found
        return rows
    finally:
        lock.release()


def repeated(one: Reproduction, bench: Bench, minutes: float | None) -> list[Reproduced]:
    """An experiment, run, or the reason why it is not."""
    began = time.perf_counter()
    cost = one.cost(full=bench.full)
    measured: dict[str, float] = {}
    reason, failed = "", False
    bench.trains = minutes is None or cost <= minutes
    try:
        if not bench.trains and not one.kept:
            raise NotRunError(f"it takes about {duration(60 * cost)}, more than `minutes` allows.")
        measured = dict(one.measure(bench))
    except NotRunError as why:
        reason, measured = " ".join(filter(None, (why.message, why.hint))), why.measured
    except BESIDE as error:
        failed = not is_left_out(error)
        reason = " ".join(filter(None, (error.message, error.hint)))
    seconds = time.perf_counter() - began
    return judged(one, measured, full=bench.full, seconds=seconds, reason=reason, failed=failed)


def is_left_out(error: HornbookError) -> bool:
    """Whether an error is that something was not brought: a package, or data without a network."""
    cause = error.__cause__
    offline = isinstance(cause, OSError) and cause.errno is None  # a full disk has a number
    return isinstance(error, MissingPackageError) or (isinstance(error, DownloadError) and offline)
