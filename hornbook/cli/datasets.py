"""`hornbook datasets`: the data sets that can be named instead of a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hornbook.cli.arguments import OutputArgument, parse
from hornbook.cli.output import console, notes, print_json, table
from hornbook.sources.datasets import DATASETS

DESCRIPTION = """\
List the data sets that can be used by name instead of a file.

Examples:
  hornbook datasets
  hornbook datasets --json
"""


def run(argv: Sequence[str]) -> None:
    """Parse and show."""
    arguments = parse(OutputArgument, "datasets", DESCRIPTION, argv)
    if arguments.json:
        print_json({name: dataclasses.asdict(held) for name, held in DATASETS.items()})
        return
    rows = table("name", "description", "mode", "bytes", "source", left=3)
    rows.columns[-1].justify = "left"
    for name, held in DATASETS.items():
        place = "bundled" if held.bundled else "download"
        rows.add_row(name, held.title, held.mode, f"{held.bytes:,}", place)
    console().print(rows)
    notes().print("\nTrain on one:  hornbook train NAME")
