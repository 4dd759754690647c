"""What kind of data a command line is about: the first pass over what was typed.

It reads `--task` and `--model`, and the file if it is the first word; that settles the task and the
family, and with them which flags there are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

import tyro

from hornbook.cli.arguments import CONFIG, parsed_by
from hornbook.cli.typed_flags import names_typed
from hornbook.runs import Run
from hornbook.runs.ancestor import (
    line_begun,
    open_ancestor,
    refuse_two_starts,
    refuse_unrelated,
)
from hornbook.settings import Settings
from hornbook.sources.source import Source
from hornbook.tasks import Family, NamedPreset, Task, choose_task, named_preset, tasks

__all__ = ["Chosen", "FirstOfTraining", "choose"]


@dataclass(frozen=True)
class First:
    """What the first pass reads."""

    task: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class FirstOfTraining(First):
    """What the first pass reads for a training."""

    init_from: str | None = None
    preset: str | None = None


@dataclass(frozen=True)
class Chosen:
    """What the first pass settles."""

    task: Task[Any]
    family: str
    source: Source | None
    "The data, if the first word names them."
    ancestor: Run | None = None
    "The run whose weights training begins with."
    preset: NamedPreset | None = None
    "Settings that were asked for by one name."

    @property
    def line(self) -> Family:
        """The family's line of its task's table, with the training that suits this start."""
        if self.ancestor is not None:
            settings = self.ancestor.settings
            return line_begun(self.ancestor, settings.without(settings.not_inherited))
        return self.task.family(self.family) if self.preset is None else self.preset.line

    @property
    def usual(self) -> tuple[Settings, Settings]:
        """The settings of the family and of loading where nothing is typed."""
        loading = self.task.options()
        if self.ancestor is not None:
            more = self.task.taken_over(self.ancestor)
            return self.ancestor.settings, dataclasses.replace(loading, **more)
        if self.preset is not None:
            return self.preset.settings(), dataclasses.replace(loading, **self.preset.options({}))
        return self.line.load().Settings(), loading


def choose(verb: str, argv: Sequence[str], first_of: type[First] = First) -> Chosen:
    """The task and the family that a command line is about.

    Args:
        verb: what was typed first.
        argv: what was typed after it.
        first_of: what the first pass reads.

    Raises:
        HornbookError: if there is no such task or family, or nobody claims the file.
    """
    asked = dataclasses.make_dataclass(
        first_of.__name__, [(name, str | None, None) for name in telling()], bases=(first_of,),
        frozen=True,
    )  # fmt: skip
    first = asked()
    if not {field.name for field in dataclasses.fields(asked)}.isdisjoint(names_typed(argv)):
        parser = partial(tyro.cli, asked, return_unknown_args=True, add_help=False, config=CONFIG)
        first, _ = parsed_by(parser, argv, verb)
    options = given(argv, first)
    words = list(takewhile(lambda word: word == "-" or not word.startswith("-"), argv))
    source = Source(words) if words else None
    if isinstance(first, FirstOfTraining) and first.init_from is not None:
        refuse_two_starts(first.init_from, first.preset)
        ancestor = open_ancestor(first.init_from)
        task = ancestor.task
        if source is not None or first.task is not None:
            task, _ = choose_task(source, first.task, None, options)
        refuse_unrelated(ancestor, task, first.model, source.where if source else "The data")
        return Chosen(task, ancestor.family, source, ancestor)
    preset = first.preset if isinstance(first, FirstOfTraining) else None
    if preset is not None:
        found = named_preset(preset, first.model)
        task, _ = choose_task(source, first.task, found.family, options)
        return Chosen(task, found.family, source, preset=found)
    task, _ = choose_task(source, first.task, first.model, options)
    return Chosen(task, first.model or task.usual_family(source, options), source)


def given(argv: Sequence[str], first: Any) -> dict[str, Any]:
    """The settings that were typed, with the values of those by which tasks are told."""
    values = ((name, getattr(first, name)) for name in telling())
    known = {name: value for name, value in values if value is not None}
    return {**dict.fromkeys(names_typed(argv)), **known}


def telling() -> list[str]:
    """The options by which tasks are told."""
    return list(dict.fromkeys(name for task in tasks().values() for name in task.telling))
