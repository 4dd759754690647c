"""`hornbook runs`: the runs in a folder, with their figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from hornbook.actions import Action
from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, escape, notes, number, print_json, table
from hornbook.cli.wording import command
from hornbook.runs.listing import ListedRun, folders_tried, list_runs
from hornbook.settings import Given

DESCRIPTION = """\
List the runs in FOLDER and in the folders below it, the best first.

Examples:
  hornbook runs
  hornbook runs runs --json

Runs are sorted by data and then by the dev loss (or the measure that decides for that kind of \
data). Where a run has no dev split, the train loss is shown, and marked. A loss on a part of the \
split says on how much of it. Runs that cannot be read come last, with the reason.
"""
STYLES = {"diverged": "yellow", "damaged": "bold red", "training": "green", "stopped": "cyan"}


@dataclass(frozen=True)
class Arguments(OutputArgument):
    """Folder."""

    folder: Annotated[str, Given()] = "runs"
    "Folder that holds the runs."


def run(argv: Sequence[str]) -> None:
    """Parse, look and show."""
    arguments = parse(Arguments, "runs", DESCRIPTION, argv)
    found = list_runs(arguments.folder)
    if arguments.json:
        print_json([as_dict(row) for row in found])
    elif not found:
        notes().print(f"There are no runs in {escape(arguments.folder)}.")
        notes().print("Train one:  hornbook train DATA")
    else:
        show(found)
    for folder in () if arguments.json else folders_tried(arguments.folder):
        notes().print(
            f"Runs of best, or of compare:  {escape(command(Action('list_runs', (str(folder),))))}"
        )


def show(found: Sequence[ListedRun]) -> None:
    """A row for each run."""
    out = console()
    names = {row.measure for row in found if row.measure}
    measure = names.pop() if len(names) == 1 else "figure"
    rows = table(
        "run", "family", "data", "parameters", "steps", f"dev {measure}", "when", "status", left=3
    )
    rows.columns[6].justify = rows.columns[7].justify = "left"
    for row in found:
        style = STYLES.get(row.status)
        status = f"[{style}]{row.status}[/]" if style else row.status
        if row.note:
            status += f": {escape(row.note)}"
        rows.add_row(
            escape(str(row.path)), escape(row.family), escape(row.data),
            "" if row.parameters is None else f"{row.parameters:,}", steps(row), value(row),
            "" if row.changed is None else f"{row.changed:%Y-%m-%d %H:%M}", status,
        )  # fmt: skip
    out.print(rows)


def steps(row: ListedRun) -> str:
    """Steps done, of those asked for where these are more."""
    if row.steps is None or row.steps_asked is None:
        return ""
    done = f"{row.steps:,}"
    return done if row.steps >= row.steps_asked else f"{done} of {row.steps_asked:,}"


def value(row: ListedRun) -> str:
    """The deciding measure; on train where there is no dev, which is said."""
    if row.value is None:
        return ""
    split = "" if row.split == "dev" else f"{row.split} "
    part = row.measured_on is not None and not row.measured_on.is_whole
    of = f" (on {row.measured_on})" if part else ""
    return f"{split}{number(row.value, row.digits)}{of}"


def as_dict(row: ListedRun) -> dict[str, Any]:
    """A row for machines."""
    changed = row.changed.isoformat(timespec="seconds") if row.changed else None
    return {**dataclasses.asdict(row), "path": str(row.path), "changed": changed}
