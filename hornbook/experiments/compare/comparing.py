"""Which of several models is really better: from data and runs to boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hornbook.compute.load import cores_allowed
from hornbook.errors import SettingsError
from hornbook.experiments.compare.asking import Ask
from hornbook.experiments.compare.comparison import ModelComparison
from hornbook.experiments.compare.contest import Contest
from hornbook.experiments.compare.events import Comparing
from hornbook.experiments.compare.folder import ComparedFolder
from hornbook.experiments.compare.joined import is_run, of_data, opened, refuse_no_data
from hornbook.experiments.compare.makers import Maker, in_processes, one_by_one
from hornbook.experiments.compare.many import together_first
from hornbook.experiments.compare.measurers import (
    Measurer,
    measured_here,
    measured_in_processes,
)
from hornbook.experiments.compare.plan import plan, seeds_of
from hornbook.experiments.making import Budget, data_sums
from hornbook.experiments.workers.errand import Errand, refuse_alone
from hornbook.experiments.workers.worker import threads_for
from hornbook.runs import Run
from hornbook.runs.events import Noted
from hornbook.runs.naming import safe_name
from hornbook.runs.prepare import Prepared, prepare
from hornbook.settings import check, plain
from hornbook.sources.source import DataPath, Source

__all__ = ["compare"]

SECONDS, SEEDS = 30.0, 3
MOST = 64  # processes


def compare(
    *data: DataPath,
    models: str | Sequence[str] = (),
    seconds: float | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    parameters: int | None = None,
    seeds: int | Sequence[int] = SEEDS,
    settings: str | Sequence[str] = (),
    change: str | Sequence[str] = (),
    out: str | Path | None = None,
    jobs: int = 1,
    together: bool = True,
    task: str | None = None,
    listen: Comparing = lambda event: None,
    **options: Any,
) -> ModelComparison:
    """Find out which of several models is really better on some data.

    Every net is trained with the same budget and with several seeds, each in a run directory.
    Beside the nets stands what is made in one pass over the data, and the task's other baselines.
    The runs are measured on the whole of dev and test, and each line of the board is held against
    the next: whether the difference is more than luck, of the examples and of the seeds.

    The same call goes on where it was stopped or killed. With more seeds, models or changes it
    trains only what is not there yet; test is then looked at again, which is told.

    Args:
        data: data sets, each a path or a name, or several of them as one; and run directories. Of
            each data set there is a board of its own. If there are runs alone, nothing is trained
            but what is made in one pass.
        models: families; by default all nets that fit the data.
        seconds: to train each net for; 30, if nothing else is said. Compiling for this machine,
            once, may come on top.
        minutes: the same in minutes.
        steps: to train each net for, instead of a time.
        parameters: make each net about so large, by its widths.
        seeds: how many, or a list of them.
        settings: `NAME=VALUE` for all families that have it, or `FAMILY.NAME=VALUE`.
        change: settings as above, each changed alone: an ablation, against the net without it.
        out: directory of the comparison; by default `runs/NAME-compare`.
        jobs: processes that train at the same time.
        together: train small nets of a family together by compiled steps, where the budget is of
            steps and there are kernels for them; see `make_together`. Each comes out as it would
            alone, to rounding, in a fraction of the time; but its time is shared with the others.
        task: what kind of data it is; by default recognised from the data.
        listen: called with events as they happen.
        options: of the task, for loading and splitting.

    Returns:
        The boards, the curves and the files they were written to.

    Raises:
        HornbookError: whatever is wrong with the data, the settings or the directory.
        KeyboardInterrupt: on Ctrl-C; the same call goes on.
    """
    listed_models, changes = as_list(models), as_list(change)
    for word in data:
        refuse_no_data(word)
    runs = opened([word for word in data if isinstance(word, str | Path) and is_run(word)])
    words = [word for word in data if not is_run(word)]
    if not data:
        raise SettingsError("There is nothing to compare.", hint="Give data, or runs.")
    nets = bool(words) or bool(listed_models) or bool(changes)
    budget = budget_of(seconds, minutes, steps, nets=nets)
    ask = Ask(
        listed_models, budget, checked(parameters), seeds_of(seeds), as_list(settings), changes,
        threads_of(jobs, listen), nets,
    )  # fmt: skip
    prepared, sources = loaded(words, runs, task, options, listen)
    refuse_without_dev(prepared)
    if jobs > 1:
        for name, source in sources.items():
            refuse_alone(source, prepared[name].task.name)
    joined = of_data(runs, prepared)
    target = Path(out) if out is not None else Path("runs") / usual_name(prepared, nets=nets)
    plans = {name: plan(one, ask) for name, one in prepared.items()}
    with ComparedFolder(target, prepared, ask) as folder:
        boards, curves = [], {}
        for name, one in prepared.items():
            maker: Maker = one_by_one
            measurer: Measurer = measured_here
            if jobs > 1:
                errand = Errand.of(one, sources[name].given)
                maker = in_processes(jobs, errand)
                measurer = measured_in_processes(jobs, errand, listen)
            if together:
                maker = together_first(maker, jobs if jobs > 1 else 0)
            contest = Contest(name, one, plans[name], joined[name], folder, listen)
            contest.make(maker)
            boards.append(contest.board(measurer))
            curves[name] = contest.curves()
        found = ModelComparison(target, tuple(boards), curves, ask)
        found.write()
    return found


def usual_name(prepared: Mapping[str, Prepared], *, nets: bool) -> str:
    """What the folder is called where nobody names it; one of runs alone is another."""
    return f"{'-and-'.join(prepared)}{'' if nets else '-runs'}-compare"


def as_list(given: str | Sequence[str]) -> tuple[str, ...]:
    """Words, or one of them."""
    return (given,) if isinstance(given, str) else tuple(given)


def budget_of(
    seconds: float | None, minutes: float | None, steps: int | None, *, nets: bool
) -> Budget:
    """How long each net is trained.

    Raises:
        SettingsError: if several lengths are given, or one that is none.
    """
    given = {"seconds": seconds, "minutes": minutes, "steps": steps}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise SettingsError(
            f"`{named[0]}` and `{named[1]}` are both given.",
            hint="Give one budget: the same time for each net, or the same number of steps.",
            setting=named[1],
        )
    if named and not nets:
        raise SettingsError(
            f"`{named[0]}` has no effect: only runs are compared, and none is trained.",
            hint="Leave it out; or name `models` to train beside them.",
            setting=named[0],
        )
    if minutes is not None:
        check("minutes", plain(minutes), float)
        seconds = 60 * minutes
    return Budget(SECONDS if not named else seconds, steps)


def checked(parameters: int | None) -> int | None:
    """A size of nets.

    Raises:
        SettingsError: if it is not a whole number.
    """
    if parameters is not None:
        parameters = plain(parameters)
        check("parameters", parameters, int)
    return parameters


def threads_of(jobs: int, listen: Comparing) -> int:
    """Threads for each of several processes; 0: each net decides.

    Raises:
        SettingsError: if there is no such number of processes.
    """
    check("jobs", plain(jobs), int)
    if not 1 <= jobs <= MOST:
        raise SettingsError(f"`jobs` must be from 1 to {MOST}; it is {jobs}.", setting="jobs")
    if jobs == 1:
        return 0
    cores, threads = cores_allowed(), threads_for(jobs)
    told = f"{jobs} nets are trained at the same time, each on {threads} of {cores} processors"
    slow = ": more than there are, so times are those of shared ones" if jobs > cores else ""
    listen(Noted(f"{told}{slow}."))
    return threads


def loaded(
    words: Sequence[DataPath],
    runs: Sequence[Run],
    task: str | None,
    options: Mapping[str, Any],
    listen: Comparing,
) -> tuple[dict[str, Prepared], dict[str, Source]]:
    """All data by name, and what each was read from.

    Raises:
        SettingsError: if they are of several tasks.
        HornbookError: if they cannot be read.
    """
    found: dict[str, Prepared] = {}
    sources: dict[str, Source] = {}
    for word in words:
        source = Source(word)
        one = prepare(source, task, options, listen)
        first = next(iter(found.values()), one)
        if one.task.name != first.task.name:
            raise SettingsError(
                f"{source.where} is of the task {one.task.name}, and {first.data.source} of "
                f"{first.task.name}.",
                hint="Compare data of one task, or set `task`.",
                setting="task",
            )
        for earlier in found.values():
            refuse_same(one, earlier)
        name = free_name(folder_of(one.data.name), found)
        found[name], sources[name] = one, source
    if not words:
        run = runs[0]
        if options or task not in (None, run.record.task):
            given = next(iter(options), "task")
            raise SettingsError(
                f"`{given}` has no effect: the runs have their data, as it was split.",
                hint="Leave it out.",
                setting=given,
            )
        name = folder_of(run.record.data.name)
        found[name] = Prepared(run.task, run.data, run.record.options)
        sources[name] = Source(run.path)
    return found, sources


def refuse_same(one: Prepared, other: Prepared) -> None:
    """Refuse to rank models over the same data twice.

    Raises:
        SettingsError: if two data sets hold the same.
    """
    if data_sums(one.data) == data_sums(other.data):
        raise SettingsError(
            f"{one.data.source} holds the same as {other.data.source}, which is given too: a rank "
            "over both would count it twice.",
            hint="Give each data set once.",
            setting="data",
        )


def folder_of(name: str) -> str:
    """What the folder of a data set is called: as the data, in any script.

    The name of a run's data is from its record, which may be anyone's: one that is not a plain
    name of a file loses what is in the way.
    """
    plain_name = name == Path(name).name and name.isprintable() and not set(name) & set("\\:")
    return name if plain_name and name not in ("", "..") else safe_name(name) or "data"


def free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with a number behind it if it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def refuse_without_dev(prepared: Mapping[str, Prepared]) -> None:
    """Refuse data by which nothing can be compared.

    Raises:
        SettingsError: if there is no dev split.
    """
    for name, one in prepared.items():
        if "dev" not in one.data.sizes:
            raise SettingsError(
                f"{name} has no dev split to compare models on.",
                hint="Give dev and test a share of the data.",
                setting="split",
            )
