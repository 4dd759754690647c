"""Any question of a task as a verb: its options as flags, its rows as text or as JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import tyro

from hornbook.actions import Action
from hornbook.cli.alive import alive
from hornbook.cli.arguments import ModelArguments, parse
from hornbook.cli.flags import as_typed, is_required
from hornbook.cli.interrupts import status_of_stop
from hornbook.cli.opening import opened_run
from hornbook.cli.output import console, escape, filled, notes, tinted
from hornbook.cli.streams import ReaderGoneError, write_beside, write_json, write_result
from hornbook.cli.wording import command, worded
from hornbook.records import as_json
from hornbook.reports import Shaded, Table
from hornbook.runs import Run
from hornbook.runs.directory import RunDirectory
from hornbook.tasks import Answer, Beside, Question, Task, of_kind, tasks

__all__ = ["run"]


@dataclasses.dataclass(frozen=True)
class Options(ModelArguments):
    """Run."""

    json: bool = False
    "Print the result as JSON."


def run(verb: str, argv: Sequence[str]) -> None:
    """Parse, ask, and show the answer as it comes."""
    question, others = question_for(verb, argv)
    kind: Any = as_typed(question.options)
    needs_words = any(map(is_required, dataclasses.fields(kind)))
    default: Any = dataclasses.MISSING if needs_words else kind()
    hint = Annotated[kind, tyro.conf.arg(name=verb)]  # heads its flags in help
    fields: list[Any] = [("settings", hint, dataclasses.field(default=default, kw_only=True))]
    asked = dataclasses.make_dataclass(verb.capitalize(), fields, bases=(Options,), frozen=True)
    asked.__doc__ = Options.__doc__
    options: Any = parse(asked, verb, described(question, verb, others), argv)
    opened = opened_run(options.run, options.device)
    if verb not in opened.task.questions:
        raise of_kind(opened.task.name, verb)
    with alive("Reading the run", quiet=options.json):
        answer = question.answer(opened, options.settings)
    if options.json:
        print_as_json(answer)
    else:
        show(answer)


def described(question: Question, verb: str = "", others: Sequence[Task[Any]] = ()) -> str:
    """A question's description for help, its examples as commands after the first paragraph.

    Args:
        question: with its own words.
        verb: that it is asked by.
        others: tasks that answer the same verb in another way.
    """
    first, *rest = question.description.split("\n\n")
    shown = [f"  {command(example)}" for example in question.examples]
    examples = ["\n".join(["Examples:", *shown])] if shown else []
    if others:
        names = " and ".join(task.name for task in others)
        rest.append(
            f"Runs of the task {names} have other flags: hornbook {verb} RUN --help shows those of "
            "RUN."
        )
    return "\n\n".join([first, *examples, *rest])


def question_for(verb: str, argv: Sequence[str]) -> tuple[Question, list[Task[Any]]]:
    """The question that a verb stands for: that of the run's own task.

    Args:
        verb: that some task answers.
        argv: what was typed after it.

    Returns:
        The question; and where the run is not named, or is of a task without such a question, the
        tasks that have another one than this, the first's.
    """
    having = [task for task in tasks().values() if verb in task.questions]
    homes = {task.questions[verb].home for task in having}
    if len(homes) > 1:
        for word in argv:
            if word and word[0] != "-" and os.path.lexists(RunDirectory(word).run):
                task = Run(word).task
                if verb in task.questions:
                    return task.questions[verb].load(), []
                break
    first = having[0].questions[verb]
    return first.load(), [task for task in having if task.questions[verb].home != first.home]


def show(answer: Answer) -> None:
    """The rows on standard output as they come; remarks, and what to ask next, beside it."""
    out = Shown()
    rows = iter(answer)
    try:
        with alive("Computing"):  # until there is something to be seen
            first = list(itertools.islice(rows, 1))
        for row in itertools.chain(first, rows):
            at_once = row.whole and not out.is_terminal
            for part in list(row.shown()) if at_once else row.shown():
                out.show(part)
        sys.stdout.flush()
    except ReaderGoneError:
        answer.close()  # whoever read has gone, and wants no remarks either
        raise
    except KeyboardInterrupt as stop:
        answer.close()
        with contextlib.suppress(OSError):  # the terminal itself may have gone
            if not out.at_line_start:
                write_result("\n")
            remark_on(answer)
        sys.exit(status_of_stop(stop))
    remark_on(answer)


def remark_on(answer: Answer) -> None:
    """What a person is told after the rows."""
    sys.stdout.flush()
    remarks = answer.remarks()
    if remarks:
        notes().print()
    for remark in remarks:
        told = f"More:  {command(remark)}" if isinstance(remark, Action) else worded(remark)
        notes().print(escape(told))


class Shown:
    """Standard output as rows come to it, and whether it stands at the start of a line."""

    def __init__(self) -> None:
        self.console, self.at_line_start = console(), True
        self.is_terminal = self.console.is_terminal

    def show(self, part: str | Table | Beside | Shaded) -> None:
        """A part of a row; shades are for a terminal only."""
        if isinstance(part, Table):
            self.console.print(filled(part))
        elif isinstance(part, Shaded):
            if self.is_terminal and self.console.color_system is not None:
                self.console.print(tinted(darkened(part), part.title))
        elif isinstance(part, Beside):
            # At a terminal it stands beside what it is about; in a file it would be noise.
            if self.is_terminal:
                write_result(part.text, flush=True)
            elif part.always:
                write_beside(part.text)
        elif part:
            # As it is: rich would change tabs and what looks like its markup.
            write_result(part, flush=self.is_terminal)
            self.at_line_start = part.endswith("\n")


def darkened(given: Shaded) -> Iterator[tuple[str, str]]:
    """The parts of a text with the style of each."""
    return ((text, f"black on {orange(shade)}") for text, shade in given.parts)


def orange(shade: float) -> str:
    """A colour from white, 0, to orange, 1."""
    green, blue = round(255 - 97 * shade), round(255 - 178 * shade)
    return f"#ff{green:02x}{blue:02x}"


def print_as_json(answer: Answer) -> None:
    """One JSON value, written row by row; what is interrupted ends as whole JSON all the same."""
    key, first = answer.key, True
    write_json(f"{{{json.dumps(key)}: [" if key else "[")
    try:
        for row in answer:
            text = json.dumps(as_json(row.as_dict()), ensure_ascii=False, allow_nan=False)
            write_json(("" if first else ",") + "\n" + text)
            first = False
    except KeyboardInterrupt as stop:
        answer.close()
        sys.exit(status_of_stop(stop))
    finally:
        ending = json.dumps(as_json(answer.ending()), ensure_ascii=False, allow_nan=False)
        more = f", {ending[1:]}" if ending != "{}" else "}"
        with contextlib.suppress(OSError):
            write_json("\n]" + (more if key else "") + "\n")
