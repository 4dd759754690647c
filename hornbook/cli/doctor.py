"""`hornbook doctor`: data looked at before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hornbook.cli.alive import alive
from hornbook.cli.arguments import DataArguments
from hornbook.cli.choice import Chosen
from hornbook.cli.examples import examples
from hornbook.cli.grammar import parse_for_data
from hornbook.cli.output import (
    Console,
    console,
    escape,
    filled,
    notes,
    print_json,
    show_findings,
    table,
)
from hornbook.cli.wording import command, worded
from hornbook.records import as_json
from hornbook.reports import Report
from hornbook.sources.source import Source
from hornbook.tasks import choose_task

DESCRIPTION = """\
Check DATA for problems before training on it.

Examples:
{examples}

Reports how the data is read, its size, its vocabulary, duplicates, and leaks from train into dev \
and test, with advice for each finding.
"""


@dataclass(frozen=True)
class Options(DataArguments):
    """Data."""

    json: bool = False
    "Print the result as JSON."


def described(chosen: Chosen) -> str:
    """What help says."""
    return DESCRIPTION.format(examples=examples("doctor", chosen, {}, {"split": "90/10"}))


def run(argv: Sequence[str]) -> None:
    """Parse, examine and show."""
    options, source = parse_for_data("doctor", described, Options, argv)
    source = source or Source(options.data)
    task, _ = choose_task(source, options.task, None, options.loading.changed())
    with alive("Reading and checking the data", quiet=options.json):
        report = task.examine(source, options.loading)
    if options.json:
        print_json(report.figures or {"facts": report.facts, "findings": as_json(report.findings)})
    else:
        show(report, console())
        if report.proposed:
            notes().print("\nNext:")
        for action in report.proposed:
            notes().print(f"  {escape(command(action))}")


def show(report: Report, out: Console) -> None:
    """The facts, then the findings, the worst first."""
    rows = table("", "", left=2)
    rows.show_header = False
    for name, value in report.facts.items():
        # Of the facts only this one may propose a setting; others show the data as they are.
        said = worded(value) if name == "read as" else value
        rows.add_row(f"[bold]{escape(name)}[/]", escape(said))
    out.print(rows)
    out.print()
    for one in report.tables:
        out.print(filled(one))
        if one.beyond:
            out.print(f"… and {one.beyond:,} more; --json prints all.")
        out.print()
    show_findings(report.findings, out)
