"""`hornbook export`: a run in another format, or as a page to give away."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import tyro

from hornbook.actions import Action
from hornbook.cli.alive import alive
from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.flags import as_typed
from hornbook.cli.opening import opened_run
from hornbook.cli.output import console, escape, notes, print_json
from hornbook.cli.wording import command, worded
from hornbook.interchange.formats import FORMATS, written
from hornbook.records import as_json

DESCRIPTION = """\
Write RUN in another format, to use or to share it without hornbook.

Examples:
  hornbook export runs/net --to html
  hornbook export runs/net --to html --title "New names" --out names.html

Formats:
{formats}

The path of what was written is printed, and on standard error what it holds of the training data.
"""


@dataclasses.dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    to: str
    "Format."
    out: str | None = None
    "File to write; by default one with the run's name, in the current folder."
    json: bool = False
    "Print what was written, and what it holds of the training data, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, write and tell."""
    options = parsed(argv)
    opened = opened_run(options.run)
    exporter = FORMATS[options.to].load()
    settings = exporter.options.from_dict(options.settings.as_dict())
    with alive("Writing the export", quiet=options.json):
        made = written(exporter, opened, options.out, settings)
    if options.json:
        print_json(as_json(made.as_dict()))
        return
    console().print(escape(str(made.path)))  # by itself: it can be given to another command
    say = notes().print
    for remark in made.remarks:
        told = f"More:  {command(remark)}" if isinstance(remark, Action) else worded(remark)
        say(escape(told))


def parsed(argv: Sequence[str]) -> Any:
    """The options, with those of the format that was asked for as `settings`."""
    asked = format_typed(argv) or next(iter(FORMATS))
    kind: Any = as_typed(FORMATS[asked].load().options)
    choice: Any = Literal[tuple(FORMATS)]
    hint: Any = Annotated[kind, tyro.conf.arg(name=asked)]  # heads its flags in help
    fields: list[Any] = [
        ("to", choice, dataclasses.field(kw_only=True)),
        ("settings", hint, dataclasses.field(default_factory=kind, kw_only=True)),
    ]
    made = dataclasses.make_dataclass("Export", fields, bases=(Options,), frozen=True)
    made.__doc__ = Options.__doc__
    width = max(map(len, FORMATS))
    formats = "\n".join(f"  {name:<{width}}  {one.summary}" for name, one in FORMATS.items())
    return parse(made, "export", DESCRIPTION.format(formats=formats), argv)


def format_typed(argv: Sequence[str]) -> str | None:
    """The format that was typed, if it is one."""
    for word, value in itertools.pairwise([*argv, ""]):
        name, equals, inside = word.partition("=")
        typed = inside if equals else value
        if name == "--to" and typed in FORMATS:
            return typed
    return None
