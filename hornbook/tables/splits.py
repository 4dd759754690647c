"""Train, dev and test: which rows of a table are held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.rendering import amount, many
from hornbook.tables.frame import Categories, Dates, Typed
from hornbook.tables.options import TableOptions
from hornbook.tables.written import number_of, numbers_of
from hornbook.tables.written_dates import DATE_FORMATS, NO_DATE, date_of
from hornbook.tasks.splits import SPLITS, Parts, at_random

__all__ = ["Times", "group_codes", "split_rows", "times_of"]


@dataclass(frozen=True)
class Times:
    """When each row was."""

    column: str
    values: npt.NDArray[np.float64]
    "Seconds since 1970 of dates, else the numbers; shape (n,)."
    dates: bool

    def read(self, text: str, setting: str) -> float:
        """A time as people write it, as a value.

        Raises:
            SettingsError: if it is none.
        """
        if not self.dates:
            value = number_of(text)
            if math.isnan(value):
                raise SettingsError(
                    f"`{setting}` must be a number, as column {self.column!r} has; it is {text!r}.",
                    setting=setting,
                )
            return value
        found = {date_of(text, form) for form in DATE_FORMATS} - {int(NO_DATE)}
        if len(found) != 1:
            what = "may be either of two" if found else "is none"
            raise SettingsError(
                f"`{setting}` must be a date, such as 2015-06-20; {text!r} {what}.", setting=setting
            )
        return float(found.pop())

    @property
    def distinct(self) -> int:
        """How many different times there are."""
        return len(np.unique(self.values))

    def span(self) -> str:
        """The first time and the last one, for people."""
        first, last = (
            told(float(end), self.dates) for end in (self.values.min(), self.values.max())
        )
        return f"from {first} to {last}"


def times_of(name: str, column: Typed, place: Callable[[int], str]) -> Times:
    """When rows were, from a column.

    Args:
        name: of the column.
        column: its cells.
        place: tells where a row stands, for people.

    Raises:
        DataError: if it holds neither dates nor numbers, or one is missing.
    """
    if isinstance(column, Categories):
        numbers = numbers_of(column.labels, "plain")
        if np.isnan(numbers).any():
            raise DataError(
                f"Column {name!r} holds neither dates nor numbers, so it does not order rows.",
                hint="Set `time` to another column, or `split_by=random`.",
                setting="time",
            )
        values = np.append(numbers, np.nan)[column.codes]
    elif isinstance(column, Dates):
        values = np.where(column.seconds == NO_DATE, np.nan, column.seconds.astype(np.float64))
    else:
        values = column.values
    empty = np.flatnonzero(np.isnan(values))
    if len(empty):
        raise DataError(
            f"{place(int(empty[0]))}: column {name!r} is empty, so the row has no time. In all: "
            f"{many(len(empty), 'such row')} of {len(values):,}.",
            hint="Fill it, set `time` to another column, or `split_by=random`.",
            setting="time",
        )
    return Times(name, np.asarray(values, np.float64), isinstance(column, Dates))


def group_codes(column: Typed) -> npt.NDArray[np.int32]:
    """The group of each row by number, shape (n,); rows where it is missing are one group."""
    if isinstance(column, Categories):
        return column.codes
    values: npt.NDArray[Any] = column.seconds if isinstance(column, Dates) else column.values
    _, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int32)


def split_rows(
    n: int,
    options: TableOptions,
    times: Times | None,
    groups: npt.NDArray[np.int32] | None,
) -> tuple[Parts, str]:
    """The split of each row, and how it was made, for people.

    Args:
        n: number of rows.
        options: what was asked for.
        times: when each row was, if that is known.
        groups: of the rows, if there are any.

    Raises:
        SettingsError: if something is needed that there is not, or has no effect.
    """
    way, why = options.split_by, ""
    if way == "auto":
        asked = options.time is not None or options.dev_from or options.test_from
        way = "time" if times is not None else "random"
        why = ", since there is a column of dates" if way == "time" and not asked else ""
    if way == "time" and times is None:
        raise SettingsError(
            "`split_by=time` needs a column of times, and none was found.",
            hint="Set `time` to a column of dates or numbers, or `split_by=random`.",
            setting="split_by",
        )
    if way == "group" and groups is None:
        raise SettingsError(
            "`split_by=group` needs a column of groups.",
            hint="Set `group` to a column.",
            setting="group",
        )
    options.refuse_unless(way == "time", ("dev_from", "test_from"), "`split_by=time`")
    options.refuse_unless(way != "time", ("split_seed",), "`split_by` random or group")
    if way == "time":
        assert times is not None
        parts, told = by_time(times, options)
        return parts, f"split by {times.column!r}{why}: {told}"
    if way == "group":
        assert groups is not None
        return by_group(groups, options.shares, options.split_seed), (
            f"split by {options.group!r}: no group is in two splits, seed {options.split_seed}"
        )
    return at_random(n, options.shares, options.split_seed), (
        f"split at random, seed {options.split_seed}"
    )


def by_time(times: Times, options: TableOptions) -> tuple[Parts, str]:
    """The newest rows held out; rows of one time are never in two splits."""
    values = times.values
    parts = np.zeros(len(values), np.int8)
    if options.dev_from or options.test_from:
        options.refuse_unless(False, ("split",), "`split_by` without `dev_from` and `test_from`")
        for place, setting, text in (
            (1, "dev_from", options.dev_from), (2, "test_from", options.test_from)
        ):  # fmt: skip
            if text:
                parts[values >= times.read(text, setting)] = place
    else:
        train, dev, _ = options.shares
        ordered = np.sort(values)
        for place, share in ((1, train), (2, train + dev)):
            if share < 100:
                parts[values >= ordered[min(len(values) - 1, len(values) * share // 100)]] = place
    shown = [
        f"{SPLITS[place]} from {told(float(values[parts == place].min()), times.dates)}"
        for place in (1, 2)
        if (parts == place).any()
    ]
    return parts, ", ".join(shown) or "all of it is train"


def told(value: float, dates: bool) -> str:
    """A time for people."""
    return str(np.datetime64(int(value), "s")).replace("T00:00:00", "") if dates else amount(value)


def by_group(groups: npt.NDArray[np.int32], shares: tuple[int, int, int], seed: int) -> Parts:
    """Whole groups drawn, so that each split has about its share of the rows."""
    names, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    drawn = np.random.RandomState(seed).permutation(len(names))
    before = np.cumsum(counts[drawn]) - counts[drawn] / 2  # the middle of each group
    _, dev, test = shares
    at = before / len(groups) * 100
    part = np.where(at < dev, 1, np.where(at < dev + test, 2, 0)).astype(np.int8)
    of_group = np.empty(len(names), np.int8)
    of_group[drawn] = part
    wanted = [place for place, share in ((1, dev), (2, test)) if share]
    if len(names) > 1 and not (of_group == 0).any():  # one large group must not take all of train
        of_group[drawn[-1]] = 0
    if len(names) > len(wanted) and not set(wanted) <= set(of_group.tolist()):
        of_group[drawn[: len(wanted)]] = wanted  # nor shares of few groups leave a split empty
        of_group[drawn[-1]] = 0
    parts: Parts = of_group[inverse]
    return parts
