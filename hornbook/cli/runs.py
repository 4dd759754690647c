"""`hornbook runs`: the runs in a folder, with their figures; and what can be done with runs."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from hornbook.actions import Action
from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import escape, notes, print_json, refuse_two_forms
from hornbook.cli.runs_table import as_dict, print_csv, selected, show
from hornbook.cli.wording import command
from hornbook.rendering import many
from hornbook.runs.listing import folders_tried, list_runs
from hornbook.settings import Given

PARTS = {
    "diff": "hornbook.cli.runs_diff:diff",
    "tag": "hornbook.cli.runs_notes:tag",
    "note": "hornbook.cli.runs_notes:note",
    "archive": "hornbook.cli.runs_notes:archive",
    "unarchive": "hornbook.cli.runs_notes:unarchive",
    "remove": "hornbook.cli.runs_remove:remove",
}
"What can be typed after `runs`; a folder of such a name is ./diff."

FOLDERS = 3  # of runs that were tried or compared, which are named
DESCRIPTION = """\
List the runs in FOLDER and in the folders below it, the best first.

Examples:
  hornbook runs
  hornbook runs runs --where family=bigram "dev<3" --sort parameters

With runs:
  runs diff RUN RUN       what is other: settings, figures, curves
  runs tag RUN --add TAG  mark runs, to find them by --where tag=TAG
  runs note RUN TEXT      write a note beside a run
  runs archive RUN        leave runs out of the list (runs unarchive RUN)
  runs remove RUN         delete runs for good

Runs are sorted by data and then by the dev loss (or the measure that decides for that kind of \
data). Where a run has no dev split, the train loss is shown, and marked. A loss on a part of the \
split says on how much of it. Runs that cannot be read come last, with the reason.

Columns: name, task, family, data, parameters, steps, dev, train (the deciding measure there), \
dev.NAME (any measure), baseline, seconds, when, status, tags, note, ancestor, and any setting of \
the runs by its name, such as learning_rate.
"""


@dataclass(frozen=True)
class Arguments(OutputArgument):
    """Folder."""

    folder: Annotated[str, Given()] = "runs"
    "Folder that holds the runs."
    where: tuple[str, ...] = ()
    """List only runs for which all of this holds: a column, one of = != < <= > >= ~ (has in it),
    and a value, or several with commas. Quote what has < or > in it."""
    sort: str = ""
    """Sort by this column: the best figure first, else the smallest. -COLUMN: the other way
    round."""
    columns: tuple[str, ...] = ()
    "Show these columns."
    archived: bool = False
    "List archived runs, too."
    csv: bool = False
    "Print the result as CSV."


def run(argv: Sequence[str]) -> None:
    """Parse, look and show; or do what the first word says."""
    if argv and argv[0] in PARTS:
        module, _, name = PARTS[argv[0]].partition(":")
        getattr(importlib.import_module(module), name)(argv[1:])
        return
    arguments = parse(Arguments, "runs", DESCRIPTION, joined(argv))
    refuse_two_forms(csv=arguments.csv, json=arguments.json)
    every = list_runs(arguments.folder, where=arguments.where, sort=arguments.sort, archived=True)
    found = [row for row in every if arguments.archived or not row.archived]
    if arguments.json:
        rows = selected(found, arguments.columns) if arguments.columns else map(as_dict, found)
        print_json(list(rows))
        return
    if arguments.csv:
        print_csv(found, arguments.columns)
        return
    if found:
        show(found, arguments.columns)
    elif arguments.where:
        held = " and ".join(arguments.where)
        notes().print(f"No run in {escape(arguments.folder)} meets {escape(held)}.")
    elif not every:
        notes().print(f"There are no runs in {escape(arguments.folder)}.")
        notes().print("Train one:  hornbook train DATA")
    asked = [*arguments.columns, *filter(None, [arguments.sort]), *arguments.where]
    if untested := without_test(arguments.folder, asked):
        notes().print(escape(untested))
    if hidden := len(every) - len(found):
        notes().print(f"{many(hidden, 'archived run')} not listed: --archived")
    tried = folders_tried(arguments.folder)
    for folder in tried[:FOLDERS]:
        notes().print(
            f"Runs of an experiment:  {escape(command(Action('list_runs', (str(folder),))))}"
        )
    if len(tried) > FOLDERS:
        notes().print(f"and {many(len(tried) - FOLDERS, 'more folder')} of such runs.")


def without_test(folder: str, asked: Sequence[str]) -> str:
    """Why there are no figures on test, where they were asked for and no run has one."""
    names = [re.split(r"[^\w.]", word.removeprefix("-"))[0] for word in asked]
    if not any(name.partition(".")[0] == "test" for name in names):
        return ""
    if any("test" in row.figures for row in list_runs(folder, archived=True)):
        return ""
    return (
        "No run keeps a figure on test: it is measured when somebody asks for it, so that nothing "
        f"is chosen by it. {command(Action('evaluate', ('RUN',)))} measures it; of runs that were "
        "compared it stands in the runs.csv of their comparison."
    )


def joined(argv: Sequence[str]) -> list[str]:
    """The words with `--sort -COLUMN` as one: the parser would take the column for a flag."""
    found: list[str] = []
    for word in argv:
        if found and found[-1] == "--sort" and word[:1] == "-" and word[:2] != "--":
            found[-1] = f"--sort={word}"
        else:
            found.append(word)
    return found
