"""Which column says when rows were, so that the newest can be held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hornbook.errors import DataError
from hornbook.rendering import many
from hornbook.tables.column_words import words_of
from hornbook.tables.frame import Dates, Frame
from hornbook.tables.header import named_column
from hornbook.tables.options import TableOptions
from hornbook.tables.written_dates import NO_DATE

__all__ = ["column_of_times"]

BIRTH = frozenset({"born", "dob", "geb", "bday", "yob"})
BORN = ("birth", "gebor", "geburt", "naissance", "nacimiento", "nascita", "nascimento")
"Words, and beginnings of words, in the names of columns of dates of birth."


def column_of_times(
    options: TableOptions, names: Sequence[str], dates: Sequence[str], frame: Frame, where: str
) -> tuple[str | None, list[str]]:
    """The column that was named, or the first one of dates; None if rows are not split by time.

    Dates of birth come last: they do not tell when a row was.

    Args:
        options: how the table is split.
        names: of all columns.
        dates: the columns that are read as dates.
        frame: the columns.
        where: what to call the table in messages.

    Returns:
        Its name, and what to say of the choice.

    Raises:
        DataError: if there is no such column.
    """
    if options.time is not None:
        return named_column(options.time, names, where, "time"), []
    if options.split_by not in ("auto", "time"):
        return None, []
    dates = sorted(dates, key=of_births)  # stable
    dated = bool(options.dev_from or options.test_from)
    if options.split_by == "auto" and not dated:
        return whole_dates(dates, frame)
    name = next(iter(dates), None)
    if name is None and dated:
        raise DataError(
            "There is no column of dates, so it is not known when a row was.",
            hint="Set `time` to a column.",
            setting="time",
        )
    return name, []


def of_births(name: str) -> bool:
    """Whether a column holds dates of birth, by its name."""
    return any(word in BIRTH or word.startswith(BORN) for word in words_of(name))


def whole_dates(names: Sequence[str], frame: Frame) -> tuple[str | None, list[str]]:
    """The first of some columns of dates in which every row has one; None if there is none.

    Nobody has asked for a split by time: where rows have no time, none is made, and that is said;
    so is what other columns there are. Dates of birth are not such times.
    """
    births = [name for name in names if of_births(name)]
    names = [name for name in names if name not in births]
    missing = {}
    for name in names:
        column = frame.columns[name]
        assert isinstance(column, Dates)
        missing[name] = int(np.count_nonzero(column.seconds == NO_DATE))
    whole = [name for name, gone in missing.items() if not gone]
    told = []
    if births and not names:
        told.append(
            f"{births[0]} has dates, but by its name those of births, which do not tell when a row "
            "was, so the newest rows are not held out: `time` chooses it all the same"
        )
    if names and not whole:
        gone = many(missing[names[0]], "row")
        told.append(
            f"{names[0]} has dates, but {gone} of {frame.n:,} have none, so the newest rows are "
            "not held out: `time` and `split_by` say how to split"
        )
    if len(whole) > 1:
        told.append(
            f"{whole[0]} tells which rows are the newest; {', '.join(whole[1:3])} could too: "
            "`time` chooses"
        )
    return (whole[0] if whole else None), told
