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
from hornbook.errors import MissingPackageError, SettingsError
from hornbook.interchange.formats import FORMATS, Format
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
        made = exporter.write(opened, options.out, settings)
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
    refuse_misplaced(asked, argv)
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


def refuse_misplaced(asked: str, argv: Sequence[str]) -> None:
    """Refuse a flag that only other formats have.

    Raises:
        SettingsError: naming those.
    """
    own = {field.name for field in dataclasses.fields(FORMATS[asked].load().options)}
    typed = [word.partition("=")[0].removeprefix("--") for word in argv if word.startswith("--")]
    for name in (word.replace("-", "_") for word in typed):
        if name in own or name in {"out", "to", "json", "help", ""}:
            continue  # the others are not loaded for these: they may need more than there is
        if having := [other for other, line in FORMATS.items() if takes(line, name)]:
            raise SettingsError(
                f"`{name}` has no effect on the format {asked}: it is for {' and '.join(having)}.",
                hint=f"Leave `{name}` out.",
                setting=name,
            )


def takes(line: Format, name: str) -> bool:
    """Whether a format has a setting; not, if what it needs is not installed."""
    try:
        options = line.load().options
    except MissingPackageError:
        return False
    return any(field.name == name for field in dataclasses.fields(options))


def format_typed(argv: Sequence[str]) -> str | None:
    """The format that was typed, if it is one."""
    for word, value in itertools.pairwise([*argv, ""]):
        name, equals, inside = word.partition("=")
        typed = inside if equals else value
        if name == "--to" and typed in FORMATS:
            return typed
    return None
