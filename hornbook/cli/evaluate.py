"""`hornbook evaluate`: what is measured of a run on whole splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape

from hornbook.cli.arguments import RunArgument
from hornbook.cli.grammar import parse_for_run
from hornbook.cli.output import console, number, print_json, table
from hornbook.runs import Run
from hornbook.tasks import Task

DESCRIPTION = "The figures of a run on each of its splits, every prediction counted."


@dataclass(frozen=True)
class Options(RunArgument):
    """Run."""

    json: bool = False
    "Print everything as JSON."


def run(argv: Sequence[str]) -> None:
    """Parse, evaluate and show."""
    options = parse_for_run(
        "evaluate", DESCRIPTION, Options, argv, lambda task: task.evaluated_with
    )
    opened = Run(options.run)
    found = opened.task.report(opened, options.settings)
    if options.json:
        print_json({name: held.as_dict() for name, held in found.items()})
    else:
        show(opened.task, {name: held.as_dict() for name, held in found.items()})


def show(task: Task[Any], found: Mapping[str, Mapping[str, float]]) -> None:
    """A row for each split: the task's figures, then counts."""
    names = list(dict.fromkeys(name for held in found.values() for name in held))
    digits = {measure.name: measure.digits for measure in task.figures}
    units = {measure.name: measure.unit or measure.name for measure in task.figures}
    rows = table("split", *(units.get(name, name) for name in names))
    for split, held in found.items():
        cells = [cell(held.get(name), digits.get(name, 4)) for name in names]
        rows.add_row(escape(split), *cells)
    console().print(rows)


def cell(value: float | None, digits: int) -> str:
    """A figure in a table; counts are whole."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else number(value, digits)
