"""`hornbook mix`: several runs as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from hornbook.cli.alive import alive
from hornbook.cli.arguments import parse
from hornbook.cli.opening import opened_run
from hornbook.cli.output import console, escape, notes, number, print_json, table
from hornbook.cli.wording import no_flag, shell_word
from hornbook.records import as_json
from hornbook.settings import Given
from hornbook.text.mixing import mix

DESCRIPTION = """\
Average the predictions of two or more runs on the same data, and save the mixture as a run.

Examples:
  hornbook mix runs/counts runs/net
  hornbook mix runs/counts runs/net --out runs/mixture

The weights of the runs are fitted on the dev split. Models of different kinds complement each \
other: a net and n-gram counts (--model ngram) are better together than either alone.
"""


@dataclass(frozen=True)
class Arguments:
    """Runs."""

    runs: Annotated[tuple[str, ...], Given("RUN")]
    "Run directories, at least two."
    out: str | None = None
    "Directory for the new run; by default a new one under runs/."
    overwrite: bool = False
    "Replace a run that is already in that directory."
    json: bool = False
    "Print only the summary, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, mix and show."""
    arguments = parse(Arguments, "mix", DESCRIPTION, argv)
    for path in arguments.runs:
        opened_run(path)
    with alive("Fitting and evaluating the mixture", quiet=arguments.json):
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
        "[bold]mixture[/]", "mixture", "", f"[bold]{number(made.summary.losses['dev'])}[/]"
    )
    say, path = notes().print, escape(shell_word(no_flag(str(made.path))))
    console().print(rows)
    say(f"\nSaved to {escape(str(made.path))}. Next:")
    say(f"  hornbook sample {path} -n 20 --only-new")
    say(f"  hornbook evaluate {path}")
