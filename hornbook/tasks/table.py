"""The table of tasks: by name, by what they recognise, by the families and questions they bring."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hornbook.actions import Action
from hornbook.built_in import TASKS
from hornbook.errors import DataError, HornbookError, QuestionError, SettingsError
from hornbook.suggestions import did_you_mean
from hornbook.tasks.family import no_family
from hornbook.tasks.task import Task

if TYPE_CHECKING:
    from hornbook.sources.source import Source
    from hornbook.tasks.data import Claim

__all__ = [
    "choose_task",
    "of_kind",
    "register",
    "task_named",
    "task_of_family",
    "tasks",
    "unregister",
]

TABLE: dict[str, str | Task[Any]] = dict(TASKS)
"Tasks by name; one given as `module:name` is loaded on first use."


def register(task: Task[Any]) -> None:
    """Add a task to the table.

    Raises:
        ValueError: if its name, or that of a family or question of it, is taken.
    """
    taken = {"name": set(TABLE), "family": set[str](), "question": set[str]()}
    for other in tasks().values():
        taken["family"] |= other.families.keys()
        taken["question"] |= other.questions.keys()
    names = {"name": {task.name}, "family": set(task.families), "question": set(task.questions)}
    for what, own in names.items():
        if both := sorted(own & taken[what]):
            raise ValueError(f"the {what} {both[0]!r} of the task {task.name} is already in use")
    TABLE[task.name] = task


def unregister(name: str) -> None:
    """Take a task that was registered out of the table again."""
    del TABLE[name]


def tasks() -> Mapping[str, Task[Any]]:
    """All tasks by name."""
    return {name: task_named(name) for name in TABLE}


def task_named(name: str) -> Task[Any]:
    """A task by its name.

    Raises:
        SettingsError: if there is none of that name.
    """
    if not isinstance(name, str):
        raise SettingsError(
            f"`task` must be the name of a task, not {type(name).__name__}.",
            hint=f"Tasks: {', '.join(TABLE)}.",
            setting="task",
        )
    held = TABLE.get(name)
    if held is None:
        raise SettingsError(
            f"Unknown task {name!r}.",
            hint=f"{did_you_mean(name, TABLE)}Tasks: {', '.join(TABLE)}. A task of your own must "
            "be registered first: run the program that calls hornbook.register.",
            setting="task",
        )
    if isinstance(held, str):
        module, _, attribute = held.partition(":")
        held = TABLE[name] = getattr(importlib.import_module(module), attribute)()
    return held


def choose_task(
    source: Source | None,
    name: str | None = None,
    family: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Task[Any], str]:
    """The task that data belong to, and why.

    Args:
        source: looked at, not read; None if it is not known yet: the first task is taken, or that
            which an option tells.
        name: the task that was asked for; None to ask the tasks.
        family: the family of models that was asked for: it is one of its task.
        options: settings that were given, by name, None where the value is not known yet. One that
            tells a task decides; else, where several tasks are possible, one that does not know
            those of them that others know is not meant.

    Raises:
        SettingsError: if there is no such task or family, or the family is another task's.
        DataError: if nobody claims the data, two do with the same strength, or the strongest is not
            sure, with the calls of which to choose one.
    """
    given = dict(options or {})
    of_family = None if family is None else task_of_family(family)
    if family is not None and of_family is None:
        every = [one for task in tasks().values() for one in families_of(task)]
        raise no_family(family, every, families_told(at_hand(source, name, given)))
    if name is not None:
        task = task_named(name)
        if of_family not in (None, task):
            assert of_family is not None
            raise SettingsError(
                f"The model family {family} belongs to the task {of_family.name}, not to {name}.",
                hint=families_told([task]),
                setting="model",
            )
        return task, "chosen by `task`"
    fitting, told = told_by(given)
    if of_family is not None:
        if of_family not in fitting:
            names = ", ".join(task.name for task in fitting)
            raise SettingsError(
                f"The model family {family} belongs to the task {of_family.name}, and `{told}` is "
                f"a setting of the task {names}.",
                hint=families_told(fitting),
                setting="model",
            )
        return of_family, f"task of the family {family}"
    if source is None:
        return fitting[0], f"`{told}` was given" if told else "default"
    claims = [(claim, task) for task in fitting if (claim := task.recognise(source, given))]
    claims.sort(key=lambda pair: pair[0].strength, reverse=True)
    if not claims and told:
        return fitting[0], f"`{told}` was given"  # whose own message says what is wrong
    if not claims:
        raise DataError(
            f"No task recognises {source.where}.",
            hint=f"Set `task` to one of {', '.join(TABLE)}.",
        )
    best = claims[0][0]
    rivals = [pair for pair in claims if not best.sure or pair[0].strength == best.strength]
    rivals = meant(rivals, given) if len(rivals) > 1 else rivals
    if len(rivals) > 1:
        raise several(source, rivals)
    claim, task = rivals[0]
    return task, claim.reason


def at_hand(
    source: Source | None, name: str | None, options: Mapping[str, Any]
) -> Sequence[Task[Any]]:
    """The tasks that are possible, where the family that was asked for tells nothing.

    Args:
        source: as of `choose_task`, as the others.
        name: the task that was asked for.
        options: settings that were given.
    """
    with contextlib.suppress(HornbookError):  # the data may be of several, or of none
        if name is not None:
            return [task_named(name)]
        if source is not None:
            return [choose_task(source, None, None, options)[0]]
    return told_by(options)[0]


def families_told(having: Sequence[Task[Any]]) -> str:
    """The families of some tasks, for people."""
    return "\n".join(f"Families of {one.name}: {', '.join(families_of(one))}." for one in having)


def families_of(task: Task[Any]) -> list[str]:
    """The families of a task that can be asked for."""
    return [name for name, line in task.families.items() if line.made_by != "mixing"]


def told_by(options: Mapping[str, Any]) -> tuple[list[Task[Any]], str]:
    """The tasks that data can be of when some options are given, and the option that tells."""
    every = list(tasks().values())
    for name in options:
        having = [task for task in every if name in task.telling]
        if having:
            return having, name
    return every, ""


def meant(
    claims: Sequence[tuple[Claim, Task[Any]]], told: Collection[str]
) -> list[tuple[Claim, Task[Any]]]:
    """The claims of tasks that know most of the settings that were given."""
    known = [len({*told} & {one.name for one in fields(task.options)}) for _, task in claims]
    return [pair for pair, n in zip(claims, known, strict=True) if n == max(known)]


def several(source: Source, claims: Sequence[tuple[Claim, Task[Any]]]) -> DataError:
    """The error that data may belong to several tasks, with a line for each."""
    told = "; ".join(f"{task.name} ({claim.reason})" for claim, task in claims)
    return DataError(
        f"{source.where} may be of {len(claims)} kinds: {told}.",
        hint="Choose one of these:",
        setting="task",
        choices=[
            Action("train", source.given, {"task": task.name, **claim.settings})
            for claim, task in claims
        ],
    )


def task_of_family(name: str) -> Task[Any] | None:
    """The task that has a family of this name; None if none has."""
    # In a list, so that what cannot be looked up is found nowhere, and then refused as a name.
    return next((task for task in tasks().values() if name in list(task.families)), None)


def of_kind(run_task: str, question: str) -> QuestionError:
    """The error that a question is for runs of another task."""
    having = [task for task in tasks().values() if question in task.questions]
    if having:
        names = [f"{task.name} ({task.summary})" for task in having]
        told = f"task {names[0]}" if len(names) == 1 else f"tasks {', '.join(names)}"
        known = tasks().get(run_task)
        others = ", ".join([*(known.questions if known is not None else ()), "evaluate", "inspect"])
        return QuestionError(
            f"{question} works only with runs of the {told}; this run's task is {run_task}.",
            hint=f"Of such a run can be asked: {others}.",
        )
    return QuestionError(f"Unknown question {question!r}.")
