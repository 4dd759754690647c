"""Listed runs as a table, as CSV, and as values for machines."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from hornbook.cli.output import console, escape, number, show_lines, table
from hornbook.cli.streams import write_result
from hornbook.errors import SettingsError
from hornbook.rendering import one_line
from hornbook.runs.columns import SPLITS, refuse_unknown, value_of
from hornbook.runs.listing import ListedRun

__all__ = ["as_dict", "print_csv", "selected", "show"]

STYLES = {"diverged": "yellow", "damaged": "bold red", "training": "green", "stopped": "cyan"}
MANY = 200  # rows from which the columns are as wide as their longest cell: to fold takes seconds
USUAL = ("run", "family", "data", "parameters", "steps", "figure", "when", "status")
IN_CSV = (*USUAL[:5], "measure", *SPLITS, "baseline", "seconds", *USUAL[6:], "tags", "note")
LEFT = {"run", "name", "task", "family", "data", "when", "status", "tags", "note", "ancestor",
        "measure"}  # fmt: skip


def show(found: Sequence[ListedRun], columns: Sequence[str] = ()) -> None:
    """A row for each run.

    Args:
        found: at least one.
        columns: to show; by default the usual ones, and what somebody wrote, where somebody did.
    """
    names = {row.measure for row in found if row.measure}
    measure = names.pop() if len(names) == 1 else "figure"
    if columns:
        refuse_columns(found, columns)
        heads = list(columns)
        rows = [[cell(row, column) for column in columns] for row in found]
    else:
        written = [name for name in ("tags", "note") if any(value_of(row, name) for row in found)]
        columns = (*USUAL, *written)
        heads = [f"dev {measure}" if name == "figure" else name for name in columns]
        rows = [[usual_cell(row, column) for column in columns] for row in found]
    left = [name in LEFT or not all_numbers(found, name) for name in columns]
    at = columns.index("status") if "status" in columns else -1
    styles = [STYLES.get(row.status, "") for row in found]
    if len(rows) >= MANY:
        show_lines(heads, rows, left, at, styles)
        return
    made = table(*map(escape, heads))
    for column, is_left in zip(made.columns, left, strict=True):
        column.justify = "left" if is_left else "right"
    for cells, style in zip(rows, styles, strict=True):
        shown = [escape(one) for one in cells]
        if at >= 0 and style:
            status, colon, why = shown[at].partition(":")
            shown[at] = f"[{style}]{status}[/]{colon}{why}"
        made.add_row(*shown)
    console().print(made)


def all_numbers(found: Sequence[ListedRun], column: str) -> bool:
    """Whether what is in a column are numbers."""
    values = [value_of(row, column) for row in found]
    return all(isinstance(one, int | float) for one in values if one is not None)


def usual_cell(row: ListedRun, column: str) -> str:
    """A cell of the table that is shown where no columns are named."""
    if column == "steps":
        return steps(row)
    if column == "figure":
        return value(row)
    return cell(row, column)


def cell(row: ListedRun, column: str) -> str:
    """A value for people."""
    held = value_of(row, column)
    if held is None:
        return ""
    if column == "status":
        return f"{status(row)}: {row.note}" if row.note else status(row)
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, datetime):
        return f"{held:%Y-%m-%d %H:%M}"
    if isinstance(held, tuple):
        return ", ".join(held)
    if isinstance(held, int):
        return f"{held:,}"
    if isinstance(held, float):
        split, _, measure = column.partition(".")
        figured = split in (*SPLITS, "figure", "baseline")
        own = figured and measure in ("", row.measure)
        return number(held, row.digits if own else 4) if figured else f"{held:g}"
    return held if column == "note" else one_line(held, len(held))


def status(row: ListedRun) -> str:
    """The status, and that it is archived."""
    return f"{row.status}, archived" if row.archived else row.status


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
    """A row for machines, without its settings: they can be had as columns."""
    held = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    del held["settings"]
    return {**held, "path": str(row.path), "changed": of_machine(row.changed)}


def selected(found: Sequence[ListedRun], columns: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """Some columns of the runs, for machines.

    Raises:
        SettingsError: if none of the runs has one of them.
    """
    refuse_columns(found, columns)
    return ({name: of_machine(value_of(row, name)) for name in columns} for row in found)


def refuse_columns(found: Sequence[ListedRun], columns: Sequence[str]) -> None:
    """Refuse columns that no run has, and one that is named twice.

    Raises:
        SettingsError: if there are.
    """
    for place, column in enumerate(columns):
        refuse_unknown(column, found, "columns", columns)
        if column in columns[:place]:
            raise SettingsError(f"`columns` has {column} twice.", setting="columns")


def of_machine(held: object) -> object:
    """A value as JSON and CSV have it."""
    return held.isoformat(timespec="seconds") if isinstance(held, datetime) else held


def print_csv(found: Sequence[ListedRun], columns: Sequence[str] = ()) -> None:
    """The runs as CSV, a row each, figures in full; tags with commas between them."""
    names = tuple(columns) or IN_CSV
    box = io.StringIO()
    writer = csv.writer(box, lineterminator="\n")
    writer.writerow(names)
    for row in selected(found, names):
        writer.writerow([
            ",".join(held) if isinstance(held, tuple) else held for held in row.values()
        ])  # fmt: skip
    write_result(box.getvalue())
