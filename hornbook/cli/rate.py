"""`hornbook rate`: a learning rate, before training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hornbook.cli.arguments import DataArguments
from hornbook.cli.choice import Chosen, choose
from hornbook.cli.examples import examples
from hornbook.cli.grammar import Grammar
from hornbook.cli.output import Console, console, escape, notes, print_json
from hornbook.cli.progress import telling
from hornbook.cli.typed_flags import values_typed
from hornbook.cli.wording import flags, flags_of, shell_word, worded
from hornbook.inspection.rate import chart_of_rate, draw_rate
from hornbook.outputs import writable_format
from hornbook.runs import find_rate
from hornbook.runs.rate import no_rate
from hornbook.training.finder import FinderSettings, Found
from hornbook.training.settings import TrainingSettings

DESCRIPTION = """\
Find a learning rate for training --model {name} on DATA.

Examples:
{examples}

A short trial raises the learning rate until the loss rises too; it saves no run. The right \
rate depends on the model, the batches and the optimizer, so the settings are those of hornbook \
train; the command printed at the end repeats them.

Families: {families}.
"""


@dataclass(frozen=True)
class Options(DataArguments):
    """Data and result."""

    model: str | None = None
    "Model family, see hornbook models."
    out: str | None = None
    "Save a picture of the curve to this file (.png or .svg)."
    json: bool = False
    "Print only the learning rates, the losses and the suggestion, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, try and tell."""
    chosen = choose("rate", argv)
    if not chosen.line.trained:
        raise no_rate(chosen.family, chosen.task)
    grammar = grammar_of(chosen)
    options = grammar.parse(argv)
    if options.out is not None:
        writable_format(Path(options.out), "png", "svg")
    usual: list[TrainingSettings] = []

    def suited(training: TrainingSettings) -> TrainingSettings:
        usual.append(training)
        return training.with_own(values_typed(options.training, argv))

    began = time.perf_counter()
    with telling(options.json) as listen:
        found = find_rate(
            chosen.source or options.data,
            model=chosen.family,
            task=options.task,
            settings=options.settings,
            training=suited,
            finder=options.finder,
            listen=listen,
            **options.loading.as_dict(),
        )
    seconds = time.perf_counter() - began
    if options.out is not None:
        title = f"{chosen.family} on {' '.join(options.data)}: loss as the learning rate rises"
        draw_rate(found, Path(options.out), title)
    if options.json:
        print_json(found.as_dict())
        return
    show(found, seconds, console())
    if options.out is not None:
        notes().print(f"Curve saved to {escape(options.out)}")
    if found.suggestion is not None:
        again = usual[0].with_own(values_typed(options.training, argv))
        words = " ".join(
            map(shell_word, handed_on(chosen, replace(options, training=again), usual[0]))
        )
        notes().print("\nNext:")
        notes().print(f"  hornbook train {escape(words)} --learning-rate {found.suggestion:g}")


def grammar_of(chosen: Chosen) -> Grammar:
    """The flags of a trial with a family."""
    nets = [name for name, line in chosen.task.families.items() if line.trained]
    default = chosen.family == chosen.task.default
    other = next((name for name in nets if default and name != chosen.family), chosen.family)
    own = {} if default else {"model": chosen.family}
    shown = examples("rate", chosen, own, {"model": other, "out": "rate.png"})
    description = DESCRIPTION.format(examples=shown, name=chosen.family, families=", ".join(nets))
    return Grammar("rate", description, Options, chosen, {"finder": FinderSettings()})


def show(found: Found, seconds: float, out: Console) -> None:
    """The curve, and what it says."""
    out.print(
        f"Loss of {len(found.rates)} batches at learning rates from {found.rates[0]:g} to "
        f"{found.rates[-1]:.2g}, in {seconds:,.1f} s:\n"
    )
    out.print(escape(chart_of_rate(found)))
    out.print()
    reason = escape(worded(found.reason))
    if found.suggestion is None:
        out.print(f"[yellow]No learning rate can be suggested.[/] {reason}")
    else:
        out.print(f"Learning rate: [bold]{found.suggestion:g}[/]. {reason}")


def handed_on(chosen: Chosen, options: Any, usual: TrainingSettings) -> list[str]:
    """What has to be typed to train as the trial did: all that is not as it usually is."""
    words = [*options.data]
    words += ["--task", options.task] if options.task else []
    words += ["--model", chosen.family] if options.model else []
    words += flags_of(options.settings, chosen.line.load().Settings())
    words += flags_of(options.loading, chosen.task.options())
    own, beside = options.training.as_dict(), usual.usual_beside(options.training)
    training = list(flags({name: one for name, one in own.items() if one != beside[name]}))
    if "--learning-rate" in training:
        at = training.index("--learning-rate")
        del training[at : at + 2]
    return words + training
