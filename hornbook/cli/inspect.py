"""`hornbook inspect`: what went on inside a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from hornbook.cli.arguments import RunArgument, parse
from hornbook.cli.output import console, filled, print_json, show_findings
from hornbook.errors import SamplingError
from hornbook.inspection.inspect import Inspection, inspect
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.runs import Run
from hornbook.text.views.tree import grow

DESCRIPTION = (
    "Look into a run: what its training says of its health, in words (what is amiss, why it "
    "matters, what to change), the figures of its layers and parameters, and one HTML page with "
    "all pictures, which stands by itself. Training has to have been watched: hornbook train "
    "DATA --watch."
)


@dataclass(frozen=True)
class Arguments(RunArgument):
    """Run."""

    out: str | None = None
    "Where to write the page; by default report.html in the run directory."
    no_page: bool = False
    "Write no page."
    text: str | None = None
    "String that attention and hidden units are shown on (by default one from the data)."
    prefix: str | None = None
    "Where the tree of next symbols begins (by default the text's first two symbols)."
    pictures: str | None = None
    "Directory in which to write each picture of the page besides, as SVG."
    json: bool = False
    "Print the findings as JSON, and nothing else."


def run(argv: Sequence[str]) -> None:
    """Parse, look and tell."""
    arguments = parse(Arguments, "inspect", DESCRIPTION, argv)
    opened = Run(arguments.run)
    found = inspect(opened, text=arguments.text, prefix=arguments.prefix)
    if arguments.pictures is not None:
        found.save_pictures(Path(arguments.pictures))
    page = None
    if not arguments.no_page:
        page = found.write(arguments.out or opened.directory.report)
    if arguments.json:
        print_json({**found.as_dict(), "page": str(page) if page else None})
        return
    out = console()
    show(found, out)
    try:
        tree = grow(opened.model, opened.tokenizer, found.prefix).as_text()
    except SamplingError as error:
        tree = str(error)
    out.print(f"\nAfter {escape(repr(found.prefix))}:\n{escape(tree)}")
    if page:
        out.print(f"\nAll pictures: {escape(str(page))}")


def show(found: Inspection, out: Console) -> None:
    """The run, the tables, the findings."""
    out.print(f"[bold]{escape(str(found.run.path))}[/]: {escape(found.about)}\n")
    if not found.history:
        out.print(found.unwatched)
        return
    out.print(filled(layer_table(found.history.last)))
    if found.bypassed:
        out.print(f"[dim]{escape(found.bypassed)}[/]")
    out.print()
    out.print(filled(parameter_table(found.history)))
    out.print()
    show_findings(found.findings, out)
