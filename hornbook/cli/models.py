"""`hornbook models`: the families."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, print_json, table
from hornbook.text.models import FAMILIES


def run(argv: Sequence[str]) -> None:
    """Parse and show."""
    arguments = parse(OutputArgument, "models", "The families of models.", argv)
    if arguments.json:
        print_json(
            {
                name: {"summary": line.summary, "made_by": line.made_by}
                for name, line in FAMILIES.items()
            }
        )
        return
    rows = table("family", "what it is", left=2)
    for name, line in FAMILIES.items():
        rows.add_row(name, line.summary)
    out = console()
    out.print(rows)
    out.print("\nSettings of a family:  hornbook train --model FAMILY --help")
