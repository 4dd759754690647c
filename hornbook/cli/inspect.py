"""`hornbook inspect`: what went on inside a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hornbook.cli.alive import alive
from hornbook.cli.arguments import RunArgument
from hornbook.cli.grammar import parse_for_run
from hornbook.cli.output import console, filled, notes, print_json, show_findings
from hornbook.cli.wording import worded
from hornbook.inspection.inspect import Inspection, inspect
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.runs import Run
from hornbook.storage import refuse_unwritable

DESCRIPTION = """\
Diagnose the training of RUN: what went wrong, why it matters, and what to change.

Examples:
  hornbook inspect runs/net
  hornbook inspect runs/net --no-page

Prints the findings and tables of layers and parameters, and writes a self-contained HTML page \
with all figures. Findings on training need a run that was trained with --watch.
"""


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    out: str | None = None
    "File for the HTML page; by default report.html in the run directory."
    no_page: bool = False
    "Do not write the page."
    pictures: str | None = None
    "Also save each picture of the page as SVG, in this directory."
    json: bool = False
    "Print only the findings, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, look and tell."""
    options = parse_for_run("inspect", DESCRIPTION, Options, argv, lambda task: task.seen_with)
    opened = Run(options.run)
    page = None if options.no_page else Path(options.out or opened.directory.report)
    if page is not None:
        refuse_unwritable(page)
    with alive("Examining the model and drawing its figures", quiet=options.json):
        found = inspect(opened, **options.settings.as_dict())
        if options.pictures is not None:
            found.save_pictures(Path(options.pictures))
        if page is not None:
            found.write(page)
    if options.json:
        print_json({**found.as_dict(), "page": str(page) if page else None})
        return
    out = console()
    show(found, out)
    for text in found.written():
        out.print(f"\n{escape(text)}")
    if page:
        notes().print(f"\nAll figures: {escape(str(page))}")


def show(found: Inspection, out: Console) -> None:
    """The run, the tables, the findings."""
    out.print(f"[bold]{escape(str(found.run.path))}[/]: {escape(found.about)}\n")
    if not found.history:
        out.print(escape(worded(found.unwatched)))
        if found.findings:
            out.print()
            show_findings(found.findings, out)
        return
    out.print(filled(layer_table(found.history.last)))
    if found.bypassed:
        out.print(f"[dim]{escape(found.bypassed)}[/]")
    out.print()
    out.print(filled(parameter_table(found.history)))
    out.print()
    show_findings(found.findings, out)
