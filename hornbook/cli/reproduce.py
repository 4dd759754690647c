"""`hornbook reproduce`: the lectures' figures, measured here, beside the lectures' own."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, escape, notes, print_json, refuse_two_forms, table
from hornbook.cli.progress import Teller
from hornbook.cli.streams import write_result
from hornbook.cli.tellers import listening
from hornbook.cli.wording import worded
from hornbook.experiments.reproduce import Reproduced, reproduce
from hornbook.experiments.reproduce.bench import SEED
from hornbook.experiments.reproduce.run import LECTURES, OUT, Measured, Measuring
from hornbook.rendering import duration, figure, many
from hornbook.runs.events import Compiling, Ended, Event, Fetched, Progressed, Warned
from hornbook.settings import Given

DESCRIPTION = f"""\
Repeat the figures of the lectures and of the lesson, by their own settings, and print each beside \
the lecture's, with a verdict.

Examples:
  hornbook reproduce bigrams
  hornbook reproduce wavenet/tree --full

The verdict is "within" or "outside" a tolerance, which is printed and explained, or "not run" \
with the reason; if that is a fault, such as a full disk, the command ends with an error. The \
quick form takes minutes: where it trains fewer steps than the lecture, it is compared with what \
the lecture's own loop comes to in as many. --full trains all of them.

Lectures: {", ".join(LECTURES)}. Name an experiment of one with a slash, or by a part of its title.

makemore-names, tiny-shakespeare and nietzsche are downloaded, unless --data has them. MovieLens \
and Rossmann may not be passed on: without --data they are not run.

Every training is saved as a run. If you stop it with Ctrl-C, or it is killed, the same command \
continues where it was. Long rows can be trained one by one: the command for all of them, with \
--minutes 0, trains nothing and shows what is there.
"""
SHOWN = {"within": "[green]within[/]", "outside": "[bold red]outside[/]", "not run": "not run"}
MARKDOWN_HEAD = (
    "| lecture | what | figure | the lecture | here | tolerance | verdict |\n"
    "|---|---|---|--:|--:|--:|---|"
)


@dataclass(frozen=True)
class Arguments(OutputArgument):
    """Reproduce."""

    lecture: Annotated[str, Given()] = "all"
    "Lecture, `lecture/experiment`, or part of an experiment's title; all: everything."
    full: bool = False
    "Train as long as the lectures do."
    data: str | None = None
    """Folder with data that cannot be downloaded by name (movielens-small, rossmann), or need not
    be (names.txt, tinyshakespeare.txt, nietzsche.txt)."""
    minutes: float | None = None
    """Do not train what takes longer than this by its own estimate, in minutes; show it if it has
    been trained."""
    seed: int = SEED
    "Random seed of the initial weights and the batches."
    out: str = str(OUT)
    "Folder for the runs."
    markdown: bool = False
    "Print the result as a table in Markdown."


def run(argv: Sequence[str]) -> None:
    """Parse, measure and show."""
    options = parse(Arguments, "reproduce", DESCRIPTION, argv)
    refuse_two_forms(markdown=options.markdown, json=options.json)
    quiet = options.json or options.markdown
    with listening(RowTeller(), quiet=quiet) as listen:
        rows = reproduce(
            None if options.lecture == "all" else options.lecture,
            full=options.full,
            data=options.data,
            out=options.out,
            minutes=options.minutes,
            seed=options.seed,
            listen=listen,
        )
    if options.json:
        print_json(rows)
    elif options.markdown:
        write_result("".join(f"{line}\n" for line in markdown(rows)))
    else:
        show(rows, options.out)
    if any(row.failed for row in rows):
        sys.exit(1)


class RowTeller(Teller):
    """Tells how it goes: a line for each experiment, and a live line while a net is trained."""

    def tell(self, event: Event | Measuring | Measured) -> None:
        """Say what is to be said of an event."""
        self.alive.end()
        if isinstance(event, Measuring):
            minutes = event.what.cost(full=event.full)
            self.console.print(f"{escape(event.what.title)}: about {duration(60 * minutes)}")
        elif isinstance(event, Measured):
            self.close()
            for row in event.rows:
                got = "" if row.value is None else f"{number_of(row)}, "
                self.console.print(f"  {escape(row.figure)}: {got}{SHOWN[row.verdict]}")
        elif isinstance(event, Compiling | Fetched | Progressed | Warned | Ended):
            self.told(event)
        if self.bar is None and not isinstance(event, Measured):
            self.alive.begin("Measuring")


def number_of(row: Reproduced) -> str:
    """The value, in as many digits as the figure has."""
    if row.value is None:
        return ""
    return "infinite" if math.isinf(row.value) else figure(row.value, row.digits)


def show(rows: Sequence[Reproduced], out: str) -> None:
    """The table, and why something is outside or was not run."""
    shown = table("what", "figure", "the lecture", "here", "tolerance", "verdict", left=2)
    shown.columns[-1].justify = "left"
    for row in rows:
        shown.add_row(
            escape(row.title), escape(row.figure), escape(row.said), number_of(row),
            row.tolerance.in_words(row.digits), SHOWN[row.verdict],
        )  # fmt: skip
    console().print(shown)
    say = notes().print
    for reason, titles in left_out(rows).items():
        say(f"Not run: {escape(', '.join(titles))}: {escape(worded(reason))}")
    for row in rows:
        if row.verdict == "outside":
            say(
                f"Outside: {escape(row.title)}, {escape(row.figure)}. The tolerance is "
                f"{escape(row.why)}. Measured with {escape(row.how)}."
            )
    for title in dict.fromkeys(row.title for row in rows if row.failed):
        say(f"[bold red]Failed:[/] {escape(title)}")
    say(f"\n{summary_of(rows)} Runs are in {escape(out)}.")


def left_out(rows: Sequence[Reproduced]) -> dict[str, list[str]]:
    """What was not run, by the reason."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.verdict == "not run" and row.title not in found.setdefault(row.reason, []):
            found[row.reason].append(row.title)
    return found


def summary_of(rows: Sequence[Reproduced]) -> str:
    """How many of each verdict."""
    counts = {word: sum(row.verdict == word for row in rows) for word in SHOWN}
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    return f"{many(len(rows), 'figure')}: {told}."


def markdown(rows: Sequence[Reproduced]) -> Iterator[str]:
    """The table of the docs, the tolerances' reasons, and what was not run."""
    yield MARKDOWN_HEAD
    for row in rows:
        yield (
            f"| {row.lecture} | {row.title} | {row.figure} | {row.said} | {number_of(row)} | "
            f"{row.tolerance.in_words(row.digits)} | {row.verdict} |"
        )
    yield f"\n{summary_of(rows)}"
    if reasons := left_out(rows):
        yield "\nNot run:\n"
        yield from (f"- {', '.join(titles)}: {worded(why)}" for why, titles in reasons.items())
    yield "\nHow each is measured, and where its tolerance comes from:\n"
    told = dict.fromkeys((row.title, row.how) for row in rows)
    for title, how in told:
        whys = dict.fromkeys(
            f"{row.figure}: {row.why}" for row in rows if (row.title, row.how) == (title, how)
        )
        yield f"- {title}: {how}. {'; '.join(whys)}."
