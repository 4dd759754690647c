"""`hornbook rate`: a learning rate, before training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hornbook.cli.arguments import DataArguments
from hornbook.cli.family import DEFAULT, given, parse_family, wanted_family
from hornbook.cli.output import console, print_json, shell_word
from hornbook.cli.train import telling
from hornbook.inspection.rate import chart_of_rate, draw_rate
from hornbook.plots.saving import format_of
from hornbook.runs import find_rate
from hornbook.text.models import NETS
from hornbook.training.finder import FinderSettings, Found

DESCRIPTION = (
    "Find a learning rate for training --model {name} on DATA: a short trial in which the rate "
    "rises until the loss does. Nothing of it is kept. The settings are those of hornbook train: "
    "the net, the batches and the optimizer decide the rate, and all that was given comes back in "
    "the command that is printed in the end. Families: {families}."
)
# Flags that `train` has not, or that the suggestion replaces, and how many words follow them.
OWN = {"--low": 1, "--high": 1, "--points": 1, "--out": 1, "--learning-rate": 1, "--json": 0}


@dataclass(frozen=True)
class Options(DataArguments):
    """Data and result."""

    model: str = DEFAULT
    "Family of the net; see `hornbook models`."
    out: str | None = None
    "File for a picture of the curve (.png or .svg); by default nothing is written."
    json: bool = False
    "Print rates, losses and suggestion as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, try and tell."""
    name = wanted_family(argv)
    if name not in NETS:
        find_rate("", model=name)  # says why it has none
    options = parse_family(
        Options,
        "rate",
        DESCRIPTION.format(name=name, families=", ".join(NETS)),
        argv,
        more={"finder": FinderSettings()},
    )
    if options.out is not None:
        format_of(Path(options.out), "png", "svg")
    began = time.perf_counter()
    with telling(options.json) as watcher:
        found = find_rate(
            options.data,
            model=name,
            settings=options.settings,
            training=given(options.training, argv),
            split=options.split,
            mode=options.mode,
            encoding=options.encoding,
            finder=options.finder,
            watcher=watcher,
        )
    seconds = time.perf_counter() - began
    if options.out is not None:
        draw_rate(found, Path(options.out), f"{name} on {options.data}: loss while the rate rises")
    if options.json:
        print_json(found.as_dict())
        return
    out = console()
    show(found, seconds, out)
    if options.out is not None:
        out.print(f"The curve as a picture: {escape(options.out)}")
    if found.suggestion is not None:
        words = " ".join(shell_word(word) for word in handed_on(argv))
        out.print("\nNext:")
        out.print(f"  hornbook train {escape(words)} --learning-rate {found.suggestion:g}")


def show(found: Found, seconds: float, out: Console) -> None:
    """The curve, and what it says."""
    out.print(
        f"Loss of {len(found.rates)} batches at rates from {found.rates[0]:g} to "
        f"{found.rates[-1]:.2g}, in {seconds:,.1f} s:\n"
    )
    out.print(escape(chart_of_rate(found)))
    out.print()
    if found.suggestion is None:
        out.print(f"[yellow]No rate can be suggested.[/] {escape(found.reason)}")
    else:
        out.print(f"Learning rate: [bold]{found.suggestion:g}[/]. {escape(found.reason)}")


def handed_on(argv: Sequence[str]) -> list[str]:
    """What was typed, without what `train` does not take and without a learning rate."""
    words, skipped = [], 0
    for word in argv:
        if skipped:
            skipped -= 1
            continue
        flag, equals, _ = word.partition("=")
        flag = flag.replace("_", "-")
        if flag in OWN:
            skipped = 0 if equals else OWN[flag]
        else:
            words.append(word)
    return words
