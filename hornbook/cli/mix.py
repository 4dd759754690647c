"""`hornbook mix`: several runs as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from rich.markup import escape

from hornbook.cli.arguments import parse
from hornbook.cli.output import console, notes, number, print_json, table
from hornbook.cli.wording import no_flag, shell_word
from hornbook.records import as_json
from hornbook.settings import Given
from hornbook.text.mixing import mix

DESCRIPTION = (
    "Average the probabilities of two runs or more that were made on the same data, with the "
    "weights that suit the dev split best, and keep that as a run of its own. A net and a table "
    "of counts (--model ngram) know different things: together they are better than either."
)


@dataclass(frozen=True)
class Arguments:
    """Runs."""

    runs: Annotated[tuple[str, ...], Given("RUN")]
    "Run directories, two or more."
    out: str | None = None
    "Directory of the new run; by default a free name under runs/."
    overwrite: bool = False
    "Replace the run that is in that directory."
    json: bool = False
    "Print the summary as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, mix and show."""
    arguments = parse(Arguments, "mix", DESCRIPTION, argv)
    made = mix(arguments.runs, out=arguments.out, overwrite=arguments.overwrite)
    if arguments.json:
        print_json({"run": str(made.path), **as_json(made.summary)})
        return
    rows = table("run", "family", "weight", "dev", left=2)
    for member in made.summary.members:
        rows.add_row(
            escape(member.run), member.family, number(member.weight, 3), number(member.dev),
        )  # fmt: skip
    rows.add_row(
        "[bold]together[/]", "mixture", "", f"[bold]{number(made.summary.losses['dev'])}[/]"
    )
    say, path = notes().print, escape(shell_word(no_flag(str(made.path))))
    console().print(rows)
    say(f"\nKept in {escape(str(made.path))}. Next:")
    say(f"  hornbook sample {path} -n 20 --only-new")
    say(f"  hornbook evaluate {path}")
