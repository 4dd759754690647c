"""`hornbook exercise`: derivatives to find by hand, and the check of them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rich.markup import escape
from tyro.conf import Positional

from hornbook.cli.arguments import parse
from hornbook.cli.output import console, print_json, shell_word, table
from hornbook.errors import SettingsError
from hornbook.inspection.compare import Comparison
from hornbook.inspection.derivations import DERIVATIONS, derivation
from hornbook.inspection.exercise import Result, check, write

DESCRIPTION = (
    "Write a Python file with a forward pass, line by line, and blanks for the gradients; with "
    "--check, tell the first gradient that is wrong and in what way, without the answer. The "
    "exercises: " + "; ".join(f"{d.name}, {d.title}" for d in DERIVATIONS.values()) + "."
)


@dataclass(frozen=True)
class Arguments:
    """Exercise."""

    exercise: Annotated[str, Positional]
    "Which one."
    out: str | None = None
    "File to write; by default the exercise's name with .py."
    overwrite: bool = False
    "Replace the file that is there."
    check: str | None = None
    "File to check, instead of writing one."
    seconds: float = 60.0
    "How long the file may run when it is checked."
    json: bool = False
    "Print the result as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse; write or check; show."""
    arguments = parse(Arguments, "exercise", DESCRIPTION, argv)
    made = derivation(arguments.exercise)
    if arguments.check is None:
        if arguments.seconds != Arguments.seconds:
            raise SettingsError("seconds has no effect here: nothing is run.", hint="Leave it out.")
        path = Path(arguments.out or f"{made.name.replace('-', '_')}.py")
        write(made, path, overwrite=arguments.overwrite)
        show_written(made.name, path, len(made.wanted), json=arguments.json)
        return
    if arguments.out is not None or arguments.overwrite:
        raise SettingsError(
            "out and overwrite have no effect here: a check writes nothing.", hint="Leave them out."
        )
    if not arguments.seconds > 0:
        raise SettingsError(f"seconds must be above 0; it is {arguments.seconds:g}.")
    result = check(made, Path(arguments.check), arguments.seconds)
    if arguments.json:
        print_json({"exercise": made.name, **dataclasses.asdict(result)})
    else:
        show(result)
    if result.first_wrong is not None:
        sys.exit(1)


def show_written(name: str, path: Path, blanks: int, *, json: bool) -> None:
    """What to do with the new file."""
    if json:
        print_json({"exercise": name, "file": str(path), "blanks": blanks})
        return
    out = console()
    out.print(f"{escape(str(path))} has {blanks} blanks, to be filled from the top down. Then:")
    out.print(f"  hornbook exercise {name} --check {escape(shell_word(str(path)))}")


def show(result: Result) -> None:
    """The gradients that are right, then the first that is not."""
    out = console()
    if result.right:
        out.print(comparisons(result.right))
        out.print()
    for name in result.changed:
        out.print(
            f"Beware: {name} no longer holds what the forward pass gave it. A line of yours "
            "changes it in place; work on a .clone()."
        )
    if result.first_wrong is None:
        out.print(f"[bold]All {len(result.right)} gradients are right.[/]")
        return
    out.print(f"[bold]{escape(result.first_wrong.message)}[/]")
    after = len(result.not_judged)
    if after:
        out.print(f"{after} after it: not judged, for they may be wrong only because of it.")


def comparisons(rows: Sequence[Comparison]) -> object:
    """The lecture's table."""
    made = table("gradient", "exact", "approximate", "largest difference")
    for row in rows:
        exact, approximate = ("yes" if held else "no" for held in (row.exact, row.approximate))
        made.add_row(f"d{row.name}", exact, approximate, f"{row.maxdiff:.2g}")
    return made
