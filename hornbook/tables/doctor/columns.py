"""The table of all columns: what each is read as, why, and what stands in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hornbook.records import JSON, JSONObject
from hornbook.rendering import amount, clip
from hornbook.reports import Table
from hornbook.tables.doctor.examined import Examined, percent
from hornbook.tables.frame import as_seconds
from hornbook.tables.kinds import Column, Seen
from hornbook.tables.splits import told
from hornbook.tables.written_dates import NO_DATE

__all__ = ["figures", "table_of_columns"]

HEADS = ("column", "read as", "why", "missing", "distinct", "values")
SHOWN = 3  # commonest values
NAME, REASON, VALUE = 28, 44, 18  # characters


def table_of_columns(examined: Examined) -> Table:
    """A row for each column, in the order of the file."""
    rows = []
    for name, seen in examined.seen.items():
        column = examined.columns.get(name)
        kind, why = ("target", "") if column is None else (column.kind, column.reason)
        if column is None and examined.known is not None:
            why = examined.known.why
        missing = seen.raw.n - seen.known
        rows.append(
            (
                clip(name, NAME), kind, clip(why, REASON),
                percent(missing, seen.raw.n, 1) if missing else "",
                f"{distinct(seen):,}" if not seen.raw.too_long else "many",
                values_of(seen, column),
            )
        )  # fmt: skip
    return Table(HEADS, tuple(rows), left=3)


def distinct(seen: Seen) -> int:
    """How many different values there are."""
    return seen.distinct if seen.known else 0


def values_of(seen: Seen, column: Column | None) -> str:
    """The range of numbers and dates, or the commonest of other values."""
    if not seen.known or seen.raw.too_long:
        return ""
    if column is not None and column.kind == "date":
        seconds = as_seconds(seen.raw, column.form)
        seconds = seconds[seconds != NO_DATE]
        if len(seconds):
            return f"{told(float(seconds.min()), True)} to {told(float(seconds.max()), True)}"
    as_numbers = column.kind == "number" if column is not None else seen.of_numbers
    if as_numbers and len(seen.values) and distinct(seen) > 2:
        numbers = seen.raw.as_numbers()
        median = float(np.nanmedian(numbers))
        return f"{amount(seen.values[0])} to {amount(seen.values[-1])}, median {amount(median)}"
    codes, labels = seen.raw.as_labels()
    counts = np.bincount(codes[codes >= 0], minlength=len(labels))
    top = np.argsort(-counts, kind="stable")[:SHOWN]
    if counts[top[0]] == 1:
        return f"such as {clip(labels[int(top[0])], VALUE)!r}"
    return ", ".join(
        f"{clip(labels[int(one)], VALUE)} {percent(int(counts[one]), seen.known)}" for one in top
    )


def figures(examined: Examined) -> Sequence[JSONObject]:
    """The same for machines."""
    found: list[JSONObject] = []
    for name, seen in examined.seen.items():
        column = examined.columns.get(name)
        one: dict[str, JSON] = {
            "name": name,
            "kind": "target" if column is None else column.kind,
            "reason": "" if column is None else column.reason,
            "missing": (seen.raw.n - seen.known) / seen.raw.n,
            "distinct": None if seen.raw.too_long else distinct(seen),
        }
        if seen.n_numbers and not seen.raw.too_long:
            one["low"], one["high"] = float(seen.values[0]), float(seen.values[-1])
        if column is not None and column.kind != "left out" and examined.known is not None:
            one["alone"] = examined.alone[name].score
        found.append(one)
    return found
