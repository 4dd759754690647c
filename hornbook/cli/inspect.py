"""`hornbook inspect`: what went on inside a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hornbook.cli.arguments import RunArgument
from hornbook.cli.grammar import parse_for_run
from hornbook.cli.output import console, filled, notes, print_json, show_findings
from hornbook.cli.wording import worded
from hornbook.inspection.inspect import Inspection, inspect
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.runs import Run
from hornbook.storage import refuse_unwritable

DESCRIPTION = (
    "Look into a run: what its training says of its health, in words (what is amiss, why it "
    "matters, what to change), the figures of its layers and parameters, and one HTML page with "
    "all pictures, which stands by itself. Training has to have been watched: hornbook train "
    "DATA --watch."
)


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    out: str | None = None
    "Where to write the page; by default report.html in the run directory."
    no_page: bool = False
    "Write no page."
    pictures: str | None = None
    "Directory in which to write each picture of the page besides, as SVG."
    json: bool = False
    "Print the findings as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, look and tell."""
    options = parse_for_run("inspect", DESCRIPTION, Options, argv, lambda task: task.seen_with)
    opened = Run(options.run)
    page = None if options.no_page else Path(options.out or opened.directory.report)
    if page is not None:
        refuse_unwritable(page)
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
        notes().print(f"\nAll pictures: {escape(str(page))}")


def show(found: Inspection, out: Console) -> None:
    """The run, the tables, the findings."""
    out.print(f"[bold]{escape(str(found.run.path))}[/]: {escape(found.about)}\n")
    if not found.history:
        out.print(escape(worded(found.unwatched)))
        return
    out.print(filled(layer_table(found.history.last)))
    if found.bypassed:
        out.print(f"[dim]{escape(found.bypassed)}[/]")
    out.print()
    out.print(filled(parameter_table(found.history)))
    out.print()
    show_findings(found.findings, out)
