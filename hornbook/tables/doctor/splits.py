"""Checks of train against dev and test: what differs, and what leaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import HornbookError, as_typed
from hornbook.rendering import clip
from hornbook.reports.finding import Finding
from hornbook.tables.doctor.alone import binned
from hornbook.tables.doctor.examined import Examined, percent
from hornbook.tables.frame import Categories, Dates, Numbers, Typed
from hornbook.tables.never_seen import never_seen

__all__ = ["GROUPS", "differences", "drift", "duplicates_across", "group_leak",
           "never_in_train", "no_dev",
           "splits_refused", "time_leak"]  # fmt: skip

Hashes = npt.NDArray[np.uint64]
BINS = 10  # of numbers, as their distributions are compared
DIFFERENT = 0.15  # share of rows that would have to be others
GROUPS = frozenset(
    {"patient", "subject", "person", "customer", "user", "client", "household", "family", "device",
     "machine", "sensor", "store", "shop", "station", "session", "student", "school", "company",
     "vehicle", "driver", "player", "team", "author", "hospital"}
)  # fmt: skip
"Words in the names of columns of groups whose rows are alike."
MULTIPLY = np.uint64(0x9E3779B97F4A7C15)


def splits_refused(examined: Examined) -> Iterator[Finding]:
    """The splits cannot be made."""
    if examined.known is not None and isinstance(examined.cut, HornbookError):
        yield Finding("no-splits", "problem", "The splits cannot be made", examined.cut.message,
                      examined.cut.hint)  # fmt: skip


def no_dev(examined: Examined) -> Iterator[Finding]:
    """There is nothing to measure on."""
    if examined.known is None or isinstance(examined.cut, HornbookError):
        return
    if "dev" not in examined.sizes:
        yield Finding(
            "no-dev-split", "note", "There is no dev split",
            "Without one you cannot tell whether a model predicts or only memorises.",
            "Hold out some of the rows, for example with `split=80/20`, or get more data.",
        )  # fmt: skip


def time_leak(examined: Examined) -> Iterator[Finding]:
    """Rows of dates, split at random."""
    dates = [name for name, column in examined.columns.items() if column.kind == "date"]
    if examined.known is not None and dates and examined.at_random:
        yield Finding(
            "leak-in-time", "warning", "A random split lets models look into the future",
            f"There are dates ({dates[0]!r}), and rows of one day stand in train and in dev: a "
            "model measures better than in use, if it is to predict what comes.",
            f"Set `split_by=time` and `time={as_typed(dates[0])}`.",
        )  # fmt: skip


def hashes(examined: Examined) -> Hashes:
    """A number for each row that is the same where all cells are, the target's too."""
    found = np.zeros(examined.frame.n, np.uint64)
    for column in examined.frame.columns.values():
        if isinstance(column, Numbers):
            cells = (column.values + 0.0).view(np.uint64)
        elif isinstance(column, Dates):
            cells = column.seconds.view(np.uint64)
        else:
            cells = column.codes.astype(np.int64).view(np.uint64)
        found = (found ^ (cells * MULTIPLY)) * MULTIPLY
        found ^= found >> np.uint64(29)
    return found


def duplicates_across(examined: Examined) -> Iterator[Finding]:
    """Rows of dev and test that stand in train too, and rows that occur more than once."""
    if examined.known is None:
        return
    rows = hashes(examined)
    n = len(rows)
    _, counts = np.unique(rows, return_counts=True)
    extra = int((counts - 1).sum())
    fine = any(isinstance(column, Numbers) and examined.seen[name].distinct > 0.05 * n
               for name, column in examined.inputs.items())  # fmt: skip
    train, held = rows[examined.parts == 0], rows[examined.parts > 0]
    both = int(np.isin(held, train).sum())
    if both > 0.01 * max(1, len(held)) and fine:
        yield Finding(
            "duplicates-across-splits", "warning", "Rows of train stand in dev and test too",
            f"{both:,} of {len(held):,} rows held out ({percent(both, len(held), 1)}) occur in "
            "train with the same target: a model has memorised them.",
            "Leave repeated rows out of the file, or keep those of one group together: "
            "`split_by=group`.",
        )  # fmt: skip
    elif extra > 0.001 * n and fine:
        yield Finding(
            "duplicates", "note", "Some rows occur more than once",
            f"{extra:,} of {n:,} rows ({percent(extra, n, 1)}) repeat another in all columns.",
            "Check whether they are meant.",
        )  # fmt: skip


def differences(examined: Examined, place: int) -> dict[str, float]:
    """Of each column but dates, what share of the rows of a split would have to be others.

    It is the total variation between both distributions, less what chance makes of it.

    Args:
        examined: the table.
        place: of the split; it is held against train.
    """
    train, other = examined.parts == 0, examined.parts == place
    order = np.concatenate([np.flatnonzero(train), np.flatnonzero(other)])
    n, m = int(train.sum()), int(other.sum())
    found = {}
    for name, column in examined.inputs.items():
        if not isinstance(column, Dates) and n and m:
            found[name] = apart(column.take(order), n, m)
    return found


def apart(column: Typed, n: int, m: int) -> float:
    """How far the first n rows and the m others are apart."""
    codes = binned(column, n, BINS)
    bins = int(codes.max()) + 1
    p = np.bincount(codes[:n], minlength=bins) / n
    q = np.bincount(codes[n:], minlength=bins) / m
    both = (p * n + q * m) / (n + m)
    chance = np.sqrt(both * (1 - both) * (1 / n + 1 / m) * 2 / np.pi).sum() / 2
    return float(max(0.0, np.abs(p - q).sum() / 2 - chance))


def drift(examined: Examined) -> Iterator[Finding]:
    """Columns whose values in dev or test are others than in train."""
    if examined.known is None:
        return
    for place, split in ((1, "dev"), (2, "test")):
        if split not in examined.sizes or examined.sizes[split] < 50:
            continue
        found = differences(examined, place)
        ranked = sorted(found.items(), key=lambda pair: -pair[1])
        worst = [(name, share) for name, share in ranked if share > DIFFERENT]
        if worst:
            shown = ", ".join(f"{clip(name)!r} {percent(share, 1)}" for name, share in worst[:5])
            yield Finding(
                "drift", "note" if not examined.at_random else "warning",
                f"{split} differs from train",
                f"Share of the rows of {split} that would have to have other values: {shown}.",
                "Do not trust what a model says of values that train has not; rows that are more "
                "alike, or a longer train, help.",
            )  # fmt: skip
            return


def never_in_train(examined: Examined) -> Iterator[Finding]:
    """Columns whose values in most rows of dev or test train never has."""
    if examined.known is None:
        return
    for found in never_seen(examined.inputs, examined.parts):
        yield found.finding(examined.options)


def group_leak(examined: Examined) -> Iterator[Finding]:
    """Groups of rows that stand in train and in dev."""
    if examined.known is None or not examined.at_random or "dev" not in examined.sizes:
        return
    for name in examined.columns:
        seen = examined.seen[name]
        if not seen.words & GROUPS or seen.raw.too_long or seen.distinct < 10:
            continue
        codes = groups_of(examined, name)
        if seen.known < 2 * seen.distinct:
            continue
        dev = codes[examined.parts == 1]
        shared = float(np.isin(dev, codes[examined.parts == 0]).mean())
        if shared > 0.5:
            yield Finding(
                "group-leak", "note", f"Rows of one {name!r} stand in train and in dev",
                f"{percent(shared, 1)} of the dev rows have a {name!r} that train has too; there "
                f"are {seen.distinct:,}. What is measured holds for these, not for others.",
                f"To predict for new ones, set `split_by=group` and `group={as_typed(name)}`.",
            )  # fmt: skip
            return


def groups_of(examined: Examined, name: str) -> npt.NDArray[Any]:
    """The group of each row."""
    column = examined.frame.columns.get(name)
    if isinstance(column, Categories):
        return column.codes
    return examined.seen[name].raw.as_labels()[0][examined.rows]
