"""`hornbook inspect`: what went on inside a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hornbook.cli.alive import alive
from hornbook.cli.arguments import ModelArguments
from hornbook.cli.grammar import parse_for_run
from hornbook.cli.opening import opened_run
from hornbook.cli.output import Console, console, escape, filled, notes, print_json, show_findings
from hornbook.cli.overview import show_overview
from hornbook.cli.page_wording import COMMANDS
from hornbook.cli.wording import worded
from hornbook.errors import RunError, SettingsError
from hornbook.inspection.inspect import Inspection, inspect, make_folder
from hornbook.inspection.tables import layer_table, parameter_table
from hornbook.outputs import writable_format

DESCRIPTION = """\
Report on RUN: what it learned and how well, what it makes, what is wrong and what to change.

Examples:
  hornbook inspect runs/net
  hornbook inspect runs/net --no-page

Prints an overview, then the findings and tables of layers and parameters, and writes one \
self-contained HTML page, to read or to send: how good the model is beside counting, loss curves, \
samples, all figures, and the command that made it. Findings on training need a run that was \
trained with --watch.
"""


@dataclass(frozen=True)
class Options(ModelArguments):
    """Run."""

    out: str | None = None
    "File for the HTML page; by default report.html in the run directory."
    title: str = ""
    "Title of the report; by default one that names the data."
    no_page: bool = False
    "Do not write the page."
    pictures: str | None = None
    "Also save each picture of the page as SVG, in this directory."
    json: bool = False
    "Print only the findings, as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, look and tell."""
    options = parse_for_run("inspect", DESCRIPTION, Options, argv, lambda task: task.seen_with)
    opened = opened_run(options.run, options.device)
    # What was asked for by name is refused before the work.
    if options.out is not None:
        writable_format(Path(options.out), "html")
    if options.pictures is not None:
        if not options.pictures:
            raise SettingsError("The name of the directory for pictures is empty.")
        make_folder(Path(options.pictures))
    with alive("Examining the model", quiet=options.json):
        found = inspect(opened, title=options.title, **options.settings.as_dict())
    if not options.json:
        show(found, console())
        sys.stdout.flush()
    with alive("Drawing the figures", quiet=options.json):
        if options.pictures is not None:
            found.save_pictures(Path(options.pictures))
        page = None if options.no_page else write_page(found, options.out)
    if options.json:
        print_json({**found.as_dict(), "page": str(page) if page else None})
    elif page:
        notes().print(f"\nThe report, with all figures: {escape(str(page))}")
        if quoted := found.overview.quoted:
            notes().print(escape(worded(quoted)))


def write_page(found: Inspection, out: str | None) -> Path | None:
    """Write the page; None, with a warning, if it cannot be put where nobody asked for it.

    Raises:
        RunError: if it cannot be written to `out`.
    """
    if out is not None:
        return found.write(out, COMMANDS)
    page = found.run.directory.report
    try:
        return found.write(page, COMMANDS)
    except (RunError, OSError, MemoryError) as error:
        why = error.message if isinstance(error, RunError) else str(error) or "Out of memory."
        notes().print(
            f"\n[yellow]Warning:[/] the page of figures is missing. {escape(worded(why))} "
            "Give --out to write it to another file."
        )
        return None


def show(found: Inspection, out: Console) -> None:
    """An overview, then the tables, the findings, and the views that are text."""
    show_overview(found, out)
    show_training(found, out)
    before = ""
    for text in found.written():
        apart = "" if before and "\n" not in before + text else "\n"  # single lines stand together
        out.print(f"{apart}{escape(text)}")
        before = text


def show_training(found: Inspection, out: Console) -> None:
    """What was recorded of the training, and the findings in full."""
    if found.history:
        out.print(f"\n[bold]Layers, at update {found.history.last.step:,}[/]")
        out.print(filled(layer_table(found.history.last)))
        if found.bypassed:
            out.print(f"[dim]{escape(found.bypassed)}[/]")
        out.print("\n[bold]Parameters[/]")
        out.print(filled(parameter_table(found.history)))
    else:
        out.print(f"\n{escape(worded(found.unwatched))}")
    if found.findings:
        out.print("\n[bold]Problems[/]")
        show_findings(found.findings, out)
