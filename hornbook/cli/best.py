"""`hornbook best`: the best model for a file in a given time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rich.table import Table

from hornbook.actions import Action
from hornbook.cli.arguments import DataArguments
from hornbook.cli.choice import Chosen
from hornbook.cli.examples import examples
from hornbook.cli.grammar import parse_for_data
from hornbook.cli.output import console, escape, filled, notes, number, print_json, table
from hornbook.cli.progress import Teller
from hornbook.cli.tellers import listening
from hornbook.cli.wording import command, no_flag, shell_word
from hornbook.experiments.best import best
from hornbook.experiments.events import Climbing, RungBegan, RungEnded
from hornbook.experiments.ladder import Ladder
from hornbook.rendering import duration
from hornbook.runs.events import (
    Compiling,
    Ended,
    Event,
    Fetched,
    Loaded,
    Pieced,
    Progressed,
    Warned,
)

DESCRIPTION = """\
Find the best model for DATA in a given time, and save it as a run.

Examples:
{examples}

First it makes what takes one pass over the data: n-grams, with the order and smoothing that suit \
it; of ratings means, neighbours and factors. Then it trains nets of a size that suits the data, \
mixes the models of text that are not far behind, and keeps the model that is best on the dev \
split. Samples of text count too: 10 % more sound samples weigh as much as a loss that is 10 % \
lower. Beside the nets of a table stand baselines: guessing, and trees. Every model \
tried is saved too, as a run.

A sample is sound if it passes --filter; without a filter, if its length is not rare in the data. \
For one long text, sound is the share of the sampled words that occur in the text. The temperature \
at which most samples are sound, new and not repeated is saved with the run, as the default of \
hornbook sample.

If you stop it with Ctrl-C, or it is killed, the same command continues where it was.
"""

KINDS = {
    "counted": "in one pass",
    "net": "net",
    "mixture": "mixture of these",
}


@dataclass(frozen=True)
class Options(DataArguments):
    """Best."""

    minutes: float = 5.0
    "Time limit for all of it, in minutes. Compiling for this machine, once, may come on top."
    filter: str = ""
    """Command that reads samples, one per line, and prints those that pass (as for sample); the
    winner is then chosen by the share that passes."""
    out: str | None = None
    "Directory for the winner; by default runs/NAME-best."
    overwrite: bool = False
    "Replace a run that is already in that directory."
    json: bool = False
    "Print only the result, as JSON."


def described(chosen: Chosen) -> str:
    """What help says."""
    longer = {"minutes": 10, "out": "runs/NAME"}
    return DESCRIPTION.format(examples=examples("best", chosen, {}, longer))


def run(argv: Sequence[str]) -> None:
    """Parse, climb and show."""
    options, source = parse_for_data("best", described, Options, argv)
    with climbing(quiet=options.json) as listen:
        found = best(
            source or options.data,
            minutes=options.minutes,
            out=options.out,
            task=options.task,
            filter=options.filter,
            overwrite=options.overwrite,
            listen=listen,
            **options.loading.as_dict(),
        )
    if options.json:
        print_json(found.as_dict())
    else:
        show(found, options.filter)


class RungTeller(Teller):
    """Tells how a climb goes: a line for each model, and a live line while a net is trained."""

    rung = ""
    left_out: tuple[str, ...] = ()
    "Models for whose being left out there is one reason, not yet told."
    reason = ""

    def tell(self, event: Event | RungBegan | RungEnded) -> None:
        """Say what is to be said of an event."""
        self.alive.end()
        if not isinstance(event, RungEnded) or event.rung.refused != self.reason:
            self.tell_left_out()
        if isinstance(event, RungBegan):
            self.began_rung(event)
        elif isinstance(event, RungEnded):
            self.ended_rung(event)
        elif isinstance(event, Compiling | Fetched | Loaded | Pieced | Progressed | Warned | Ended):
            self.told(event)
        if self.bar is None and not isinstance(event, RungEnded):
            self.alive.begin(f"Working on {self.rung}" if self.rung else "Reading the data")

    def tell_left_out(self) -> None:
        """Say which models are left out, and why; those with one reason together."""
        if self.left_out:
            self.console.print(f"  {', '.join(self.left_out)} left out: {escape(self.reason)}")
        self.left_out, self.reason = (), ""

    def began_rung(self, event: RungBegan) -> None:
        """Say what comes."""
        self.rung = event.name
        given = f", about {duration(event.seconds)}" if event.seconds is not None else ""
        again = " (continued)" if event.resumed else ""
        self.console.print(f"[bold]{escape(event.name)}[/]: {KINDS[event.kind]}{given}{again}")

    def ended_rung(self, event: RungEnded) -> None:
        """Say what it reached."""
        self.close()
        rung, name = event.rung, escape(event.rung.name)
        if rung.refused:
            self.left_out, self.reason = (*self.left_out, name), rung.refused
        elif rung.reached is not None:
            known = " (from an earlier start)" if event.known else ""
            self.console.print(f"  {name}: {number(rung.reached)} on dev{known}")


@contextmanager
def climbing(*, quiet: bool) -> Iterator[Climbing]:
    """Who tells people how the climb goes."""
    teller = RungTeller()
    with listening(teller, quiet=quiet) as listen:
        try:
            yield listen
        finally:
            teller.alive.end()
            teller.tell_left_out()


def ladder(found: Ladder) -> Table:
    """A row for each model that was tried, and for what stands beside them."""
    sound = any(rung.sound is not None for rung in found.rungs)
    # Figures of models that read the data otherwise have a unit that they share, which may be
    # another than that of a run on its own, as with tokens of several characters.
    task = found.run.task
    shared = any(rung.loading for rung in found.rungs)
    if "dev" in found.run.data.sizes:
        shared = shared or task.comparable(1.0, found.run, "dev") != 1.0
    dev = f"dev, {task.compared_in}" if shared else "dev"
    heads = ("model", "", dev, *(("samples sound",) if sound else ()), "parameters", "seconds")
    rows = table(*heads, left=2)
    for rung in found.rungs:
        won = rung == found.winner
        name = f"[bold]{escape(rung.name)}[/]" if won else escape(rung.name)
        reached = number(rung.reached) if rung.reached is not None else "left out"
        rows.add_row(
            name,
            KINDS[rung.kind] + (" [bold]← best[/]" if won else ""),
            f"[bold]{reached}[/]" if won else reached,
            *((f"{rung.sound:.1%}" if rung.sound is not None else "",) if sound else ()),
            f"{rung.parameters:,}" if rung.parameters else "",
            f"{rung.seconds:,.1f}",
        )
    for one in found.baselines:
        blank = ("",) if sound else ()
        reached = ""
        if "dev" in one.reached:
            reached = number(found.run.task.comparable(one.reached["dev"], found.run, "dev"))
        rows.add_row(escape(one.name), "baseline", reached, *blank, "", f"{one.seconds:,.1f}")
    return rows


def better(found: Ladder) -> Iterator[str]:
    """The baselines that the winner does not beat on dev."""
    measure, won = found.run.task.decides, found.winner.reached
    for one in found.baselines:
        beside = one.reached.get("dev")
        if beside is not None:
            beside = found.run.task.comparable(beside, found.run, "dev")
        if won is not None and beside is not None and measure.is_better(beside, won):
            yield f"The baseline {one.name} is better still: {number(beside)} on dev."


def show(found: Ladder, filter_command: str) -> None:
    """The ladder, what the winner makes, and what to type next."""
    say, path = notes().print, found.run.path
    say()
    console().print(ladder(found))
    if any(rung.sound is not None for rung in found.rungs):
        say(escape(found.run.task.sound_if(found.run.data, filter_command)))
    say(f"\n{escape(found.winner.name)}: {escape(found.why)}")
    for line in better(found):
        say(escape(line))
    test = (
        found.run.task.evaluate(found.run.model, found.run.data, "test")
        if "test" in found.run.data.sizes
        else None
    )
    measure = found.run.task.decides
    if test is not None and measure.name in (held := test.as_dict()):
        value = found.run.task.comparable(held[measure.name], found.run, "test")
        reached = number(value, measure.digits)
        say(f"On test, which no choice was based on: {reached}")
    say()
    for shown in found.run.task.show(found.run, filter_command):
        console().print(escape(shown) if isinstance(shown, str) else filled(shown))
    word = escape(shell_word(no_flag(str(path))))
    say(f"\nSaved to {escape(str(path))}; all models tried are in {escape(str(found.folder))}.")
    say("Next:")
    for action in found.run.task.next_steps(found.run):
        if filter_command and action.verb == "sample":
            action = replace(action, settings={**action.settings, "filter": filter_command})
        say(f"  {escape(command(action))}")
    say(f"  hornbook evaluate {word}")
    say(f"  hornbook inspect {word}   # on one screen, and on a page to send")
    if found.run.task.private:
        say(f"Before you share it: {escape(command(Action('strip', (str(path),))))}")
