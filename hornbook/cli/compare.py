"""`hornbook compare`: which of several models is really better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated

from hornbook.cli.choice import Chosen, choose
from hornbook.cli.examples import examples
from hornbook.cli.grammar import parse_for_data
from hornbook.cli.output import (
    console,
    escape,
    filled,
    notes,
    number,
    print_json,
    refuse_two_forms,
)
from hornbook.cli.progress import Teller
from hornbook.cli.streams import write_result
from hornbook.cli.tellers import listening
from hornbook.cli.wording import worded
from hornbook.experiments.compare.comparing import SEEDS, compare
from hornbook.experiments.compare.comparison import ModelComparison
from hornbook.experiments.compare.events import (
    Measuring,
    Planned,
    TrialBegan,
    TrialEnded,
)
from hornbook.experiments.compare.joined import is_run, refuse_no_data
from hornbook.experiments.compare.page import headline, remarks
from hornbook.experiments.compare.tables import ablation_table, board_table, rank_table
from hornbook.experiments.events import TrainingTogether
from hornbook.rendering import duration, many
from hornbook.reports.markdown import markdown_table
from hornbook.runs import Run
from hornbook.runs.events import (
    Compiling,
    Event,
    Fetched,
    Loaded,
    Noted,
    Pieced,
    Progressed,
    Warned,
)
from hornbook.settings import Given
from hornbook.tasks import task_of_family

DESCRIPTION = """\
Tell which of several models is really better on DATA, by more than luck.

Examples:
{examples}
  hornbook compare runs/counts runs/net

Every net is trained with the same budget and with several seeds. Beside them stands what is made \
in one pass over the data: n-grams, means and neighbours, trees. All are measured on the whole of \
dev and test. The best on dev comes first, and each line is held against the next, on test: \
whether it is ahead by more than luck, of the examples that were drawn and of the seeds.

Several DATA are compared apart, and models ranked over all of them. A RUN that is there already \
joins, if its data are the same; runs alone are compared as they are.

--change makes an ablation: each setting changed alone, and where there are several, all of them, \
and all but each.

If you stop it with Ctrl-C, or it is killed, the same command continues where it was. With more \
seeds, models or changes it trains only what is missing.
"""


@dataclass(frozen=True)
class Options:
    """Compare."""

    data: Annotated[tuple[str, ...], Given("DATA")]
    "Data sets, each a file, a folder of files, - or the name of a data set; and run directories."
    task: str | None = None
    "Kind of data; by default it is decided from the first file."
    models: tuple[str, ...] = ()
    "Families to compare; by default all nets that fit the data."
    seconds: float | None = None
    """Time to train each net, in seconds (30, if nothing else is said). Compiling for this machine,
    once, may come on top."""
    minutes: float | None = None
    "The same in minutes."
    steps: int | None = None
    "Steps to train each net, instead of a time."
    parameters: int | None = None
    "Make each net about so large, by the widths of its layers."
    seeds: tuple[int, ...] = (SEEDS,)
    "One number: how many seeds; several: these seeds."
    settings: tuple[str, ...] = ()
    "Settings as NAME=VALUE, or FAMILY.NAME=VALUE for one family alone."
    change: tuple[str, ...] = ()
    "Settings to change, each alone: an ablation."
    out: str | None = None
    "Directory for all of it; by default runs/NAME-compare."
    jobs: int = 1
    "Processes that train at the same time."
    together: bool = True
    "Train small nets of a family together, where --steps are given; --no-together: one by one."
    markdown: bool = False
    "Print only the tables, in Markdown."
    json: bool = False
    "Print only the result, as JSON."


def described(chosen: Chosen) -> str:
    """What help says."""
    nets = [name for name, line in chosen.task.families.items() if line.trained]
    return DESCRIPTION.format(examples=examples("compare", chosen, {"models": nets[-2:]}))


def run(argv: Sequence[str]) -> None:
    """Parse, compare and show."""
    options, _ = parse_for_data("compare", described, Options, argv, chosen_by(argv))
    refuse_two_forms(markdown=options.markdown, json=options.json)
    seeds = options.seeds[0] if len(options.seeds) == 1 else options.seeds
    given = {} if all(map(is_run, options.data)) else options.loading.as_dict()
    with listening(ComparingTeller(), quiet=options.json or options.markdown) as listen:
        found = compare(
            *options.data,
            models=options.models,
            seconds=options.seconds,
            minutes=options.minutes,
            steps=options.steps,
            parameters=options.parameters,
            seeds=seeds,
            settings=options.settings,
            change=options.change,
            out=options.out,
            jobs=options.jobs,
            together=options.together,
            task=options.task,
            listen=listen,
            **given,
        )
    if options.json:
        print_json(found.as_dict())
    elif options.markdown:
        write_result("".join(f"{line}\n" for line in markdown(found)))
    else:
        show(found)


def chosen_by(argv: Sequence[str]) -> Chosen | None:
    """What the first data are, or the task of the first run; None where neither stands first.

    Raises:
        HornbookError: if nobody claims the data, they are a comparison's folder, or the run cannot
            be read.
    """
    words = list(takewhile(lambda word: word == "-" or not word.startswith("-"), argv))
    for word in words:
        refuse_no_data(word)
    data = [word for word in words if not is_run(word)]
    if not words:
        return None
    if not data:
        task = Run(words[0]).task
        return Chosen(task, task.usual_family(None, {}), None)
    flags = list(argv[len(words) :])
    named = next(iter(models_typed(flags)), None)
    meant = None if named is None else task_of_family(named)
    if meant is not None and "--task" not in flags:
        flags += ["--task", meant.name]  # as with --model of train
    return choose("compare", [data[0], *flags])


def models_typed(flags: Sequence[str]) -> list[str]:
    """The families that stand behind `--models`."""
    for at, word in enumerate(flags):
        if word.startswith("--models="):
            return [word.partition("=")[2]]
        if word == "--models":
            return list(takewhile(lambda one: not one.startswith("-"), flags[at + 1 :]))
    return []


class ComparingTeller(Teller):
    """Tells how a comparison goes: a line for each run, and a live line while one is trained."""

    doing = ""

    def tell(
        self, event: Event | Planned | TrialBegan | TrialEnded | TrainingTogether | Measuring
    ) -> None:
        """Say what is to be said of an event."""
        self.alive.end()
        if isinstance(event, Planned):
            self.planned(event)
        elif isinstance(event, TrialBegan):
            self.doing = f"Working on {event.trial.name} ({event.number} of {event.of})"
        elif isinstance(event, TrainingTogether):
            what = f"{many(event.runs, 'run')} of {event.family} together"
            self.doing = f"Working on {what} ({event.ended} ended)"
        elif isinstance(event, TrialEnded):
            self.ended_trial(event)
        elif isinstance(event, Measuring):
            self.doing = f"Measuring {event.name} ({event.number} of {event.of})"
        elif isinstance(event, Noted) and not self.doing.startswith("Working"):
            self.told(event)  # in a run's training there is too much to note
        elif isinstance(event, Compiling | Fetched | Loaded | Pieced | Progressed | Warned):
            self.told(event)
        if self.bar is None and not isinstance(event, TrialEnded):
            self.alive.begin(self.doing or "Reading the data")

    def planned(self, event: Planned) -> None:
        """Say what comes, and how long that takes."""
        left = event.trials - event.made
        about = f", about {duration(event.seconds)} of training in all" if event.seconds else ""
        are = "is" if event.made == 1 else "are"
        known = f" ({event.made:,} {are} there already)" if event.made else ""
        self.console.print(
            f"[bold]{escape(event.data)}[/]: {many(left, 'run')} to make{about}{known}"
        )
        self.doing = f"Preparing the runs on {event.data}"

    def ended_trial(self, event: TrialEnded) -> None:
        """Say what it reached."""
        self.close()
        name, place = escape(event.trial.name), f"{event.number}/{event.of}"
        if event.refused:
            self.console.print(f"  {place} {name} left out: {escape(worded(event.refused))}")
        elif event.reached is not None:
            known = " (from an earlier start)" if event.known else ""
            self.console.print(f"  {place} {name}: {number(event.reached)} on dev{known}")


def show(found: ModelComparison) -> None:
    """The boards, what they tell, and where all of it is."""
    say = notes().print
    for board in found.boards:
        say()
        if len(found.boards) > 1:
            console().print(f"[bold]{escape(board.data)}[/]")
        console().print(filled(board_table(board)))
        if board.parts:
            console().print()
            console().print(filled(ablation_table(board, board.parts)))
        say(f"\n{escape(headline(board))}")
        say(escape(board.told_by))
        for line in remarks(board):
            say(escape(worded(line)))
    if found.ranks:
        say()
        console().print(filled(rank_table(found.ranks, found.boards)))
    say(f"\nAll runs, curves and tables are in {escape(str(found.folder))}.")
    say(f"The page: {escape(str(found.page))}")


def markdown(found: ModelComparison) -> Iterator[str]:
    """The boards, and all of them as one, with what decides the verdicts."""
    for board in found.boards:
        yield f"### {board.data}\n"
        yield markdown_table(board_table(board))
        if board.parts:
            yield ""
            yield markdown_table(ablation_table(board, board.parts))
        yield f"\n{headline(board)} {board.told_by}\n"
        yield from (f"- {worded(line)}" for line in remarks(board))
        yield ""
    if found.ranks:
        yield "### All data\n"
        yield markdown_table(rank_table(found.ranks, found.boards))
