"""Which rows of a table are held out, and what is wrong where a split would be empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import many
from hornbook.tables.options import TableOptions
from hornbook.tables.splits import Times, split_rows
from hornbook.tasks.splits import SPLITS, at_random, empty_split, refused_split

__all__ = ["held_out"]


def held_out(
    n: int,
    options: TableOptions,
    times: Times | None,
    groups: npt.NDArray[np.int32] | None,
    where: str,
) -> tuple[npt.NDArray[np.int8], str]:
    """The split of each row, and how it was made.

    Raises:
        DataError: if one that was asked for is empty.
    """
    parts, how = split_rows(n, options, times, groups)
    by_date = bool(options.dev_from or options.test_from)
    wanted = (
        (True, bool(options.dev_from), bool(options.test_from))
        if by_date
        else tuple(map(bool, options.shares))
    )
    empty = empty_split(np.bincount(parts, minlength=len(SPLITS)).tolist(), wanted)
    if not empty:
        return parts, how
    by_time = times is not None and options.split_by in ("auto", "time")
    if by_time and not by_date and not empty_split(random_sizes(n, options), wanted):
        assert times is not None
        raise DataError(
            f"Column {times.column!r} has {many(times.distinct, 'different time')} in {n:,} rows, "
            f"{times.span()}: with the newest rows held out, the {empty} split would be empty.",
            hint="Set `split_by=random`, or another column of times as `time`; or hold out less, "
            "such as `split=80/20`.",
            setting="split_by",
        )
    if replace(options, split="auto") == options and options.split_by == "auto" and not by_date:
        return np.zeros(n, np.int8), "too little data to split: all of it is in train"
    if by_date and times is not None:
        raise DataError(
            f"Column {times.column!r} has times {times.span()}: the {empty} split would be empty.",
            hint="Set `dev_from` to a time between, and `test_from` to a later one.",
            setting="dev_from",
        )
    what = many(n, "row")
    if options.split_by == "group" and groups is not None:
        what = f"{many(len(np.unique(groups)), 'group')} in column {options.group!r}"
    raise refused_split(f"{where} has {what}", empty)


def random_sizes(n: int, options: TableOptions) -> list[int]:
    """The sizes of train, dev and test, were they drawn at random."""
    parts = at_random(n, options.shares, options.split_seed)
    sizes: list[int] = np.bincount(parts, minlength=len(SPLITS)).tolist()
    return sizes
