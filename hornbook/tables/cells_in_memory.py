"""Columns that a program has at hand: arrays, lists and the columns of data frames, as `Raw`."""

from __future__ import annotations

import math
import numbers
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.rendering import clip
from hornbook.sources.cells import Declared, zoned
from hornbook.tables.marks import mark_numbers
from hornbook.tables.raw import Raw
from hornbook.tables.written import MISSING, as_label
from hornbook.tables.written_dates import date_label

__all__ = ["raw_of"]

Array = npt.NDArray[Any]
DAY = 86_400  # seconds


def raw_of(
    column: Any, name: str, marks: Collection[str] = MISSING, declared: Declared = ""
) -> Raw:
    """A column of numbers, truth values, texts, categories or dates as cells.

    Numbers stay numbers. What pandas or NumPy call missing is missing, and so is a text that says
    so in a file. Truth values are the texts `False` and `True`, lengths of time numbers of days.

    Args:
        column: shape (n,): a list, an array, or a column of a data frame (pandas, Polars).
        name: of the column, for messages.
        marks: texts, in lowercase, that say that nothing is known.
        declared: what it is said to be; by default what its type says.

    Raises:
        DataError: if it is not a column, or a value in it is of no such kind.
    """
    kept = frozenset(marks)
    categories = getattr(getattr(column, "cat", None), "categories", None)
    if categories is not None and hasattr(column.cat, "codes"):
        return of_categories(column, kept, declared)
    array = as_array(column, name)
    kind = array.dtype.kind
    if kind in "iuf":
        return of_numbers(array.astype(np.float64), kept, declared)
    if kind == "b":
        return of_texts(["False", "True"], array.astype(np.int32), kept, declared)
    if kind == "M":
        return of_dates(array, kept, declared, zone_of(column))
    if kind == "m":
        gone = np.isnat(array)
        days = array.astype("timedelta64[s]").astype(np.float64) / DAY
        return of_numbers(np.where(gone, np.nan, days), kept, declared)
    if kind == "U":
        distinct, codes = np.unique(array, return_inverse=True)
        return of_texts(distinct.tolist(), codes.astype(np.int32), kept, declared)
    return of_objects(array.tolist(), name, kept, declared)


def as_array(column: Any, name: str) -> Array:
    """A column as an array of numbers, truth values, dates, texts or objects, shape (n,).

    Raises:
        DataError: if it is not a column, or of complex numbers, bytes or records.
    """
    dtype = getattr(column, "dtype", None)
    if dtype is not None and not isinstance(dtype, np.dtype) and hasattr(column, "isna"):
        array = of_extension(column, str(getattr(dtype, "kind", "O")))
    else:
        if isinstance(column, str | bytes | Mapping):
            raise no_column(name, f"it is {type(column).__name__}")
        array = column.to_numpy() if hasattr(column, "to_numpy") else in_array(column)
    if array.ndim != 1:
        raise no_column(name, f"its shape is {array.shape}")
    if array.dtype.kind not in "iufbMmUO" and array.dtype.kind != "T":
        raise DataError(
            f"Column {name!r} holds values of type {array.dtype}: numbers, texts, truth values, "
            "categories and dates can be read.",
            hint="Convert it, for example texts in bytes with decode().",
        )
    return array


def in_array(column: Any) -> Array:
    """A list as an array; of values of several kinds one of objects, so that each stays its own."""
    if isinstance(column, np.ndarray):
        return column
    try:
        array = np.asarray(column)
    except ValueError:  # ragged
        return np.empty((len(column), 0))
    if array.ndim == 1 and array.dtype.kind == "U" and not all(isinstance(x, str) for x in column):
        return np.array(list(column), object)
    return array


def no_column(name: str, why: str) -> DataError:
    """The error that something is not a column."""
    return DataError(
        f"Column {name!r} must be one list of values; {why}.",
        hint="Give a list, an array of shape (n,), or a column of a data frame.",
    )


def of_extension(column: Any, kind: str) -> Array:
    """A column of a data frame with a type of its own as an array: nullable, with a zone, ...

    Args:
        column: of the data frame.
        kind: of its type, as NumPy's kinds.
    """
    if kind in "iuf":
        return np.asarray(column.to_numpy(dtype="float64", na_value=np.nan))
    if kind == "M" and hasattr(column, "dt"):
        zoned = getattr(column.dt, "tz", None) is not None
        plain = column.dt.tz_convert("UTC").dt.tz_localize(None) if zoned else column
        return np.asarray(plain.to_numpy(dtype="datetime64[s]"))
    gone = np.asarray(column.isna(), bool)
    held = np.asarray(column.astype(object).to_numpy(), object).copy()
    held[gone] = None
    return held


def of_numbers(values: npt.NDArray[np.float64], marks: frozenset[str], declared: Declared) -> Raw:
    """A column of numbers; infinite ones are texts, as in a file, and marks are missing."""
    if named := mark_numbers(marks):
        values = np.where(np.isin(values, named), np.nan, values)
    endless = np.isinf(values)
    if not endless.any():
        return Raw(len(values), values, None, (), marks, declared=declared)
    codes = np.where(endless, values > 0, -1).astype(np.int32)
    bare = np.where(endless, np.nan, values)
    # They are numbers by their type: however many are infinite, it is not a column of texts.
    return Raw(len(values), bare, codes, ("-inf", "inf"), marks, declared=declared or "number")


def zone_of(column: Any) -> str:
    """The first time of a column of a data frame whose type has a zone, as `zoned` tells it."""
    dtype = getattr(column, "dtype", None)
    zones = (getattr(dtype, "tz", None), getattr(dtype, "time_zone", None),  # pandas, Polars
             getattr(getattr(column, "dt", None), "tz", None))  # fmt: skip
    if all(zone is None for zone in zones):
        return ""
    some = column.dropna() if hasattr(column, "dropna") else column.drop_nulls()
    if not len(some):
        return ""
    return zoned(some.iloc[0] if hasattr(some, "iloc") else some[0])


def of_dates(values: Array, marks: frozenset[str], declared: Declared, zone: str = "") -> Raw:
    """A column of dates, as seconds since 1970; `zone` as `Raw.given_zone`."""
    gone = np.isnat(values)
    seconds = values.astype("datetime64[s]").astype(np.int64).astype(np.float64)
    found = np.where(gone, np.nan, seconds)
    if declared in ("", "date"):
        return Raw(len(values), found, None, (), marks, declared="date", given_zone=zone)
    places, codes = np.unique(found[~gone], return_inverse=True)
    whole = np.full(len(values), len(places), np.int32)
    whole[~gone] = codes
    return of_texts([*map(date_label, places.tolist()), ""], whole, marks, declared)


def of_texts(
    texts: Sequence[str], codes: npt.NDArray[np.int32], marks: frozenset[str], declared: Declared
) -> Raw:
    """A column of texts by their places in a list; blanks around them do not count."""
    bare = [text.strip() for text in texts]
    distinct = {text: place for place, text in enumerate(dict.fromkeys(bare))}
    places = np.array([distinct[text] for text in bare], np.int32)
    return Raw(len(codes), None, places[codes], tuple(distinct), marks, declared=declared)


def of_categories(column: Any, marks: frozenset[str], declared: Declared) -> Raw:
    """A column of pandas' categories."""
    labels = [
        as_label(float(one)) if is_number(one) else label_of(one)
        for one in column.cat.categories.tolist()
    ]
    codes = np.asarray(column.cat.codes, np.int32)
    gone = np.int32(len(labels))
    return of_texts([*labels, ""], np.where(codes < 0, gone, codes), marks, declared or "category")


def label_of(value: Any) -> str:
    """What to call a category that is not a number."""
    if isinstance(value, datetime | date):
        return date_label(float(seconds_of(value)))
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value is a number, and no truth value."""
    return isinstance(value, numbers.Number) and not isinstance(value, bool | np.bool_ | complex)


def is_gone(value: Any) -> bool:
    """Whether a value says that nothing is known: None, NaN, NaT, or pandas' NA."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def seconds_of(value: date | datetime) -> int:
    """Seconds since 1970 of a date; UTC where no zone is given."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return math.floor(value.timestamp())


def of_objects(values: Sequence[Any], name: str, marks: frozenset[str], declared: Declared) -> Raw:
    """A column of Python's objects, perhaps of several kinds.

    Raises:
        DataError: naming the first value that is of none, or a date among others.
    """
    n = len(values)
    found, codes = np.full(n, np.nan), np.full(n, -1, np.int32)
    texts: dict[str, int] = {}
    named = mark_numbers(marks)
    dates: dict[int, int] = {}
    known = 0
    for row, value in enumerate(values):
        if is_gone(value):
            continue
        known += 1
        if isinstance(value, str | bool | np.bool_):
            text = value.strip() if isinstance(value, str) else str(bool(value))
            codes[row] = texts.setdefault(text, len(texts))
        elif is_number(value):
            number = float_of(value)
            if math.isfinite(number):
                found[row] = math.nan if number in named else number
            else:
                codes[row] = texts.setdefault(str(value), len(texts))
        elif isinstance(value, date | datetime):
            dates[row] = seconds_of(value)
        else:
            raise DataError(
                f"Column {name!r}, row {row:,} (from 0): {clip(repr(value), 40)} is of type "
                f"{type(value).__name__}: numbers, texts, truth values, categories and dates can "
                "be read.",
                hint="Convert it, or leave the column out.",
            )
    if dates and len(dates) < known:
        row = next(iter(dates))
        raise DataError(
            f"Column {name!r} holds dates (row {row:,}, from 0) among other values.",
            hint="Give dates alone, and None where nothing is known.",
        )
    if dates:
        moments = np.full(n, np.datetime64("NaT"), "datetime64[s]")
        moments[list(dates)] = np.array(list(dates.values()), np.int64).astype("datetime64[s]")
        zone = next(filter(None, (zoned(values[row]) for row in dates)), "")
        return of_dates(moments, marks, declared, zone)
    return Raw(n, found, codes if texts else None, tuple(texts), marks, declared=declared)


def float_of(value: Any) -> float:
    """A number as a float; infinite if it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
