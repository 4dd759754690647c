"""Checks of a table: CHECKS, the table of every check, and those of columns and rows.

A check takes the examined table and yields what it finds. Those of the target are in target, those
of splits in splits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.rendering import amount, clip, many
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.dependencies import told_of_given
from hornbook.tables.doctor.examined import Examined, percent
from hornbook.tables.doctor.spelled import several_spellings
from hornbook.tables.doctor.splits import (
    GROUPS,
    drift,
    duplicates_across,
    group_leak,
    never_in_train,
    no_dev,
    splits_refused,
    time_leak,
)
from hornbook.tables.doctor.target import (
    combination,
    few_values,
    gives_away,
    imbalance,
    no_target,
    rare_classes,
    skewed,
    zeros,
)
from hornbook.tables.frame import Numbers
from hornbook.tables.kinds import ASKED, date_form
from hornbook.tables.number_form import is_some_number

__all__ = ["CHECKS"]

MISSING = 0.5
FAR = 20.0  # times the middle half's width
SHOWN = 5


def unreadable(examined: Examined) -> Iterator[Finding]:
    """Cells that are not what their column is, or a setting that does not fit."""
    error = examined.understood[1]
    if error is not None:
        yield Finding("unreadable", "problem", "The table cannot be read as it is", error.message,
                      error.hint or "Correct the file.")  # fmt: skip


def skipped(examined: Examined) -> Iterator[Finding]:
    """Rows that are left out, since it was asked for."""
    known = examined.known
    if known is None or not known.faults or examined.understood[1] is not None:
        return
    gone, n = int(known.bad.sum()) + examined.table.n_ragged, known.table.n
    n += examined.table.n_ragged
    shown = "; ".join(one.line for one in known.faults[:SHOWN])
    yield Finding(
        "skipped", "warning" if gone > 0.01 * n else "note",
        f"{many(gone, 'row')} of {n:,} left out ({percent(gone, n, 1)})",
        f"They cannot be read: {shown}{'; …' * (len(known.faults) > SHOWN)}.",
        "Look at some of them: if they have something in common, a model will know nothing of such "
        "rows.",
    )  # fmt: skip


def too_little(examined: Examined) -> Iterator[Finding]:
    """Few rows."""
    n, columns = examined.table.n, len(examined.table.names)
    if n < 200:
        yield Finding(
            "too-little", "warning", "There is very little data",
            f"{many(n, 'row')} of {many(columns, 'column')}. What is measured on dev is uncertain.",
            "Get more data, and compare every model with `model=linear`.",
        )  # fmt: skip
    elif columns > n:
        yield Finding(
            "more-columns-than-rows", "warning", "There are more columns than rows",
            f"{many(n, 'row')} of {many(columns, 'column')}: of so many some go with any target "
            "in train, and tell nothing of other rows.",
            "Keep the columns that can matter, and compare every model with `model=linear`.",
        )  # fmt: skip


def texts_for_numbers(examined: Examined) -> Iterator[Finding]:
    """Columns of numbers with many texts, and dates that are read as numbers or texts."""
    for name, column in examined.columns.items():
        seen = examined.seen[name]
        if column.reason == ASKED or not seen.known or seen.raw.too_long:
            continue
        if column.kind in ("category", "left out") and seen.is_mixed:
            text = seen.odd_text
            yield Finding(
                "numbers-as-text", "warning", f"{name!r} holds numbers and texts",
                f"{percent(seen.n_numbers, seen.known)} of its cells are numbers; others are "
                f"texts, such as {clip(text)!r}. It is {told_kind(column.kind)}.",
                f"Write all its numbers in one way, such as {seen.raw.form.example()}."
                if is_some_number(text)
                else "If that text means that nothing is known, set "
                f"`{examined.more('missing', text)}`.",
            )  # fmt: skip
        elif column.kind in ("category", "left out") and seen.unread:
            yield Finding(
                "unread", "warning", f"{name!r} holds texts that look like numbers or times",
                f"It holds {seen.unread.partition(': ')[0]}. It is {told_kind(column.kind)}.",
                seen.unread.partition(": ")[2].capitalize() + ".",
            )  # fmt: skip
        if column.kind == "number" and date_form(seen, asked=True):
            yield Finding(
                "dates-as-numbers", "note", f"{name!r} may hold dates",
                f"All its numbers are dates if read as {date_form(seen, asked=True)}; it is read "
                "as a number.",
                f"If they are dates, set `{examined.more('dates', name)}`.",
            )  # fmt: skip


def told_kind(kind: str) -> str:
    """What is done with a column."""
    return "left out" if kind == "left out" else "read as a category"


def decimal_commas(examined: Examined) -> Iterator[Finding]:
    """Numbers with commas, which may be meant otherwise."""
    found = [
        name for name, column in examined.columns.items()
        if column.kind == "number" and examined.seen[name].raw.codes is not None
        and examined.seen[name].raw.style != "plain"
    ]  # fmt: skip
    if found:
        raw = examined.seen[found[0]].raw
        cell = next((text for text in raw.told if "," in text or "." in text), raw.told[0])
        value = float(raw.text_numbers[raw.texts.index(cell)])
        yield Finding(
            "commas", "note", "Numbers are written with commas",
            f"{listed(found)}: {clip(cell)!r} is read as {value:,.10g}.",
            "Nothing needs to be done if that is what is meant.",
        )  # fmt: skip


def same_columns(examined: Examined) -> Iterator[Finding]:
    """Columns that say the same."""
    if examined.known is None:
        return
    rows = examined.sample
    by_pattern: dict[bytes, list[str]] = {}
    for name, column in examined.inputs.items():
        taken = column.take(rows)
        cells: npt.NDArray[Any] = (
            taken.values if isinstance(taken, Numbers)
            else getattr(taken, "codes", getattr(taken, "seconds", np.empty(0)))
        )  # fmt: skip
        by_pattern.setdefault(pattern(cells), []).append(name)
    for names in by_pattern.values():
        if len(names) > 1:
            yield Finding(
                "same-columns", "note", "Some columns say the same",
                f"{listed(names)}: where one has the same value in two rows, so have the others.",
                f"Keep one of them: `{examined.more('ignore', *names[1:])}`.",
            )  # fmt: skip


def pattern(cells: npt.NDArray[Any]) -> bytes:
    """Which rows have equal values, whatever these are: each is numbered as it first occurs."""
    _, first, inverse = np.unique(cells, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int32)
    order[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return order[inverse].tobytes()


def left_out(examined: Examined) -> Iterator[Finding]:
    """Columns that no model reads: constant, empty, identifiers, free text."""
    out = {n: c for n, c in examined.columns.items()
           if c.kind == "left out" and c.reason != ASKED}  # fmt: skip
    if out:
        yield Finding(
            "left-out", "note", f"{many(len(out), 'column')} left out",
            "; ".join(f"{clip(name)!r}: {column.reason}" for name, column in
                      list(out.items())[:SHOWN]) + ("; …" if len(out) > SHOWN else "."),
            "To read one all the same, name it: "
            f"`{examined.more('categorical', next(iter(out)))}`.",
        )  # fmt: skip


def much_missing(examined: Examined) -> Iterator[Finding]:
    """Columns that are mostly empty."""
    found = {
        name: 1 - examined.seen[name].known / examined.table.n
        for name, column in examined.columns.items() if column.kind != "left out"
    }  # fmt: skip
    found = {name: share for name, share in found.items() if share > MISSING}
    if found:
        told = ", ".join(f"{clip(name)!r} {percent(share, 1)}" for name, share in
                         sorted(found.items(), key=lambda pair: -pair[1])[:SHOWN])  # fmt: skip
        yield Finding(
            "much-missing", "note", "Some columns are mostly empty",
            f"Missing: {told}. A missing value is a category of its own, and has a flag beside the "
            "median of numbers.",
            "If they tell nothing, leave them out: "
            f"`{examined.more('ignore', *list(found)[:SHOWN])}`.",
        )  # fmt: skip


def marks_and_outliers(examined: Examined) -> Iterator[Finding]:
    """Values far from all others: one that recurs is rather a mark of what is missing."""
    for name, column in examined.columns.items():
        if column.kind != "number":
            continue
        values = examined.seen[name].raw.as_numbers()
        known = values[~np.isnan(values)]
        if len(known) < 50:
            continue
        low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
        width = high - low
        with np.errstate(over="ignore"):
            far = np.abs(values - middle) > FAR * width
        count = int(far.sum())
        if width <= 0 or not count or count > 0.05 * len(known):
            continue
        worst = int(np.nanargmax(np.where(far, np.abs(values - middle), -1)))
        value, times = values[worst], int((values == values[worst]).sum())
        whole = abs(value) in (99, 999, 9999, 99999, 999999) or value == -1
        if times >= 5 and times == count and (whole or value < 0 <= known[known != value].min()):
            yield Finding(
                "mark-of-missing", "warning", f"{value:g} in {name!r} may mean that it is missing",
                f"It occurs {times:,} times, and no other value is near it: the middle half lies "
                f"between {amount(low)} and {amount(high)}.",
                f"If it does, set `{examined.more('missing', f'{value:g}')}`.",
            )  # fmt: skip
        elif count <= max(3, 0.001 * len(known)):
            yield Finding(
                "outliers", "note", f"{name!r} has values far from all others",
                f"{many(count, 'value')}, such as {amount(value)} ({examined.table.place(worst)}); "
                f"the middle half lies between {amount(low)} and {amount(high)}.",
                "Check whether they are right.",
            )  # fmt: skip


def many_categories(examined: Examined) -> Iterator[Finding]:
    """Categories with few rows each."""
    found = []
    for name, column in examined.columns.items():
        seen = examined.seen[name]
        if seen.words & GROUPS:
            continue  # told of as a group
        if column.kind == "category" and seen.distinct > 50 and seen.known < 10 * seen.distinct:
            found.append(name)
    for name in found[:SHOWN]:
        seen = examined.seen[name]
        yield Finding(
            "many-categories", "warning", f"{name!r} has many categories for its rows",
            f"{seen.distinct:,} in {many(seen.known, 'row')}, "
            f"{seen.known / seen.distinct:.1f} for each. A model memorises such categories.",
            f"Leave it out (`{examined.more('ignore', name)}`), or read rare ones as unseen: "
            "`min_count=10`.",
        )  # fmt: skip


def listed(names: list[str]) -> str:
    """The first of some names."""
    return ", ".join(repr(clip(one)) for one in names[:SHOWN]) + (", …" * (len(names) > SHOWN))


CHECKS: tuple[Callable[[Examined], Iterator[Finding]], ...] = (
    unreadable,
    skipped,
    splits_refused,
    no_target,
    gives_away,
    combination,
    time_leak,
    duplicates_across,
    group_leak,
    never_in_train,
    texts_for_numbers,
    marks_and_outliers,
    several_spellings,
    rare_classes,
    many_categories,
    drift,
    too_little,
    no_dev,
    imbalance,
    skewed,
    zeros,
    few_values,
    same_columns,
    told_of_given,
    decimal_commas,
    much_missing,
    left_out,
)
