"""Who tells people how training goes: a live line, and a row for each evaluation.

All of it goes to standard error: the result alone is for standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import singledispatchmethod
from typing import Any

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from hornbook.cli.alive import Alive
from hornbook.cli.begun import Begun
from hornbook.cli.interrupts import status_of_stop
from hornbook.cli.output import Console, escape, notes, number
from hornbook.cli.wording import worded
from hornbook.errors import HornbookError
from hornbook.rendering import clip, duration, many, short_time
from hornbook.runs import Listener
from hornbook.runs.events import (
    Began,
    Calibrated,
    Ended,
    Estimated,
    Evaluated,
    Event,
    Fetched,
    Loaded,
    Noted,
    Pieced,
    Progressed,
    Tried,
    Warned,
)
from hornbook.tasks import Task
from hornbook.training.measures import LOSS, Extent
from hornbook.training.schedules import unfinished_cycle

__all__ = ["telling"]

SPLITS = ("train", "dev")
LITTLE = 1_000  # predictions: less than this and a word of warning is due


@contextmanager
def telling(quiet: bool, doing: str = "Reading the data") -> Iterator[Listener]:
    """Who tells people how training goes; whatever ends it, the live line is taken away.

    If a signal ends it, people are told what is saved and how to resume, and the command ends.
    """
    teller, begun = Teller(), Begun()

    def listen(event: Event) -> None:
        begun.look(event)
        if not quiet:
            teller.tell(event)
        elif isinstance(event, Warned):
            teller.told(event)

    if not quiet:
        teller.alive.begin(doing)
    try:
        yield listen
    except KeyboardInterrupt as stop:
        teller.alive.end()
        teller.close()
        if not begun.explained(quiet):
            raise
        sys.exit(status_of_stop(stop))
    finally:
        teller.alive.end()
        teller.close()


class Teller:
    """Tells people how training goes."""

    def __init__(self) -> None:
        self.console = notes()
        self.alive = Alive(self.console)
        self.bar: Progress | None = None
        self.task: Any = None
        self.how = ""
        self.pace: tuple[int, float] = (0, 0.0)
        self.begun: Began | None = None
        self.steps: int | None = None  # of the training
        self.decides = LOSS
        self.splits: Sequence[str] = SPLITS

    def tell(self, event: Event) -> None:
        """Say what is to be said of an event, and then what goes on until the next."""
        self.alive.end()
        self.told(event)
        what = self.next_is(event)
        if what and self.bar is None:  # a bar is a sign of life already
            self.alive.begin(what)

    def next_is(self, event: Event) -> str:
        """What follows an event and may last; empty where a live line tells of it."""
        if isinstance(event, Loaded | Calibrated):
            return "Preparing the model and its batches"
        if isinstance(event, Began) and event.record.training is None:
            return "Fitting and evaluating the model"
        if isinstance(event, Began):
            return "Evaluating the net before training"
        over = isinstance(event, Progressed) and event.progress.step == event.progress.steps
        if isinstance(event, Evaluated):
            over = self.steps is not None and event.record.step >= self.steps
            if not over:
                return "Training"
        return "Evaluating the trained net and its baselines" if over else ""

    @singledispatchmethod
    def told(self, event: Event) -> None:
        """What is to be said of an event."""

    def close(self) -> None:
        """Take the live line away."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def begin(self, bar: Progress, total: int, **fields: Any) -> Progress:
        """Put a live line there."""
        self.bar = bar
        self.task = bar.add_task("", total=total, **fields)
        bar.start()
        return bar

    @told.register
    def fetched(self, event: Fetched) -> None:
        """Show how much of a data set is here."""
        bar = self.bar or self.begin(
            Progress("fetching", BarColumn(), DownloadColumn(), console=self.console), event.total
        )
        bar.update(self.task, completed=event.done, total=event.total)
        if event.done >= event.total:
            self.close()

    @told.register
    def pieced(self, event: Pieced) -> None:
        """Show how much of a large file was read."""
        bar = self.bar or self.begin(
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TimeRemainingColumn(),
                console=self.console,
            ),
            event.total,
        )
        bar.update(
            self.task, completed=event.done, total=event.total, description=event.what.lower()
        )
        if event.done >= event.total:
            self.close()

    @told.register
    def loaded(self, event: Loaded) -> None:
        """Say what was read, and how."""
        say = self.console.print
        first, *others = event.about
        say(f"[bold]{escape(event.name)}[/]: {escape(event.task)}, {escape(first)}")
        if event.sizes["train"] < LITTLE:
            say("[yellow]Very little training data:[/] hornbook doctor says what to expect.")
        for line in others:
            say(escape(worded(line)))

    @told.register
    def calibrated(self, event: Calibrated) -> None:
        """Remember how the net will run, and what else was tried."""
        found = event.calibration
        s = found.settings
        fewer = 0 < found.sharing < s.threads
        self.how = many(found.sharing if fewer else s.threads, "thread")
        if fewer:
            self.how += f" (of {s.threads}: no more can share a batch)"
        self.how += f", {s.precision} matrix products, " + (
            "compiled steps" if s.gradients == "compiled" else f"gradients by {s.gradients}"
        )
        if found.not_compiled:
            self.how += f" [dim](steps are not compiled: {escape(worded(found.not_compiled))})[/]"
        if found.tried:
            times = "; ".join(f"{words} {ms:.2f} ms" for words, ms in found.tried)
            when = "" if found.remembered else f" in {found.seconds - found.compiling:.1f} s"
            if found.compiling:
                when += f" after compiling for {found.compiling:.0f} s"
            self.how += f" [dim](calibrated{when}; per step: {times})[/]"
            if found.remembered:
                told = f"Measured earlier on this machine; to measure again, delete {found.path}."
                self.how += f"\n[dim]{escape(told)}[/]"
            if found.unkept:
                self.how += (
                    "\n[yellow]This choice cannot be saved, so the next training may choose "
                    f"differently:[/] {escape(found.unkept)}."
                )
        elif found.too_short:
            self.how += " [dim](too few steps to calibrate)[/]"
        if event.lowered:
            self.how += (
                "\n[dim]Only a part of each split is evaluated during training, so that it takes "
                "at most about half as long as training; for all of it: --evaluate-on 0[/]"
            )

    @told.register
    def began(self, event: Began) -> None:
        """Say what is trained, where, and how."""
        say, record = self.console.print, event.record
        if event.resumed:
            say(f"Resuming [bold]{escape(str(event.path))}[/] ({record.family}).")
        if event.parameters is None or record.training is None:
            return
        learning = f", of which {event.parameters - event.frozen:,} learn," if event.frozen else ""
        say(
            f"[bold]{record.family}[/]: {many(event.parameters, 'parameter')}{learning} on "
            f"{event.device}, "
            f"saved to {escape(str(event.path))} (Ctrl-C stops and saves)"
        )
        if self.how:
            say(self.how)
        if cut := unfinished_cycle(record.training):
            whole = " or ".join(f"{steps:,}" for steps in cut if steps)
            say(
                "[yellow]Training ends in the middle of a cycle of the schedule, while the "
                f"learning rate is high:[/] --steps {whole} would end with a complete cycle."
            )
        self.begun = event
        self.steps = event.record.training.steps if event.record.training else None

    @told.register
    def estimated(self, event: Estimated) -> None:
        """Say how long it will be."""
        each = short_time(event.step)
        self.console.print(f"[dim]{'':9} about {duration(event.seconds)} left, {each} a step[/]")

    @told.register
    def progressed(self, event: Progressed) -> None:
        """Move the live line on."""
        if not self.console.is_terminal:
            return
        at = event.progress
        if self.bar is None:
            self.begin(live_line(self.console), at.steps, loss="", rate="", left="")
            self.pace = (at.step, at.seconds)
        first, began = self.pace
        left = (at.seconds - began) / max(1, at.step - first) * (at.steps - at.step)
        assert self.bar is not None
        self.bar.update(
            self.task,
            completed=at.step,
            loss="" if at.loss is None else f"loss {number(at.loss, 3)}",
            rate=f"learning rate {at.rate:.2g}",
            left=f"{duration(left)} left",
        )

    @told.register
    def evaluated(self, event: Evaluated) -> None:
        """A row: the step, the losses on whole splits, a few samples."""
        if self.begun is not None:
            self.head(self.begun, event)
            self.begun = None
        record, decides = event.record, self.decides
        held = {name: dict(found) for name, found in record.measures.items()}
        for name, loss in record.losses.items():
            held.setdefault(name, {})[LOSS.name] = loss
        first = [held.get(name, {}).pop(decides.name, None) for name in self.splits]
        figures = " ".join(
            f"{'' if value is None else in_column(value, decides.digits):>8}" for value in first
        )
        mark = "*" if record.best and "dev" in self.splits else " "
        others = "".join(
            f" {name.replace('_', ' ')} {number(x)}" for name, x in held.get("dev", {}).items()
        )
        shown = previewed(event) if record.step else ""
        row = f"{record.step:9,} {figures}{mark}{escape(others)} [dim]{escape(clip(shown, 80))}[/]"
        self.console.print(row, soft_wrap=True)

    def head(self, began: Began, event: Evaluated) -> None:
        """The head of the table of evaluations, known when the first has come."""
        say, task = self.console.print, began.record.task_of_data()
        self.decides = task.keeps_by
        self.splits = tuple(event.extents) or SPLITS
        of_what = "" if self.decides.name == LOSS.name else f"{self.decides.title}: "
        say()
        if told := measured_on(event.extents, began.at_the_end):
            say(f"[dim]{told}[/]")
        if "dev" in self.splits and began.record.training and began.record.training.steps:
            say("[dim]* marks the best dev so far.[/]")
        heads = " ".join(f"{name:>8}" for name in (of_what + self.splits[0], *self.splits[1:]))
        shown = "" if type(task).preview is Task.preview else f"  {task.previewed}"
        say(f"[bold]{'step':>9} {heads}{shown}[/]")

    @told.register
    def tried(self, event: Tried) -> None:
        """Show how many rates are done."""
        bar = self.bar or self.begin(
            Progress(
                "trying learning rates", BarColumn(), MofNCompleteColumn(), console=self.console,
                transient=True, disable=not self.console.is_terminal,
            ),
            event.of,
        )  # fmt: skip
        bar.update(self.task, completed=event.done)

    @told.register
    def noted(self, event: Noted) -> None:
        """Say where training begins."""
        self.console.print(escape(worded(event.message)))

    @told.register
    def warned(self, event: Warned) -> None:
        """Say what is missing beside the result."""
        self.console.print(f"[yellow]Warning:[/] {escape(worded(event.message))}")

    @told.register
    def ended(self, event: Ended) -> None:
        """The live line goes; the result is the verb's to tell."""
        self.close()


def measured_on(during: Mapping[str, Extent], end: Mapping[str, Extent]) -> str:
    """What the rows of the table are measured on, and the last figures, where it is a part.

    Args:
        during: what was counted in the first evaluation.
        end: about what the last one is to be of, where it is more.
    """
    if all(extent.is_whole for extent in during.values()):
        return ""
    rows = ", ".join(f"{split} on {extent}" for split, extent in during.items())
    if not end:
        return f"Measured during training and at the end: {rows}."
    last = {**during, **end}
    if all(extent.is_whole for extent in last.values()):
        return f"Measured during training: {rows}; at the end: on all."
    told = ", ".join(
        f"{split} on {'about ' * (split in end and not extent.is_whole)}{extent}"
        for split, extent in last.items()
    )
    return f"Measured during training: {rows}; at the end: {told}."


def previewed(event: Evaluated) -> str:
    """What the model says so far, in one line; why it says nothing, if it cannot."""
    try:
        return " | ".join(text.replace("\n", "⏎") for text in event.preview())
    except (HornbookError, MemoryError) as error:
        return f"(none: {error})"


def in_column(value: float, digits: int) -> str:
    """A figure of at most nine characters."""
    return number(value, digits)


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
