"""Check of columns that others give: each town has one postcode, or nearly always one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hornbook.rendering import clip, in_percent, many
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.examined import Examined
from hornbook.tables.frame import Categories, Typed

__all__ = ["Given", "Values", "given_columns", "told_of_given", "values_of"]

Codes = npt.NDArray[np.int64]
APART = 0.01  # share of the rows that may not agree
SURE = 10.0  # rows that would not agree if columns had nothing to do with each other
CHANCE = 0.1  # of these: so many may not agree
STAGES = (2_000, 20_000)  # rows on which pairs are tried before all rows are
SHOWN = 3


@dataclass(frozen=True)
class Values:
    """A category by numbers."""

    codes: Codes
    "From 0, -1 where the value is missing; shape (n,)."
    n: int
    "How many values there are."


@dataclass(frozen=True)
class Given:
    """A column whose value another gives, in all rows or in nearly all."""

    by: str
    name: str
    values: int
    "How many `by` has."
    rows: int
    "In which both are known."
    apart: int
    "Rows with another value than most of those that are alike in `by`."

    @property
    def told(self) -> str:
        """It for people."""
        return f"{clip(self.name)!r} by {clip(self.by)!r}"


def values_of(column: Typed) -> Values | None:
    """A category of which values have rows enough; None of others, numbers and dates.

    What names a number as a label (a code, a zip) is read as a category; other numbers are amounts,
    and a fine one, such as the day of a year, gives all that hangs on it.
    """
    if not isinstance(column, Categories):
        return None
    there = np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels)) > 0
    codes, n = np.append(np.cumsum(there) - 1, -1)[column.codes], int(there.sum())
    return Values(codes, n) if 1 < n <= (codes >= 0).sum() / 2 else None


def agreement(one: Values, other: Values, rows: npt.NDArray[np.int64] | slice) -> Codes:
    """How far the values of one column give those of another in some rows.

    A row that is alone with its value says nothing: of each value one row is not counted.

    Returns:
        The rows in which both are known, those that could disagree, those that do, and the rows
        that would if the other had nothing to do with the one (rounded down); shape (4,).
    """
    a, b = one.codes[rows], other.codes[rows]
    both = (a >= 0) & (b >= 0)
    a, b = a[both], b[both]
    key = a * other.n + b
    if one.n * other.n <= 8 * len(key):
        table = np.bincount(key, minlength=1)
        keys, counts = np.flatnonzero(table), table[table > 0]
    else:
        keys, counts = np.unique(key, return_counts=True)
    if not len(keys):
        return np.zeros(4, np.int64)
    begins = np.flatnonzero(np.diff(keys // other.n, prepend=-1))
    could = len(a) - len(begins)
    apart = len(a) - int(np.maximum.reduceat(counts, begins).sum())
    rest = 1 - np.bincount(b).max() / len(b)
    return np.array([len(a), could, apart, int(rest * could)], np.int64)


def gives(one: Values, other: Values, n: int, order: npt.NDArray[np.int64]) -> Codes | None:
    """The agreement in all rows, where the one column gives the other; else None.

    Args:
        one: that may give.
        other: that may be given.
        n: how many rows there are.
        order: some of the rows at random.
    """
    for stage in STAGES:
        if stage < n:
            _, could, apart, by_chance = agreement(one, other, order[:stage])
            if apart > 2 * APART * could + 5 or apart > 2 * CHANCE * by_chance + 5:
                return None
    found = agreement(one, other, slice(None))
    known, could, apart, by_chance = found
    enough = known >= n / 2 and by_chance >= SURE
    return found if enough and apart <= min(APART * could, CHANCE * by_chance) else None


def given_columns(columns: Mapping[str, Typed], order: npt.NDArray[np.int64]) -> list[Given]:
    """The columns that others give: of each the one with the fewest values that gives it.

    Two columns that give each other in every row are the same, and not among them.

    Args:
        columns: by name.
        order: some of the rows at random.
    """
    every = {name: values_of(column) for name, column in columns.items()}
    values = {name: one for name, one in every.items() if one is not None}
    found: dict[str, Given] = {}
    for first, second in itertools.combinations(values, 2):
        n = len(values[first].codes)
        ways = [
            Given(by, name, values[by].n, int(told[0]), int(told[2]))
            for by, name in ((first, second), (second, first))
            if (told := gives(values[by], values[name], n, order)) is not None
        ]
        known = max(int((values[one].codes >= 0).sum()) for one in (first, second))
        if len(ways) == 2 and all((one.apart, one.rows) == (0, known) for one in ways):
            continue  # of these `same_columns` tells
        for one in sorted(ways, key=lambda way: way.apart)[:1]:
            before = found.get(one.name)
            if before is None or (one.apart, one.values) < (before.apart, before.values):
                found[one.name] = one
    return list(found.values())


def told_of_given(examined: Examined) -> Iterator[Finding]:
    """Columns that others give, and rows that do not agree with it."""
    if examined.known is None:
        return
    found = given_columns(examined.inputs, examined.sample)
    exact = [one for one in found if not one.apart]
    if exact:
        first = exact[0]
        yield Finding(
            "given-columns", "note", "Some columns are given by others",
            f"{'; '.join(one.told for one in exact[:SHOWN])}"
            + f"; {len(exact) - SHOWN:,} more" * (len(exact) > SHOWN)
            + f". Each of the {first.values:,} values of {clip(first.by)!r} has one value of "
            f"{clip(first.name)!r} in all {many(first.rows, 'row')}. Such columns share their "
            "importance.",
            "Keep them if values of the giving column may be new in use; else leave the given ones "
            f"out: `{examined.more('ignore', *(one.name for one in exact[:SHOWN]))}`.",
        )  # fmt: skip
    for one in sorted((one for one in found if one.apart), key=lambda one: one.apart)[:SHOWN]:
        share = in_percent(1 - one.apart / one.rows, 2)
        yield Finding(
            "nearly-given", "note", f"{clip(one.by)!r} nearly always gives {clip(one.name)!r}",
            f"In {share} of {many(one.rows, 'row')} a value of {clip(one.by)!r} stands with its "
            f"usual value of {clip(one.name)!r}; {many(one.apart, 'row')} "
            f"{'has' if one.apart == 1 else 'have'} another, such as "
            f"{example(examined, one)}.",
            "Check whether these are mistakes, and correct them in the file.",
        )  # fmt: skip


def example(examined: Examined, one: Given) -> str:
    """The first row that does not agree, and what others have in its place."""
    table, rows = examined.table, examined.rows
    by, name = (values_of(examined.inputs[column]) for column in (one.by, one.name))
    assert by is not None
    assert name is not None
    both = np.flatnonzero((by.codes >= 0) & (name.codes >= 0))
    keys, first, inverse, counts = np.unique(
        by.codes[both] * name.n + name.codes[both],
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    order = np.lexsort((-counts, keys // name.n))
    usual = order[np.flatnonzero(np.diff(keys[order] // name.n, prepend=-1))]
    odd = int(np.flatnonzero(~np.isin(inverse, usual))[0])
    own = int(np.flatnonzero(keys[usual] // name.n == keys[inverse[odd]] // name.n)[0])
    row, other = (int(rows[both[at]]) for at in (odd, int(first[usual[own]])))
    cells = [clip(table.cell(column, at), 30)
             for column, at in ((one.by, row), (one.name, row), (one.name, other))]  # fmt: skip
    return (
        f"{table.place(row)}: {clip(one.by)}={cells[0]} with {clip(one.name)}={cells[1]}, usually "
        f"{cells[2]}"
    )
