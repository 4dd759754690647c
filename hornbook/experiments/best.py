"""The best model for some data in a given time: what `hornbook.best` does.

`climb` makes the models, `choice` takes one of them, and here it becomes a run that knows how it
was found and how it is best sampled.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from hornbook.errors import RunError, SettingsError
from hornbook.experiments.climb import Climb
from hornbook.experiments.events import Climbing
from hornbook.experiments.ladder import Ladder
from hornbook.paths import exists
from hornbook.rendering import clip
from hornbook.runs import Run
from hornbook.runs.copying import copy_run
from hornbook.runs.events import Warned
from hornbook.runs.prepare import Prepared, prepare, refuse_taken
from hornbook.runs.record import Search
from hornbook.settings import check, plain
from hornbook.sources.source import DataPath, Source

__all__ = ["best"]

MINUTES = 5.0
EXAMINED = 5_000_000  # examples or tokens: looking for faults in more takes too long here


def best(
    source: DataPath | Source,
    *,
    minutes: float = MINUTES,
    out: str | Path | None = None,
    task: str | None = None,
    filter: str = "",  # noqa: A002 - the setting's name everywhere
    overwrite: bool = False,
    listen: Climbing = lambda event: None,
    **options: Any,
) -> Ladder:
    """Find the best model for some data in a given time.

    Args:
        source: a file, a folder of files, `-` for standard input, or the name of a data set; or
            several of them.
        minutes: how long it may take in all. Compiling for this machine, once, may come on top.
        out: directory of the winner; by default `runs/NAME-best`. What was tried is kept beside
            it, in `NAME-best-tried`: killed, it goes on from there.
        task: what kind of data it is; by default recognised from the data.
        filter: a command that reads samples, one a line, and prints those that pass; see
            `hornbook.text.filtering`. The winner is then chosen by the share that passes.
        overwrite: replace a run that is in `out`, and what was tried for it in another time. What
            was tried on the same data in the same time is not tried again.
        listen: called with events as they happen.
        options: of the task, for loading and splitting.

    Returns:
        The winner, and all that was tried.

    Raises:
        HornbookError: whatever is wrong with the data, the time or the directory.
        KeyboardInterrupt: on Ctrl-C; the same call goes on.
    """
    minutes = plain(minutes)
    check("minutes", minutes, float)
    if not 0 < minutes < 10**6:
        raise SettingsError(
            f"`minutes` must be above 0; it is {minutes:g}.",
            hint="Five minutes are enough for a small file.",
            setting="minutes",
        )
    began = time.perf_counter()
    if not isinstance(source, Source):
        source = Source(source)
    if out is not None:
        refuse_present(Path(out), source, overwrite=overwrite)
    prepared = prepare(source, task, options, listen)
    target = Path(out) if out is not None else Path("runs") / f"{prepared.data.name}-best"
    refuse_present(target, source, overwrite=overwrite)
    if "dev" not in prepared.data.sizes:
        raise SettingsError(
            "There is no dev split to choose the best model by.",
            hint="Give dev a share of the data; if there is too little data to split, train one "
            "model instead.",
            setting="split",
        )
    if filter and not prepared.task.passing(prepared.data, filter):
        raise SettingsError(
            f"The filter {clip(filter, 100)!r} passes none of the first lines of the data.",
            hint="It must print the lines that are right, unchanged.",
            setting="filter",
        )
    tell_problems(prepared, source, listen)
    folder = target.with_name(f"{target.name}-tried")
    climb = Climb(prepared, folder, minutes, filter, listen, overwrite=overwrite)
    with climb:
        climb.beside(time.perf_counter() - began)
        chosen = climb.climb()
        won = Run(folder / chosen.winner.name)
        suited = prepared.task.suited(won, filter)
        search = Search(minutes, filter)
        run = copy_run(won, target, overwrite=overwrite, suited=suited, found=search)
    return Ladder(run, folder, chosen.rungs, chosen.winner, chosen.why)


def refuse_present(target: Path, source: Source, *, overwrite: bool) -> None:
    """Make sure that the winner may be put where it should.

    Raises:
        RunError: if something is there that was not told to be replaced, or that is not a run.
    """
    if exists(target / "run.json") and not overwrite:
        raise RunError(
            f"{target} already contains a run.",
            hint="Replace it with `overwrite`: what was tried in the same time is kept and not "
            "trained again; with other `minutes` all is tried again. Or choose another `out`.",
        )
    refuse_taken(target, source, overwrite=overwrite)


def tell_problems(prepared: Prepared, source: Source, listen: Climbing) -> None:
    """Tell what is wrong with the data, where they can be read once more and are not many."""
    if not source.can_be_read_again or sum(prepared.data.sizes.values()) > EXAMINED:
        return
    options = prepared.task.options.from_dict(dict(prepared.options))
    for finding in prepared.task.examine(source, options).findings:
        if finding.severity == "problem":
            listen(Warned(f"{finding.title}. {finding.advice}"))
