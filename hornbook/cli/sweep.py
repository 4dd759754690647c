"""`hornbook sweep`: a search over the settings of a family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hornbook.actions import Action
from hornbook.cli.arguments import DataArguments
from hornbook.cli.choice import Chosen, choose
from hornbook.cli.grammar import Grammar
from hornbook.cli.output import console, escape, filled, notes, number, print_json
from hornbook.cli.page_wording import COMMANDS
from hornbook.cli.progress import Teller
from hornbook.cli.tellers import listening
from hornbook.cli.typed_flags import values_typed
from hornbook.cli.wording import command, worded
from hornbook.experiments.events import TrainingTogether
from hornbook.experiments.sweep.events import Opened, SweepEvent, TrialBegan, TrialEnded
from hornbook.experiments.sweep.sweep import sweep
from hornbook.ranges import word
from hornbook.rendering import clip, duration, many
from hornbook.runs.events import Compiling, Event, Fetched, Loaded, Pieced, Progressed, Warned

if TYPE_CHECKING:
    from hornbook.experiments.sweep.found import Sweep

DESCRIPTION = """\
Search settings of a family for the best on the dev split, and keep the best run.

Examples:
  hornbook sweep names --model gru --minutes 10
  hornbook sweep names --over n_embd=8..64 learning_rate=1e-3..3e-2:log

A range is 16..64, with :log if each factor is as likely (sizes, rates), or with :step=16; values \
are joined by commas, and the numbers of a list by x: n_hidden=128,256x160. Without --over these \
are varied: {usual}.

All other settings are flags as in hornbook train, the same for all trials. The first trial has \
the recommended settings; the next ones are drawn at random, then where good ones are likely \
(Optuna's tree-structured Parzen estimator). Trainings that are behind are ended early. The best \
run is kept as a run of its own, the test split is measured for it alone, and a page shows all \
trials.

If you stop it with Ctrl-C, or it is killed, the same command continues where it was; with more \
--trials or --minutes it searches on.
"""
SHOWN = 10  # rows of the table of trials
VALUES = 100  # characters of a trial's settings in a line


@dataclass(frozen=True)
class Options(DataArguments):
    """Sweep."""

    model: str | None = None
    "Model family, see hornbook models."
    over: tuple[str, ...] = ()
    "Settings to vary, each with its range: n_embd=16..64 learning_rate=1e-3..3e-2:log."
    trials: int | None = None
    "Trials in all; by default 20, or as many as there is time for."
    minutes: float | None = None
    """Time limit for all of it, in minutes. Compiling for this machine, once, counts, and is not
    cut short."""
    seconds: float | None = None
    "The same in seconds."
    jobs: int = 1
    "Processes that make trials at the same time, each with its share of the processor's cores."
    together: bool = True
    "Train trials of small nets together, by compiled steps; --no-together: one by one."
    at_once: int | None = None
    "How many trials to ask for at once and train together; by default 4."
    pruning: Literal["median", "halving", "none"] = "median"
    """Which trainings to end early: median, those that are worse than half of the others at the
    same place; halving, all but the best third after three and after nine evaluations; none."""
    storage: str | None = None
    """Address of a PostgreSQL database for several machines, postgresql://USER:PASSWORD@HOST/NAME:
    the same command on each, all on the same trials. By default a file in the sweep's folder."""
    out: str | None = None
    "Folder of the sweep; by default runs/DATA-FAMILY-sweep. The best run is kept beside it."
    overwrite: bool = False
    "Replace another sweep, or run, that is there."
    json: bool = False
    "Print only the result, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, search and show."""
    chosen = choose("sweep", argv)
    grammar = Grammar("sweep", DESCRIPTION.format(usual=usual_of(chosen)), Options, chosen, {})
    options = grammar.parse(argv)
    settings, training = (values_typed(getattr(options, group, None), argv) for group in GROUPS)
    with listening(SweepTeller(), quiet=options.json) as listen:
        found = sweep(
            chosen.source or options.data,
            model=options.model,
            over=options.over,
            settings=settings,
            training=training or None,
            trials=options.trials,
            minutes=options.minutes,
            seconds=options.seconds,
            jobs=options.jobs,
            together=options.together,
            at_once=options.at_once,
            pruning=options.pruning,
            storage=options.storage,
            out=options.out,
            task=options.task,
            overwrite=options.overwrite,
            listen=listen,
            **options.loading.as_dict(),
        )
    page = found.write(wording=COMMANDS)
    if options.json:
        print_json({**found.as_dict(), "page": str(page)})
    else:
        show(found, str(page))


GROUPS = ("settings", "training")


def usual_of(chosen: Chosen) -> str:
    """What is varied where nothing is asked for, in words."""
    from hornbook.experiments.sweep.declared import declared_by

    found = declared_by(chosen.line)
    return ", ".join(f"{name}={span}" for name, span in found.items()) or "none"


class SweepTeller(Teller):
    """Tells how a sweep goes: a line for each trial, and a live line while one is trained."""

    doing = "Working"

    def tell(self, event: Event | SweepEvent) -> None:
        """Say what is to be said of an event."""
        self.alive.end()
        if isinstance(event, Opened):
            self.opened(event)
        elif isinstance(event, TrialBegan):
            self.began_trial(event)
        elif isinstance(event, TrialEnded):
            self.ended_trial(event)
        elif isinstance(event, TrainingTogether):
            self.doing = f"Working on {many(event.runs, 'trial')} together ({event.ended} ended)"
        elif isinstance(event, Compiling | Fetched | Loaded | Pieced | Warned | Progressed):
            self.told(event)
        if self.bar is None:
            self.alive.begin(self.doing)

    def opened(self, event: Opened) -> None:
        """Say what is varied, and how much is done."""
        say = self.console.print
        for name, span in event.over.items():
            say(f"  {escape(name)} from {escape(span)}")
        most = "" if event.most is None else f" of {event.most}"
        if event.done:
            one = event.most == 1 or (event.most is None and event.done == 1)
            trials, are = "trial" if one else "trials", "is" if event.done == 1 else "are"
            say(f"{event.done:,}{most} {trials} {are} there from an earlier start.")
        elif event.most is not None:
            say(f"{many(event.most, 'trial')}, the first with the recommended settings.")
        # The note is of those that come.
        if event.note and (event.most is None or event.done < event.most):
            say(f"[dim]{escape(event.note)}[/]")
        say()

    def began_trial(self, event: TrialBegan) -> None:
        """Say which settings are tried."""
        if event.resumed:
            self.console.print(f"[dim]trial {event.number} goes on[/]")

    def ended_trial(self, event: TrialEnded) -> None:
        """Say what became of it."""
        self.close()
        one, best = event.trial, event.best
        values = clip(", ".join(f"{n} {brief(value)}" for n, value in one.values.items()), VALUES)
        reached = number(one.dev) if one.dev is not None else ""
        if one.state == "pruned":
            reached = f"[dim]{reached} pruned after {one.steps or 0:,} steps[/]"
        elif one.state == "refused":
            reached = f"[yellow]refused:[/] {escape(worded(one.why))}"
        elif best is not None and best.number == one.number:
            reached = f"[bold]{reached}[/] ← best so far"
        self.console.print(f"trial {one.number}: {escape(values)}: {reached}")


def brief(value: Any) -> str:
    """A setting's value in a line."""
    return f"{value:.3g}" if isinstance(value, float) else word(value)


def show(found: Sweep, page: str) -> None:
    """The best, what matters, the first rows of the table, and what to type next."""
    from hornbook.experiments.sweep.page import best_table, importance_table, trials_table

    say, out = notes().print, console()
    say()
    table = trials_table(found, SHOWN)
    out.print(filled(table))
    if table.beyond:
        say(
            f"[dim]{many(table.beyond, 'further trial')}: {escape(str(found.folder))}/trials.csv[/]"
        )
    say()
    out.print(filled(best_table(found)))
    if (weights := importance_table(found)) is not None:
        say()
        out.print(filled(weights))
    say()
    if found.looks:
        last = found.looks[-1]
        say(f"On test, which no choice was based on: {number(last.value, found.measure.digits)}")
    say(escape(found.caveat))
    say(f"\nAll trials, with pictures: {escape(page)} ({duration(found.seconds)} in all)")
    if found.run is not None:
        say(f"The best run: {escape(str(found.run.path))}")
        say("Next:")
        for action in (
            *found.run.task.next_steps(found.run),
            Action("inspect", (str(found.run.path),)),
        ):
            say(f"  {escape(command(action))}")
