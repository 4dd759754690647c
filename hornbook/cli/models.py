"""`hornbook models`: the families, and the layers of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import tyro

from hornbook.actions import Action
from hornbook.cli.arguments import CONFIG, OutputArgument, parse, parsed_by
from hornbook.cli.flags import as_typed
from hornbook.cli.grammar import retyped
from hornbook.cli.output import console, escape, filled, notes, print_json, table
from hornbook.errors import SettingsError
from hornbook.reports import Table
from hornbook.settings import Given
from hornbook.sources.source import Source
from hornbook.tasks import Family, Task, choose_task, named_preset, tasks

DESCRIPTION = """\
List the model families, or the layers of one.

Examples:
  hornbook models mlp --shapes --n-hidden 200 --block-size 3
  hornbook models --shapes --preset gpt2

--shapes shows each layer of a net with the shapes of its input and output, its parameters and the \
multiplications of its matrix products, and the totals. The settings of FAMILY are flags, as in \
hornbook train, and so is --preset. The vocabulary, how long pairs are, or how many users and \
items there are, is that of --data; without it, 26 letters and the boundary token, words of 12, or \
as many as in the lesson.
"""


@dataclass(frozen=True)
class Options(OutputArgument):
    """Models."""

    family: Annotated[str | None, Given("FAMILY")] = None
    "Model family; by default all are listed."
    shapes: bool = False
    "Show the layers of the family: shapes, parameters, multiplications."
    preset: str | None = None
    "Settings of a published model by name, with its vocabulary (only with --shapes)."
    data: str | None = None
    "Data to take the vocabulary, lengths, or the users and items, from (only with --shapes)."


def run(argv: Sequence[str]) -> None:
    """Parse and show."""
    task, options = parsed(argv)
    if options.data is not None and not options.shapes:
        raise SettingsError(
            "`data` has no effect here: it requires `shapes`.",
            hint="Add `shapes`, or leave `data` out.",
            setting="data",
        )
    if options.preset is not None and not options.shapes:
        raise SettingsError(
            "`preset` has no effect here: it requires `shapes`.",
            hint="Add `shapes`, or leave `preset` out.",
            setting="preset",
        )
    if options.shapes:
        if options.family is None:
            raise SettingsError(
                "`shapes` needs a family.", action=Action("models", ("mlp",), {"shapes": True})
            )
        show_shapes(task, options)
        return
    families = [
        (task.name, name, line)
        for task in tasks().values()
        for name, line in task.families.items()
        if options.family in (None, name)
    ]
    show_families(families, json=options.json)


def parsed(argv: Sequence[str]) -> tuple[Task[Any], Any]:
    """The task of the family that is named, and the options with its settings as `settings`.

    Raises:
        SettingsError: if there is no such family, or its layers are asked for and it has none.
    """
    named = argv[0] if argv and not argv[0].startswith("-") else None
    if named is None and "--shapes" in argv and (asked := preset_typed(argv)):
        named = named_preset(asked).family
        argv = [named, *argv]
    task, _ = choose_task(None, None, named)
    if named is None:
        return task, parse(Options, "models", DESCRIPTION, argv)
    line, wanted = task.family(named), "--shapes" in argv
    if not (line.trained or wanted):
        return task, parse(Options, "models", DESCRIPTION, argv)
    if not line.trained:
        having = [
            name
            for name, one in task.families.items()
            if one.trained and hasattr(one.load(), "shapes")
        ]
        raise SettingsError(
            f"{named} has no layers: it is made by {line.made_by}.",
            hint=f"Families with layers: {', '.join(having)}." if having else "",
        )
    preset = preset_typed(argv)
    usual = named_preset(preset, named).settings() if preset else line.load().Settings()
    kind: Any = as_typed(type(usual))
    fields: list[Any] = [("settings", kind, dataclasses.field(default=retyped(usual)))]
    made = dataclasses.make_dataclass("Models", fields, bases=(Options,), frozen=True)
    made.__doc__ = Options.__doc__
    return task, parse(made, "models", DESCRIPTION, argv)


def preset_typed(argv: Sequence[str]) -> str | None:
    """The preset that is named, for its settings are what those left out are."""
    parser = partial(tyro.cli, Asked, return_unknown_args=True, add_help=False, config=CONFIG)
    found, _ = parsed_by(parser, argv, "models")
    preset: str | None = found.preset
    return preset


@dataclass(frozen=True)
class Asked:
    """What the first pass reads."""

    preset: str | None = None


def show_families(families: Sequence[tuple[str, str, Family]], *, json: bool) -> None:
    """A row for each family."""
    if json:
        print_json(
            {
                name: {
                    "task": task,
                    "summary": line.summary,
                    "made_by": line.made_by,
                    "presets": {preset: one.summary for preset, one in line.presets.items()},
                }
                for task, name, line in families
            }
        )
        return
    rows = table("family", "task", "description", left=3)
    for task, name, line in families:
        rows.add_row(name, task, line.summary)
    console().print(rows)
    having = {name: one for _, _, line in families for name, one in line.presets.items()}
    if having:
        rows = table("preset", "description", left=2)
        for name, one in having.items():
            rows.add_row(name, one.summary)
        console().print()
        console().print(rows)
    notes().print("\nSettings of a family:  hornbook train --model FAMILY --help")


def show_shapes(task: Task[Any], options: Any) -> None:
    """A row for each layer of a net that is built for this.

    Raises:
        SettingsError: if it does not tell its shapes, no shape of data is known, or it would be too
            large.
    """
    if not hasattr(task.family(options.family).load(), "shapes"):
        raise SettingsError(
            f"The family {options.family} does not tell the shapes of its layers.",
            hint=f"Its settings: hornbook train --model {options.family} --help",
        )
    preset = named_preset(options.preset) if options.preset is not None else None
    shape = (
        task.typical_of(options.family)
        if preset is None
        else task.typical_with(preset.preset.options)
    )
    if options.data is not None:
        data = task.load(Source(options.data), task.options())
        task.refuse_unfit(options.family, data)
        shape = data.shape
    if shape is None:
        raise SettingsError(
            f"The shapes of a net of task {task.name} depend on the data.",
            hint="Set `data`.",
            setting="data",
        )
    found = task.shapes(options.family, options.settings, shape)
    if options.json:
        print_json(
            {
                "layers": [dataclasses.asdict(one) for one in found.layers],
                "parameters": found.parameters,
                "multiplications": found.multiplications,
                "example": found.what,
            }
        )
        return
    rows = found.rows()
    console().print(filled(Table(found.HEADS, rows, marked=len(rows) - 1)))
    notes().print(f"\n{escape(found.about)}")
