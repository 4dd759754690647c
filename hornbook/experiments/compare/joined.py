"""Runs that are there already and join a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hornbook.actions import Action
from hornbook.errors import RunError
from hornbook.experiments.making import data_sums
from hornbook.paths import exists, is_file
from hornbook.runs import Run
from hornbook.runs.contents import COMPARED
from hornbook.runs.prepare import Prepared
from hornbook.sources.datasets import DATASETS
from hornbook.sources.opening import no_such

__all__ = ["is_run", "joined_kinds", "of_data", "opened", "refuse_no_data"]

SHOWN = 3  # most runs that are named
ASIDE = ("seed", "threads", "device", "gradients", "precision", "recompute", "compile", "watch",
         "watch_every", "checkpoint_every")  # fmt: skip
"Training settings by which runs of one kind may differ."


def is_run(word: object) -> bool:
    """Whether a word is the directory of a run, and no data."""
    return isinstance(word, str | Path) and is_file(Path(word) / "run.json")


def refuse_no_data(word: object) -> None:
    """Refuse what is neither data nor a run.

    Raises:
        RunError: if it is the folder of a comparison, naming some of its runs.
        DataError: if it is the name of nothing.
    """
    if not isinstance(word, str | Path) or str(word) in ("", "-", *DATASETS):
        return
    if not exists(word):
        hint = "A run is named by its directory, such as runs/names-mlp."
        raise no_such(Path(word), "file, data set or run directory", hint)
    if not is_file(Path(word) / COMPARED):
        return
    inside = sorted(str(path.parent) for path in Path(word).glob("*/*/run.json"))
    more = f" and {len(inside) - SHOWN} more" if len(inside) > SHOWN else ""
    raise RunError(
        f"{word} is the folder of a comparison, not data.",
        hint=f"Give its data, with that folder as `out`; or its runs: "
        f"{', '.join(inside[:SHOWN])}{more}.",
    )


def opened(paths: Sequence[str | Path]) -> list[Run]:
    """The runs in some directories, each with its data and at its end.

    Raises:
        RunError: if one has not ended, is without its data or its weights, or comes twice.
    """
    found: dict[str, Run] = {}
    for path in paths:
        run = Run(path)
        if run.record.id in found:
            raise RunError(
                f"{path} is the same run as {found[run.record.id].path}.",
                hint="Give each run once.",
            )
        if not run.has_data:
            raise RunError(
                f"{path} is without its data, so it cannot be measured beside others.",
                hint="Give the run as it was before its data were removed.",
            )
        if not run.summary.ended:
            raise RunError(
                f"{path} was stopped before its end.",
                hint="Finish it first:",
                action=Action("resume", (str(path),)),
            )
        found[run.record.id] = run
    return list(found.values())


def of_data(runs: Sequence[Run], prepared: Mapping[str, Prepared]) -> dict[str, list[Run]]:
    """The runs of each data set, by its name.

    Raises:
        RunError: if the data of one are none of these, or split otherwise.
    """
    found: dict[str, list[Run]] = {name: [] for name in prepared}
    for run in runs:
        name = next((name for name, one in prepared.items() if same_data(run, one)), None)
        if name is None:
            raise other_data(run, prepared)
        found[name].append(run)
    return found


def same_data(run: Run, prepared: Prepared) -> bool:
    """Whether a run is of these data, split and read in the same way."""
    same_task = run.record.task == prepared.task.name
    return same_task and dict(run.record.data.files) == dict(data_sums(prepared.data))


def other_data(run: Run, prepared: Mapping[str, Prepared]) -> RunError:
    """The error that a run is of other data than what is compared."""
    record = run.record
    one = next(iter(prepared.values()))
    if record.task != one.task.name:
        return RunError(
            f"{run.path} is a run of the task {record.task}, and what is compared is of "
            f"{one.task.name}.",
            hint="Compare runs of one task.",
        )
    named = prepared.get(record.data.name)
    if named is not None:
        usual = dict(record.options)
        differing = [
            f"`{name}={value}`"
            for name, value in usual.items()
            if value != {**named.task.options().as_dict(), **named.options}.get(name)
        ]
        how = f" ({', '.join(differing)} in the run)" if differing else ""
        return RunError(
            f"{run.path} was made on data called {record.data.name} too, but they were split or "
            f"read otherwise{how}, or have changed since.",
            hint="Models can be compared on the same examples only: give the same options of the "
            "data, or train it again.",
        )
    return RunError(
        f"{run.path} was made on {record.data.name}; compared are models on {', '.join(prepared)}.",
        hint=f"Give {record.data.source} among the data, or leave the run out.",
    )


def joined_kinds(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The kinds that runs are of: those that differ by their seeds alone are of one.

    A kind is named by the directory of its only run, or by its first with how many there are.
    """
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(repr(kind_of(run)), []).append(run)
    named: dict[str, list[Run]] = {}
    for same in found.values():
        own = str(same[0].path)
        named[own if len(same) == 1 else f"{own} and {len(same) - 1} more"] = same
    return named


def kind_of(run: Run) -> tuple[Any, ...]:
    """What must be the same in runs of one kind."""
    training = run.record.training
    if training is None:  # what is made in one pass is of its own kind, however often
        return (run.record.id,)
    usual = {name: getattr(type(training)(), name) for name in ASIDE}
    same = replace(training, **usual).as_dict()
    start = run.record.start
    return (run.family, run.record.settings, same, start.kind, start.ancestors)
