"""`hornbook strip`: a run to give away, without the data that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import escape, notes, print_json
from hornbook.runs import strip

DESCRIPTION = """\
Remove from RUN the data that it was trained on, before you share it.

Examples:
  hornbook strip runs/net
  hornbook strip runs/counts --json

A run holds its data word for word, and the path that they came from. Without them it can still \
sample, score, and be evaluated on a file. This cannot be undone, and such a run cannot be resumed \
or mixed. A model may have memorised parts of its data, n-gram counts above all; those stay.
"""


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    json: bool = False
    "Print the names of the removed files as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, remove and tell."""
    options = parse(Options, "strip", DESCRIPTION, argv)
    names = strip(options.run)
    if options.json:
        print_json({"run": options.run, "removed": names})
        return
    told = ", ".join(names) if names else "nothing: its data had been removed before"
    notes().print(f"Removed from {escape(options.run)}: {escape(told)}.")
