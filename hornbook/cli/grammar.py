"""What was typed, decided by the parser: first what kind of data it is about, then all the rest.

The first pass reads `--task` and `--model`, and the file if it is the first word; that settles the
task and the family, and with them which flags there are. The second parses the whole grammar. What
a family's training settings are by default can hang on the data; when these are loaded, what was
typed is put into those that suit them (`values_typed`).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Annotated, Any

import tyro

from hornbook.cli.arguments import CONFIG, parse, parsed_by
from hornbook.cli.flags import as_typed, group_help
from hornbook.cli.taken_words import told_of_taken
from hornbook.cli.unknown_words import end
from hornbook.cli.wording import flag
from hornbook.errors import MissingPackageError, SettingsError
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
from hornbook.training.settings import TrainingSettings

__all__ = [
    "Chosen",
    "FirstOfTraining",
    "Grammar",
    "choose",
    "names_typed",
    "parse_for_data",
    "parse_for_run",
    "values_typed",
]


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

    A flag that took the file is why another was: then this is said, and the command ends.

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


def names_typed(words: Sequence[str]) -> list[str]:
    """The settings that words are flags of."""
    flags = [flag_typed(word) for word in words if word.startswith("-")]
    return [one.lstrip("-").replace("-", "_") for one in flags]


def value_typed(name: str, words: Sequence[str]) -> str | None:
    """What stands behind a flag the last time that it was typed; None if it was not."""
    found = None
    for k, word in enumerate(words):
        if flag_typed(word) == flag(name):
            behind = [word.partition("=")[2]] if "=" in word else words[k + 1 : k + 2]
            found = next(iter(behind), None)
    return found


def values_typed(group: Any, argv: Sequence[str]) -> dict[str, Any]:
    """The settings of a parsed group that were typed, by name."""
    if group is None:
        return {}
    names = set(names_typed(argv))
    return {
        one.name: getattr(group, one.name)
        for one in dataclasses.fields(group)
        if one.name in names or f"no_{one.name}" in names
    }


def flag_typed(word: str) -> str:
    """The flag that a word is, without its value."""
    return word.partition("=")[0].replace("_", "-")


def flags_of_kind(kind: type[Any]) -> set[str]:
    """The flags of a settings dataclass."""
    return {flag(field.name) for field in dataclasses.fields(kind)}


def flags_of_task(task: Task[Any]) -> set[str]:
    """The flags that a task brings: of loading, and of its families."""
    return flags_of_kind(task.options).union(*map(flags_of_family, task.families.values()))


def flags_of_family(line: Family) -> set[str]:
    """The flags of a family; none of one that cannot be loaded here."""
    kind = settings_of(line)
    return set() if kind is None else flags_of_kind(kind)


def settings_of(line: Family) -> type[Settings] | None:
    """The settings of a family; None of one that cannot be loaded here."""
    with contextlib.suppress(MissingPackageError):
        kind: type[Settings] = line.load().Settings
        return kind
    return None


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
