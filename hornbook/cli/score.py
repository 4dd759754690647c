"""`hornbook score`: what a string costs, letter by letter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from rich.markup import escape
from tyro.conf import Positional

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import console, number, print_json, table
from hornbook.errors import SettingsError
from hornbook.runs import Run
from hornbook.text.scores import Score

DESCRIPTION = (
    "The loss of each TEXT under a run, with its cost letter by letter in nats (-ln of the "
    "letter's probability), and the letter that surprised most."
)


@dataclass(frozen=True)
class Arguments(RunArgument):
    """Run and texts."""

    texts: Annotated[tuple[str, ...], Positional]
    "Strings to score."
    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, score and show."""
    arguments = parse(Arguments, "score", DESCRIPTION, argv)
    if not arguments.texts:
        raise SettingsError(
            "There is nothing to score.", hint=f"For example: hornbook score {arguments.run} emma"
        )
    opened = Run(arguments.run)
    scores = [opened.score(text) for text in arguments.texts]
    if arguments.json:
        print_json([score.as_dict() for score in scores])
        return
    for score in scores:
        show(score)


def show(score: Score) -> None:
    """A row for each symbol, with a bar as long as its cost."""
    out = console()
    out.print(f"[bold]{escape(score.text)}[/]")
    rows = table("symbol", "probability", "nats", "")
    rows.columns[-1].justify = "left"
    for place, (symbol, cost) in enumerate(zip(score.symbols, score.nats, strict=True)):
        bar = "█" * min(60, round(cost * 5)) if math.isfinite(cost) else "∞"
        style = "bold red" if place == score.most_surprising else ""
        rows.add_row(escape(symbol), number(math.exp(-cost)), number(cost), bar, style=style)
    out.print(rows)
    worst = score.most_surprising
    out.print(
        f"{number(score.nats_per_token)} nats per token over {len(score.nats)} tokens; "
        f"most surprising: {escape(score.symbols[worst])} at place {worst + 1}, "
        f"{number(score.nats[worst])} nats."
    )
    out.print()
