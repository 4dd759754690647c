"""`hornbook models`: the families."""

from __future__ import annotations

from collections.abc import Sequence

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, notes, print_json, table
from hornbook.tasks import tasks

DESCRIPTION = """\
List the model families.

Examples:
  hornbook models
  hornbook models --json
"""


def run(argv: Sequence[str]) -> None:
    """Parse and show."""
    arguments = parse(OutputArgument, "models", DESCRIPTION, argv)
    families = [
        (task.name, name, line) for task in tasks().values() for name, line in task.families.items()
    ]
    if arguments.json:
        print_json(
            {
                name: {"task": task, "summary": line.summary, "made_by": line.made_by}
                for task, name, line in families
            }
        )
        return
    rows = table("family", "task", "description", left=3)
    for task, name, line in families:
        rows.add_row(name, task, line.summary)
    console().print(rows)
    notes().print("\nSettings of a family:  hornbook train --model FAMILY --help")
