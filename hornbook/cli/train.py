"""`hornbook train`: from a file to a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

from hornbook.cli.arguments import DataArguments, parse
from hornbook.cli.family import DEFAULT, TRAINED, given, parse_family, wanted_family
from hornbook.cli.output import console, number, print_json, shell_word
from hornbook.runs import Run, Watcher, resume, train
from hornbook.text.models import family
from hornbook.training.schedules import unfinished_cycle
from hornbook.training.settings import TrainingSettings

if TYPE_CHECKING:
    from hornbook.training.calibration import Calibration
    from hornbook.training.progress import Progress as TrainingProgress
    from hornbook.training.record import Record

LITTLE = 1_000  # predictions: less than this and a word of warning is due
DESCRIPTION = (
    "Learn from DATA (a text file, - for standard input, or the name of a data set) and keep all "
    "that was learned in a run directory. The settings below are those of --model {name}; another "
    "family has others: hornbook train --model FAMILY --help. Families: {families}. "
    "To go on with a run that was stopped: hornbook train --resume RUN"
)


@dataclass(frozen=True)
class Options(DataArguments):
    """Data and run."""

    model: str = DEFAULT
    "Family of the model; see `hornbook models`."
    out: str | None = None
    "Run directory; by default a free name under runs/."
    overwrite: bool = False
    "Replace the run that is in the run directory."
    json: bool = False
    "Print the summary as JSON, and nothing else."


@dataclass(frozen=True)
class ResumeOptions:
    """Going on."""

    resume: str
    "Run directory to go on with; all settings are the run's own."
    json: bool = False
    "Print the summary as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, train and tell."""
    if any(argument.split("=")[0] == "--resume" for argument in argv):
        going_on = parse(
            ResumeOptions,
            "train",
            "Go on with a run that was stopped, as if it had not been.",
            argv,
        )
        with telling(going_on.json) as watcher:
            finished = resume(going_on.resume, watcher=watcher)
        if going_on.json:
            print_json({"run": str(finished.path), **finished.summary})
        return
    name = wanted_family(argv)
    line = family(name)
    if line.made_by == "mixing":
        train("", model=name)  # says how it is made
    options = parse_family(
        Options,
        "train",
        DESCRIPTION.format(name=name, families=", ".join(TRAINED)),
        argv,
        more={} if line.counted else {"comparison": Comparison()},
    )
    with telling(options.json) as watcher:
        finished = train(
            options.data,
            model=name,
            out=options.out,
            settings=options.settings,
            training=None if line.counted else given(options.training, argv),
            split=options.split,
            mode=options.mode,
            encoding=options.encoding,
            overwrite=options.overwrite,
            baseline=not line.counted and not options.comparison.no_baseline,
            watcher=watcher,
        )
    if options.json:
        print_json({"run": str(finished.path), **finished.summary})


@dataclass(frozen=True)
class Comparison:
    """Comparison."""

    no_baseline: bool = False
    "Do not count n-grams besides for comparison."


@contextmanager
def telling(quiet: bool) -> Iterator[Watcher]:
    """Who tells people how training goes; whatever ends it, the live line is taken away."""
    if quiet:
        yield Watcher()
        return
    teller = Teller()
    try:
        yield teller
    finally:
        teller.close()


class Teller(Watcher):
    """Tells people how training goes: a live line, and a row for each evaluation."""

    def __init__(self) -> None:
        self.console = console()
        self.bar: Progress | None = None
        self.task: Any = None
        self.how = ""
        self.pace: tuple[int, float] = (0, 0.0)

    def downloaded(self, done: int, total: int) -> None:
        """Show how much of a data set is here."""
        if self.bar is None:
            self.bar = Progress("fetching", BarColumn(), DownloadColumn(), console=self.console)
            self.task = self.bar.add_task("", total=total)
            self.bar.start()
        self.bar.update(self.task, completed=done, total=total)
        if done >= total:
            self.close()

    def tried(self, done: int, of: int) -> None:
        """Show how many rates are done."""
        if self.bar is None:
            self.bar = Progress(
                "trying rates", BarColumn(), MofNCompleteColumn(), console=self.console,
                transient=True, disable=not self.console.is_terminal,
            )  # fmt: skip
            self.task = self.bar.add_task("", total=of)
            self.bar.start()
        self.bar.update(self.task, completed=done)

    def close(self) -> None:
        """Take the live line away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def began(self, run: Run, about: dict[str, Any]) -> None:
        """Say aloud what was read, how, and what is trained on it."""
        say = self.console.print
        if about.get("resumed"):
            say(f"Going on with [bold]{escape(str(run.path))}[/] ({run.family}).")
        else:
            sizes = " / ".join(f"{n:,}" for n in about["predictions"].values())
            say(
                f"[bold]{escape(about['name'])}[/]: read as {about['mode']} ({about['why']}), "
                f"{about['encoding']}"
            )
            if about["predictions"]["train"] < LITTLE:
                say("[yellow]That is very little to learn from:[/] hornbook doctor DATA says more.")
            say(f"{about['vocabulary']} symbols; {' / '.join(about['predictions'])}: {sizes}")
        if "parameters" in about:
            say(
                f"[bold]{run.family}[/]: {about['parameters']:,} parameters on {about['device']}, "
                f"kept in {escape(str(run.path))} (Ctrl-C stops and keeps the work)"
            )
            if self.how:
                say(self.how)
            if cut := unfinished_cycle(TrainingSettings.from_dict(run.plan["training"])):
                whole = " or ".join(f"{steps:,}" for steps in cut if steps)
                say(
                    "[yellow]Training ends within a cycle of the schedule, before its rate is "
                    f"low:[/] --steps {whole} would end with a whole one."
                )
            say()
            say(f"[bold]{'step':>9} {'train':>8} {'dev':>8}  samples[/]")

    def calibrated(self, calibration: Calibration) -> None:
        """Say how the net will run, and what else was tried."""
        s = calibration.settings
        self.how = (
            f"{s.threads} thread{'s' * (s.threads > 1)}, {s.precision} products, "
            f"gradients by {s.gradients}"
        )
        if calibration.tried:
            times = "; ".join(f"{words} {ms:.2f} ms" for words, ms in calibration.tried)
            self.how += f" [dim](calibrated in {calibration.seconds:.1f} s: {times} a step)[/]"

    def progressed(self, progress: TrainingProgress) -> None:
        """Move the live line on."""
        if not self.console.is_terminal:
            return
        if self.bar is None:
            self.bar = live_line(self.console)
            self.task = self.bar.add_task("", total=progress.steps, loss="", rate="", left="")
            self.bar.start()
            self.pace = (progress.step, progress.seconds)
        first, began = self.pace
        pace = (progress.seconds - began) / max(1, progress.step - first)
        self.bar.update(
            self.task,
            completed=progress.step,
            loss="" if progress.loss is None else f"loss {progress.loss:.3f}",
            rate=f"rate {progress.rate:.2g}",
            left=f"{pace * (progress.steps - progress.step):,.0f} s left",
        )

    def recorded(self, record: Record, preview: Callable[[], list[str]]) -> None:
        """A row: the step, the losses on whole splits, a few samples."""
        losses = " ".join(
            f"{record.losses[name]:8.4f}" if name in record.losses else f"{'':8}"
            for name in ("train", "dev")
        )
        shown = "  ".join(text.replace("\n", "⏎") for text in preview()) if record.step else ""
        mark = "*" if record.best else " "
        self.console.print(
            f"{record.step:9,} {losses}{mark} [dim]{escape(shown[:80])}[/]", soft_wrap=True
        )

    def ended(self, run: Run, summary: dict[str, Any]) -> None:
        """The result, the bar, and what to type next."""
        self.close()
        say, path = self.console.print, escape(shell_word(str(run.path)))
        say()
        if summary["ending"] == "interrupted":
            say(f"Stopped at step {summary['steps']:,}; the work is kept.")
            say(f"Go on with:  [bold]hornbook train --resume {path}[/]")
        losses = summary["losses"]
        shown = "dev" if "dev" in losses else "train"
        if shown in losses:
            nats = losses[shown]
            perplexity = number(math.exp(nats), 2) if nats < 700 else "infinite"
            say(
                f"{shown} [bold]{number(nats)}[/] nats per character "
                f"({number(nats / math.log(2), 3)} bits, perplexity {perplexity}), "
                f"train {number(losses['train'])}, in {summary['seconds']:,.1f} s"
                + (f", at step {summary['best_step']:,}" if "best_step" in summary else "")
            )
        if summary["ending"] == "early":
            say(f"Stopped early at step {summary['steps']:,}: dev was no longer getting better.")
        self.tell_baseline(summary)
        if "picture" in summary:
            say(f"The counts as a picture: {escape(summary['picture'])}")
        say()
        say("Next:")
        say(f"  hornbook sample {path} -n 20 --only-new")
        example = run.splits["train"][0][:12].split("\n")[0].split("\t")[0].strip(" -") or "text"
        say(f"  hornbook score {path} {escape(shell_word(example))}")
        say(f"  hornbook evaluate {path}")
        if (run.plan["training"] or {}).get("watch"):
            say(f"  hornbook inspect {path}")

    def tell_baseline(self, summary: dict[str, Any]) -> None:
        """Whether the net clears what counting reaches."""
        baseline, losses = summary.get("baseline"), summary["losses"]
        if not baseline or "dev" not in losses:
            return
        mark = baseline["losses"]["dev"]
        verdict = "this net clears it" if losses["dev"] < mark else "this net does not clear it"
        self.console.print(
            f"The bar, counting n-grams (Kneser–Ney, order {baseline['order']}, "
            f"{baseline['seconds']:.1f} s): dev {number(mark)}; {verdict}."
        )


def live_line(console: Console) -> Progress:
    """Step, loss, rate and time left."""
    return Progress(
        BarColumn(30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
        console=console,
        transient=True,
    )
