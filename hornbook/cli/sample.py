"""`hornbook sample`: new things from a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import console, print_json, shell_word
from hornbook.runs import Run, Samples
from hornbook.text.sampling import SamplingSettings

DESCRIPTION = (
    "Make new things like those that the run was trained on. Each is marked: new, or standing in "
    "train, dev or test."
)


@dataclass(frozen=True)
class Arguments(RunArgument):
    """Run."""

    settings: SamplingSettings = field(default_factory=SamplingSettings)
    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, sample and show."""
    long = ["--n" if argument == "-n" else argument for argument in argv]
    arguments = parse(Arguments, "sample", DESCRIPTION, long)
    opened = Run(arguments.run)
    samples = opened.sample(arguments.settings)
    if arguments.json:
        print_json(as_json(samples))
    else:
        show(opened, samples)


def as_json(samples: Samples) -> dict[str, Any]:
    """The samples and their shares."""
    made = []
    for one in samples.made:
        row: dict[str, Any] = {"text": one.text, "origin": one.origin, "ended": one.ended}
        if one.longest_copy is not None:
            row["longest_copy"] = one.longest_copy
        made.append(row)
    return {"samples": made, "drawn": samples.drawn, "shares": samples.shares}


def show(run: Run, samples: Samples) -> None:
    """Things one a line, with a mark on those that are not new; texts with a rule between them.

    What was sampled is printed as it is: rich would change tabs and what looks like its markup.
    """
    out = console()
    for place, made in enumerate(samples.made):
        if run.mode == "text":
            if place:
                out.rule(style="dim")
            print(made.text)
            if made.origin != "new":
                out.print(f"[dim](in {made.origin}, word for word)[/]")
            else:
                out.print(
                    f"[dim](longest stretch copied from train: {made.longest_copy} symbols)[/]"
                )
            continue
        notes = [] if made.origin == "new" else [f"in {made.origin}"]
        if not made.ended:
            notes.append("cut")
        print(made.text, end="" if notes else "\n")
        if notes:
            out.print(f"  [dim]({', '.join(notes)})[/]")
    out.print()
    shares = ", ".join(
        f"{share:.1%} {'new' if name == 'new' else f'in {name}'}"
        for name, share in samples.shares.items()
        if share or name in ("new", "train")
    )
    out.print(f"Of {samples.drawn:,} drawn: {shares}.")
    if len(samples) < samples.asked:
        out.print(
            f"Only {len(samples):,} of the {samples.asked:,} asked for were found. "
            "Raise --temperature, or ask for fewer."
        )
    path = escape(shell_word(str(run.path)))
    out.print(f"More:  hornbook sample {path} -n 20 --temperature 0.8 --seed 1")
