"""Checks of the ratings themselves and of their times."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hornbook.ratings.doctor.examined import Examined, percent
from hornbook.ratings.scale import common_step
from hornbook.rendering import many
from hornbook.reports.finding import Finding

__all__ = ["bursts", "off_scale", "one_value", "times_wrong", "zeros"]

RARE = 0.002  # share of the rows, below which a value is rare
RARE_TOGETHER = 0.01  # share of all rare values, above which they are not slips
CLOSE = 1e-3  # part of a step
DAY = 86_400  # seconds
BURST, MANY = 60, 10  # seconds in which this many ratings are not single acts
ALIKE = 5  # ratings, from which on a user who gives one value only tells
OLD = 10**8  # seconds since 1970: times below this are of 1970 to 1973
NEW = 10**9  # seconds since 1970: of this age


def off_scale(examined: Examined) -> Iterator[Finding]:
    """Rare values beside the grid of the others: one 50 among 0.5 to 5."""
    if examined.kind != "ratings":
        return
    values, counts = examined.values
    common = values[counts >= RARE * counts.sum()].astype(np.float64)
    if len(common) < 2 or len(common) == len(values):
        return
    step = common_step(common.tolist())
    if step is None:
        return
    off = beside(values.astype(np.float64), common, step)
    n = int(counts[off].sum())
    if n and n <= RARE_TOGETHER * counts.sum():
        shown = ", ".join(f"{value:g} ({count:,}×)" for value, count in
                          list(zip(values[off], counts[off], strict=True))[:6])  # fmt: skip
        yield Finding(
            "off-the-scale",
            "warning",
            "Some ratings are off the scale",
            f"{many(n, 'rating')} beside {common[0]:g} to {common[-1]:g} in steps of {step:g}: "
            f"{shown}. They stretch the scale that models predict on.",
            "Correct them, or remove these rows.",
        )


def beside(
    values: npt.NDArray[np.float64], common: npt.NDArray[np.float64], step: float
) -> npt.NDArray[np.bool_]:
    """Which values are neither on the grid of the common ones, nor a step beyond its ends."""
    places = (values - common[0]) / step
    off: npt.NDArray[np.bool_] = np.abs(places - np.round(places)) > CLOSE
    off |= (values < common[0] - 1.5 * step) | (values > common[-1] + 1.5 * step)
    return off


def zeros(examined: Examined) -> Iterator[Finding]:
    """Zeros that may mean that nothing was rated."""
    if examined.kind != "ratings":
        return
    values, counts = examined.values
    if values[0] != 0 or len(values) < 3:
        return
    step = common_step(values[1:].astype(float).tolist())
    # A scale that goes on downwards to 0 has fewer zeros than all others together.
    if step is not None and np.isclose(values[1], step) and counts[0] > counts[1:].max():
        yield Finding(
            "zeros",
            "warning",
            "Ratings of 0 may mean that there is no rating",
            f"{many(int(counts[0]), 'rating')} of 0, {percent(counts[0], counts.sum())} of all and "
            f"more than of any other value; the others are {values[1]:g} to {values[-1]:g}.",
            "If they mean that something was seen or bought and not rated, remove these rows, or "
            "read all as clicks with `task=clicks`.",
        )


def times_wrong(examined: Examined) -> Iterator[Finding]:
    """Milliseconds, 1970, and the future."""
    times = examined.rows.times
    if times is None:
        return
    if examined.unit > 1:
        yield Finding(
            "milliseconds",
            "note",
            "Times look like milliseconds",
            f"Half of them are above {np.median(times):,.0f}. Only their order counts, so they are "
            "taken as they are.",
            "Nothing needs to be done.",
        )
    seconds = times / examined.unit
    recent = float(np.median(seconds)) > NEW
    old, future = int((seconds < OLD).sum()), int((seconds > examined.now + DAY).sum())
    if recent and old:
        yield Finding(
            "times-of-1970",
            "warning",
            "Some times are at the beginning of 1970",
            f"{many(old, 'row')}, {percent(old, len(times))}: probably the time was not known. A "
            "split by time takes them for the oldest.",
            "Correct these times, or remove these rows.",
        )
    if recent and future:
        yield Finding(
            "times-in-future",
            "warning",
            "Some times are in the future",
            f"{many(future, 'row')}, {percent(future, len(times))}. A split by time holds them out "
            "as the newest.",
            "Correct these times, or remove these rows.",
        )


def one_value(examined: Examined) -> Iterator[Finding]:
    """Users who give one value only."""
    if examined.kind != "ratings":
        return
    rows, users = examined.rows, len(examined.per_user)
    lowest, highest = np.full(users, np.inf), np.full(users, -np.inf)
    np.minimum.at(lowest, rows.users, rows.values)
    np.maximum.at(highest, rows.users, rows.values)
    found = (lowest == highest) & (examined.per_user >= ALIKE)
    if n := int(found.sum()):
        yield Finding(
            "one-value-users",
            "warning" if n > 0.1 * users else "note",
            "Some users give one value only",
            f"{many(n, 'user')} of {users:,} with {ALIKE} ratings or more, all the same: "
            f"{percent(int(examined.per_user[found].sum()), len(rows))} of the ratings. They tell "
            "what a user has used, not what they like.",
            "Nothing needs to be done; if there are many, read the data as clicks with "
            "`task=clicks`.",
        )


def bursts(examined: Examined) -> Iterator[Finding]:
    """Users all of whose rows are of one minute."""
    rows, users = examined.rows, len(examined.per_user)
    if rows.times is None:
        return
    first, last = np.full(users, np.iinfo(np.int64).max), np.full(users, np.iinfo(np.int64).min)
    np.minimum.at(first, rows.users, rows.times)
    np.maximum.at(last, rows.users, rows.times)
    several = examined.per_user >= MANY
    found = several & (last - first <= BURST * examined.unit)
    if n := int(found.sum()):
        yield Finding(
            "bursts",
            "warning" if n > 0.5 * several.sum() else "note",
            "Some users have all their rows within a minute",
            f"{many(n, 'user')} with {MANY} rows or more, "
            f"{percent(int(examined.per_user[found].sum()), len(rows))} of the rows: probably "
            "imported at once. The order of their rows tells nothing of what came first.",
            "Do not trust `split_by=last` for them"
            + (": set `split_by=random`." if n > 0.5 * several.sum() else "."),
        )
