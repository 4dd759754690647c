"""`hornbook evaluate`: losses on whole splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.markup import escape

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import console, number, print_json, table
from hornbook.errors import SettingsError
from hornbook.runs import Run

DESCRIPTION = "The loss of a run on each of its splits, or on another file, every symbol counted."


@dataclass(frozen=True)
class Arguments(RunArgument):
    """Run and data."""

    data: str | None = None
    "Another file, - or data set, instead of the run's own splits."
    encoding: str = "auto"
    "Encoding of that file."
    stride: int | None = None
    """Predictions that count in each row of a text, for models that read rows (not windows): the
    fewer, the more context each has, and the longer it takes; 1: the fullest context."""
    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, evaluate and show."""
    arguments = parse(Arguments, "evaluate", DESCRIPTION, argv)
    if arguments.data is None and arguments.encoding != "auto":
        raise SettingsError("--encoding has no effect without --data.")
    losses = Run(arguments.run).evaluate(
        arguments.data, encoding=arguments.encoding, stride=arguments.stride
    )
    if arguments.json:
        print_json({name: loss.as_dict() for name, loss in losses.items()})
        return
    rows = table("split", "nats/token", "nats/character", "bits/byte", "perplexity", "tokens")
    for name, loss in losses.items():
        rows.add_row(
            escape(name),
            number(loss.nats_per_token),
            number(loss.nats_per_character),
            number(loss.bits_per_byte),
            number(loss.perplexity, 2),
            f"{loss.tokens:,}",
        )
    console().print(rows)
