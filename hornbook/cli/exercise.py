"""`hornbook exercise`: derivatives to find and functions to write, and the check of them."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rich.table import Table
from tyro.conf import Positional, arg

from hornbook.cli.arguments import parse
from hornbook.cli.output import COMPARED, compared, console, escape, print_json, table
from hornbook.cli.unknown_words import end
from hornbook.cli.wording import no_flag, shell_word
from hornbook.lessons.comparison import Comparison
from hornbook.lessons.derivations import Derivation
from hornbook.lessons.exercise import Result, check, text_of, write
from hornbook.lessons.exercises import EXERCISES, exercise_named
from hornbook.lessons.functions import Checked, check_functions
from hornbook.rendering import many
from hornbook.settings import Bounds, Settings

DESCRIPTION = """\
Write an exercise to do by hand, or check your solution.

Examples:
  hornbook exercise cross-entropy
  hornbook exercise cross-entropy --check cross_entropy.py

An exercise is a Python file: a forward pass, line by line, with blanks for the gradients, or \
functions to write. --check reports the first one that is wrong, and how, without the answer. The \
exit status is 1 if one is wrong or missing. Checking a file runs it, with your permissions: \
check only files that you trust.

Exercises:
""" + "\n".join(f"  {made.name:<16}{made.title}" for made in EXERCISES.values())


@dataclass(frozen=True)
class Arguments(Settings):
    """Exercise."""

    exercise: Annotated[str, Positional, arg(metavar="{" + ",".join(EXERCISES) + "}")]
    "Name of the exercise."
    out: str | None = None
    "File to write; by default the name of the exercise with .py."
    overwrite: bool = False
    "Replace an existing file."
    check: str | None = None
    "Check this file instead of writing one."
    seconds: Annotated[float, Bounds(0, 86_400, above=True)] = 60.0
    "Time limit for running the checked file, in seconds."
    json: bool = False
    "Print only the result, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse; write or check; show."""
    if not argv:
        end("exercise", f"type one of these next: {', '.join(EXERCISES)}.")
    arguments = parse(Arguments, "exercise", DESCRIPTION, argv)
    made = exercise_named(arguments.exercise)
    if arguments.check is None:
        arguments.refuse_unless(False, ("seconds",), "`check`")
        path = Path(f"{made.name.replace('-', '_')}.py" if arguments.out is None else arguments.out)
        text = text_of(made) if isinstance(made, Derivation) else made.text()
        write(text, path, overwrite=arguments.overwrite)
        kind = "gradient" if isinstance(made, Derivation) else "function"
        show_written(made.name, path, kind, len(made.wanted), json=arguments.json)
        return
    arguments.refuse_unless(False, ("out", "overwrite"), "an exercise to write, without `check`")
    file, seconds = Path(arguments.check), arguments.seconds
    result: Result | Checked = (
        check(made, file, seconds)
        if isinstance(made, Derivation)
        else check_functions(made, file, seconds)
    )
    if arguments.json:
        print_json({"exercise": made.name, **dataclasses.asdict(result)})
    else:
        show(result)
    if result.first_wrong is not None:
        sys.exit(1)


def show_written(name: str, path: Path, kind: str, blanks: int, *, json: bool) -> None:
    """What to do with the new file."""
    if json:
        print_json({"exercise": name, "file": str(path), "blanks": blanks})
        return
    out = console()
    first = ", from the top" if blanks > 1 else ""
    out.print(f"{escape(str(path))} has {many(blanks, kind)} to fill in{first}. Then check it:")
    out.print(f"  hornbook exercise {name} --check {escape(shell_word(no_flag(str(path))))}")


def show(result: Result | Checked) -> None:
    """What is right, then the first that is not."""
    out = console()
    if isinstance(result, Checked):
        for name in result.right:
            out.print(f"✓ {escape(name)}")
    elif result.right:
        out.print(comparisons(result.right))
    if result.right:
        out.print()
    for sentence in result.told():
        out.print(escape(sentence))


def comparisons(rows: Sequence[Comparison]) -> Table:
    """The lecture's table."""
    made = table("gradient", *COMPARED)
    for row in rows:
        made.add_row(f"d{row.name}", *compared(row))
    return made
