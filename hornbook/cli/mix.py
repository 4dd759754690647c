"""`hornbook mix`: several runs as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from hornbook.cli.alive import alive
from hornbook.cli.arguments import parse
from hornbook.cli.opening import opened_run
from hornbook.cli.output import console, escape, notes, number, print_json, table
from hornbook.cli.wording import command, no_flag, shell_word
from hornbook.records import as_json
from hornbook.settings import Given
from hornbook.text.mixing import mix
from hornbook.text.models.mixture import Pooling

DESCRIPTION = """\
Combine two or more runs on the same data, and save the mixture as a run.

Examples:
  hornbook mix runs/counts runs/net
  hornbook mix runs/counts runs/net --out runs/mixture

The probabilities of the runs are multiplied, each to a power that is fitted on the dev split. \
Models of different kinds complement each other: a net and n-gram counts (--model ngram) predict \
better together than either alone.
"""


@dataclass(frozen=True)
class Arguments:
    """Runs."""

    runs: Annotated[tuple[str, ...], Given("RUN")]
    "Run directories, at least two."
    how: Pooling = "product"
    """product: multiply the probabilities; what one run rules out is ruled out. average: take their
    weighted mean; some samples are then as poor as those of the weakest run."""
    out: str | None = None
    "Directory for the new run; by default a new one under runs/."
    overwrite: bool = False
    "Replace a run that is already in that directory."
    device: Literal["cpu", "auto", "cuda", "mps"] = "cpu"
    "Device to run the nets on (auto: a GPU if there is one)."
    json: bool = False
    "Print only the summary, as JSON."

    @property
    def power(self) -> str:
        """What a run has in the mixture."""
        return "exponent" if self.how == "product" else "weight"


def run(argv: Sequence[str]) -> None:
    """Parse, mix and show."""
    arguments = parse(Arguments, "mix", DESCRIPTION, argv)
    for path in arguments.runs:
        opened_run(path)
    with alive("Fitting and evaluating the mixture", quiet=arguments.json):
        made = mix(
            arguments.runs,
            how=arguments.how,
            out=arguments.out,
            overwrite=arguments.overwrite,
            device=arguments.device,
        )
    if arguments.json:
        print_json({"run": str(made.path), **as_json(made.summary)})
        return
    members = made.summary.members
    ends = ["of the end"] if members[0].ending is not None else []
    rows = table("run", "family", arguments.power, *ends, "dev", left=2)
    for member in members:
        powers = (member.weight, member.ending)
        shown = [number(power, 3) for power in powers if power is not None]
        rows.add_row(escape(member.run), member.family, *shown, number(member.dev))
    blank = [""] * (1 + len(ends))
    dev = number(made.summary.losses["dev"])
    rows.add_row("[bold]mixture[/]", "mixture", *blank, f"[bold]{dev}[/]")
    say, path = notes().print, escape(shell_word(no_flag(str(made.path))))
    console().print(rows)
    say(f"[dim]{explained(arguments.power, ending=bool(ends))}[/]")
    say(f"\nSaved to {escape(str(made.path))}. Next:")
    for action in made.task.next_steps(made)[:1]:
        say(f"  {escape(command(action))}")
    say(f"  hornbook quality {path}")
    say(f"  hornbook evaluate {path}")


def explained(power: str, *, ending: bool) -> str:
    """What the columns of the table are.

    Args:
        power: what a run has in the mixture.
        ending: whether it has another one for the token that ends an example.
    """
    told = (
        "exponent: the power that the run's probabilities are raised to before they are multiplied"
        if power == "exponent"
        else "weight: the run's share in the mean of the probabilities"
    )
    return f"{told}{f'; of the end: its {power} for the end of an example' if ending else ''}."
