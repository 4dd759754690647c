"""What was typed, decided by the parser.

`choice` settles first what kind of data it is about; then the whole grammar is parsed: the flags of
the verb, of the task, of the family and of its training. What a family's training settings are by
default can hang on the data; when these are loaded, what was typed is put into those that suit them
(`values_typed`).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import tyro

from hornbook.cli.arguments import parse
from hornbook.cli.choice import Chosen, choose
from hornbook.cli.flags import as_typed, group_help
from hornbook.cli.taken_words import told_of_taken
from hornbook.cli.typed_flags import (
    flag_typed,
    flags_of_family,
    flags_of_kind,
    flags_of_task,
    settings_of,
    value_typed,
)
from hornbook.cli.unknown_words import end
from hornbook.errors import SettingsError
from hornbook.runs import Run
from hornbook.settings import Settings
from hornbook.sources.source import Source
from hornbook.tasks import Task, tasks
from hornbook.training.settings import TrainingSettings

__all__ = ["Grammar", "parse_for_data", "parse_for_run", "retyped"]


class Grammar:
    """The flags of a verb that reads data: its own, the task's, the family's, those of training.

    Args:
        verb: its name.
        description: for its help.
        options: dataclass of the verb's own.
        chosen: task and family.
        more: further groups of flags, by the field that they come in.
    """

    def __init__(
        self,
        verb: str,
        description: str,
        options: type[Any],
        chosen: Chosen,
        more: Mapping[str, Any],
    ) -> None:
        self.verb, self.description, self.options = verb, description, options
        self.chosen, self.more = chosen, more

    def groups(self, argv: Sequence[str] = ()) -> dict[str, Any]:
        """The groups of flags with what they are when nothing is typed but the optimizer."""
        line = self.chosen.line
        settings, loading = self.chosen.usual
        found: dict[str, Any] = {"settings": settings, "loading": loading}
        if line.trained:
            usual = found["training"] = line.training_for("")
            if (optimizer := value_typed("optimizer", argv)) is not None:
                with contextlib.suppress(SettingsError):  # the parser says which there are
                    found["training"] = usual.with_own({"optimizer": optimizer})
        return {**found, **self.more}

    def parse(self, argv: Sequence[str]) -> Any:
        """The command line as an instance of a subclass of `options` with the groups as fields.

        The training settings are those that suit the family with any data, where nothing is typed.

        Args:
            argv: what was typed after the verb.

        Raises:
            SettingsError: if a flag of another task stands there, or a setting is not allowed.
        """
        groups = self.groups(argv)
        titles = {"settings": self.chosen.family, "loading": "data"}
        fields: list[Any] = [
            (
                name,
                Annotated[
                    as_typed(type(group)),
                    tyro.conf.arg(name=titles.get(name, name), help=group_help(type(group))),
                ],
                dataclasses.field(default=retyped(group)),
            )
            for name, group in groups.items()
        ]
        kind = dataclasses.make_dataclass(
            self.verb.capitalize(), fields, bases=(self.options,), frozen=True
        )
        kind.__doc__ = self.options.__doc__
        if self.chosen.source is None:  # flags before the file may be of its task, not of this one
            own = flags_of_kind(kind).union(*(flags_of_kind(type(one)) for one in groups.values()))
            foreign = [word for word in argv if flag_typed(word) not in own]
            refuse_of_tasks(self.verb, self.chosen, foreign, argv)
        description = f"{self.description}\n\n{of_task(self.verb, self.chosen)}"
        return parse(
            kind, self.name, description, argv,
            foreign=lambda words: self.refuse_foreign(words, argv),
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The verb as it points to its own help: that of this family."""
        chosen = self.chosen
        usual = chosen.family == (chosen.task.default or next(iter(chosen.task.families)))
        return self.verb if usual else f"{self.verb} --model {chosen.family}"

    def refuse_foreign(self, words: Sequence[str], argv: Sequence[str]) -> None:
        """Name the task or the family that a flag belongs to, if there is one.

        Args:
            words: that the parser did not know.
            argv: all that was typed.

        Raises:
            SettingsError: if there is.
        """
        refuse_of_tasks(self.verb, self.chosen, words, argv)
        in_steps = set() if self.chosen.line.trained else flags_of_kind(TrainingSettings)
        for typed in map(flag_typed, words):
            if typed in in_steps:
                raise SettingsError(
                    f"{typed} is a flag of nets, which are trained in steps; {self.chosen.family} "
                    "is made in one pass over the data.",
                    hint="Leave it out, or choose a net as `model`.",
                )
            having = [
                name
                for name, line in self.chosen.task.families.items()
                if typed in flags_of_family(line)
            ]
            if having:
                one = "family" if len(having) == 1 else "families"
                raise SettingsError(
                    f"{typed} is a flag of {one} {', '.join(having)}, not of {self.chosen.family}.",
                    hint=f"Leave it out, or use `model={having[0]}`.",
                )


def refuse_of_tasks(verb: str, chosen: Chosen, words: Sequence[str], argv: Sequence[str]) -> None:
    """Name the task that a flag belongs to, where it is not the one that was chosen.

    A flag that took the file is why another was: then this is said, and the command ends. A flag
    that another family of the chosen task has too (--n-hidden of nets on text, and on ratings) is
    not what tells the tasks apart.

    Args:
        verb: that was typed.
        chosen: task and family.
        words: that are not known of these.
        argv: what was typed after the verb.

    Raises:
        SettingsError: if there is.
    """
    source = chosen.source
    of_this = chosen.task.name if source is None else f"{chosen.task.name} ({source.where})"
    for typed in map(flag_typed, words):
        for task in tasks().values():
            if task is not chosen.task and typed in flags_of_task(task):
                kinds = [task.options, *filter(None, map(settings_of, task.families.values()))]
                if source is None and (
                    told := told_of_taken(verb, "DATA", kinds, argv, sure=False)
                ):
                    end(verb, told)
                if typed in flags_of_task(chosen.task):
                    continue
                raise SettingsError(
                    f"{typed} is a flag of task {task.name}, not of {of_this}.",
                    hint=f"Leave it out, or use `task={task.name}`.",
                )


def of_task(verb: str, chosen: Chosen) -> str:
    """A paragraph for help: whose the flags are, and how to see those of other data."""
    task, others = chosen.task.name, ", ".join(name for name in tasks() if name != chosen.task.name)
    told = f"The flags of data below are those of task {task}."
    if chosen.source is None:
        told += f" Those for your data: hornbook {verb} DATA --help."
    return f"{told} Of another task: hornbook {verb} --task TASK --help. Other tasks: {others}."


def retyped(group: Settings) -> Any:
    """Settings as an instance of the class that the parser reads."""
    return as_typed(type(group))(
        **{field.name: getattr(group, field.name) for field in dataclasses.fields(group)}
    )


def parse_for_run(
    verb: str,
    description: str,
    options: type[Any],
    argv: Sequence[str],
    settings_of: Callable[[Task[Any]], type[Settings]],
    foreign: Callable[[Task[Any], Sequence[str]], None] = lambda task, words: None,
) -> Any:
    """The command line of a verb that reads a run, with the settings that the run's task has.

    Args:
        verb: its name.
        description: for its help.
        options: dataclass of the verb's own, with the run as its first word.
        argv: what was typed after the verb.
        settings_of: what the task brings.
        foreign: is shown the words that are not known of the run's task, and may say what to type.

    Returns:
        An instance of a subclass of `options` with the task's settings as `settings`.

    Raises:
        RunError: if the first word is not a run.
    """
    task = next(iter(tasks().values()))
    if argv and not argv[0].startswith("-"):
        task = Run(argv[0]).task
    else:
        description += (
            f"\nWithout a run these are the flags for one of the task {task.name}; "
            f"`hornbook {verb} RUN --help` shows those of any run, whatever its task.\n"
        )
    kind = as_typed(settings_of(task))
    hint: Any = Annotated[kind, tyro.conf.arg(help=group_help(kind))]
    fields: list[Any] = [("settings", hint, dataclasses.field(default_factory=kind))]
    made = dataclasses.make_dataclass(verb.capitalize(), fields, bases=(options,), frozen=True)
    made.__doc__ = options.__doc__
    others = [settings_of(one) for one in tasks().values() if one is not task]
    return parse(
        made, verb, description, argv, foreign=lambda words: foreign(task, words), others=others
    )


def parse_for_data(
    verb: str,
    description: Callable[[Chosen], str],
    options: type[Any],
    argv: Sequence[str],
    chosen: Chosen | None = None,
) -> tuple[Any, Source | None]:
    """The command line of a verb that reads data, with the task's own settings of loading.

    Args:
        verb: its name.
        description: for its help, by what was chosen.
        options: dataclass of the verb's own, with the data as its first word.
        argv: what was typed after the verb.
        chosen: what the data are, if that is known; by default a first look tells it.

    Returns:
        An instance of a subclass of `options` with the task's settings as `loading`, and the
        source, if it was the first word.

    Raises:
        HornbookError: if there is no such task, or nobody claims the data.
    """
    chosen = chosen or choose(verb, argv)
    kind: Any = as_typed(chosen.task.options)
    hint: Any = Annotated[kind, tyro.conf.arg(name="data", help=group_help(kind))]
    fields: list[Any] = [("loading", hint, dataclasses.field(default_factory=kind))]
    made = dataclasses.make_dataclass(verb.capitalize(), fields, bases=(options,), frozen=True)
    made.__doc__ = options.__doc__
    parsed: Any = parse(
        made,
        verb,
        f"{description(chosen)}\n\n{of_task(verb, chosen)}",
        argv,
        foreign=lambda words: refuse_of_tasks(verb, chosen, words, argv),
    )
    return parsed, chosen.source
