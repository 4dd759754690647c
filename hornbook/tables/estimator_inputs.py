"""X and y of an estimator, checked as scikit-learn's own are, and as typed columns."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.extras import needing
from hornbook.rendering import clip
from hornbook.tables.frame import Frame, Typed
from hornbook.tables.incoming import as_written, read, sound
from hornbook.tables.kinds import ASKED, Column, ColumnKind, column_as, kind_of
from hornbook.tables.mapper import Mapper
from hornbook.tables.marks import marks_named
from hornbook.tables.reading import RawTable
from hornbook.tables.remarks import told_of_zone
from hornbook.tables.seen_column import Seen
from hornbook.tables.table_in_memory import table_in_memory

with needing("sklearn", "An estimator"):
    from sklearn.utils import check_array, column_or_1d
    from sklearn.utils.validation import (
        assert_all_finite,
        check_consistent_length,
        validate_data,
    )

__all__ = ["as_value_errors", "checked_features", "checked_target", "column_kinds", "frame_in",
           "held_out"]  # fmt: skip

STOPPING = 200  # rows from which on training ends early by itself
WHERE = "X"


@contextmanager
def as_value_errors() -> Iterator[None]:
    """A context in which errors in data and settings are ValueErrors, as callers expect them."""
    try:
        yield
    except (DataError, SettingsError) as error:
        raise ValueError(str(error)) from error


def checked_features(estimator: Any, x: Any, *, reset: bool, y: Any = ()) -> Any:
    """X: a data frame (pandas, Polars) as it is, all else as an array; its columns are noted or
    compared.

    Args:
        estimator: whose X it is.
        x: shape (n, columns).
        reset: whether it is that of `fit`.
        y: of `fit`.

    Raises:
        ValueError: if it is not a table, has infinite numbers, or other columns than in `fit`.
    """
    name = type(estimator).__name__
    if y is None:
        raise ValueError(
            f"This {name} estimator requires y to be passed, but the target y is None."
        )
    least = 2 if reset else 1
    if is_frame(x):
        if twice := [name for name, n in Counter(x.columns).items() if n > 1]:
            raise ValueError(f"X has several columns named {twice[0]!r}: rename them.")
        validate_data(estimator, x, reset=reset, skip_check_array=True)
        if len(x) < least:
            raise ValueError(
                f"Found array with {len(x)} sample(s) (shape={x.shape}) while a minimum of {least} "
                f"is required by {name}."
            )
        return x
    return validate_data(
        estimator, x, reset=reset, dtype=None, ensure_all_finite="allow-nan",
        ensure_min_samples=least,
    )  # fmt: skip


def is_frame(x: Any) -> bool:
    """Whether X is a data frame of pandas or Polars, whose columns have types and names."""
    return hasattr(x, "columns") and (hasattr(x, "iloc") or hasattr(x, "get_column"))


def checked_target(x: Any, y: Any, *, numbers: bool) -> npt.NDArray[Any]:
    """The target, shape (n,).

    Args:
        x: checked.
        y: to be checked.
        numbers: whether it must be numbers.

    Raises:
        ValueError: if it is not a list, has NaN, or another length than X.
    """
    values = column_or_1d(y, warn=True)
    if numbers:
        refuse_no_numbers(values)
        found = check_array(
            values, ensure_2d=False, dtype=np.float64, ensure_all_finite=True, input_name="y"
        )
    else:
        assert_all_finite(values, input_name="y")
        found = values
        types = {type(one) for one in found.tolist()}
        if type(None) in types or (len(types) > 1 and str in types):
            told = " and ".join(sorted(one.__name__ for one in types))
            raise ValueError(f"y holds {told}: give a class of one type for each row.")
    check_consistent_length(x, found)
    return np.asarray(found)


def refuse_no_numbers(values: npt.NDArray[Any]) -> None:
    """Refuse a target that holds texts or dates.

    Raises:
        ValueError: naming the first of them.
    """
    if values.dtype.kind in "mM":
        raise ValueError(
            "y holds dates, and numbers were expected: give them as numbers, such as days since a "
            "date."
        )
    for row, one in enumerate(values.tolist() if values.dtype.kind in "OSUT" else ()):
        try:
            float(one)
        except (TypeError, ValueError) as error:
            if one is None:
                return  # as scikit-learn says it
            raise ValueError(
                f"y[{row}] is {clip(repr(one), 40)}, and numbers were expected: convert y to "
                "floats, or learn classes with TableClassifier."
            ) from error


def names_of(x: Any) -> list[str]:
    """What columns are called: by a data frame, or x0, x1, ..."""
    n = x.shape[1]
    names = [str(name) for name in x.columns] if hasattr(x, "columns") else []
    return names if len(set(names)) == n else [f"x{place}" for place in range(n)]


def table_of(x: Any, names: Sequence[str], missing: Any) -> RawTable:
    """Checked X as a table that was read, `missing` as an estimator has it."""
    by_place = x.iloc if hasattr(x, "iloc") else x
    columns = {name: by_place[:, place] for place, name in enumerate(names)}
    return table_in_memory(columns, WHERE, missing=marks_named(missing))


def column_kinds(
    x: Any, categorical: Any, missing: Any = ()
) -> dict[str, tuple[Column, Typed | None]]:
    """What each column is, and the column as that; None of those that are left out.

    Args:
        x: checked.
        categorical: names or places of categories, or a mask; or `auto`.
        missing: texts and numbers that say that nothing is known, beside the usual ones.

    Raises:
        DataError: if a value is not what the others of its column are.
        SettingsError: if `categorical` names what is not there, or `missing` no marks.
    """
    names = names_of(x)
    table = table_of(x, names, missing)
    chosen = None if isinstance(categorical, str) and categorical == "auto" else named(
        categorical, names)  # fmt: skip
    found: dict[str, tuple[Column, Typed | None]] = {}
    for name in names:
        seen = Seen(name, table.columns[name])
        column = kind_of(seen) if chosen is None else told(seen, name in chosen)
        found[name] = column, None if column.kind == "left out" else sound(table, column)
    tell_zones(table, [column for column, _ in found.values()])
    return found


def tell_zones(table: RawTable, columns: Iterable[Column]) -> None:
    """Warn of times with a zone, as training of a file says it."""
    for column in columns:
        if column.kind == "date" and (cell := table.columns[column.name].zoned):
            warnings.warn(f"{told_of_zone(column.name, cell)}.", UserWarning, stacklevel=2)


def told(seen: Seen, category: bool) -> Column:
    """What a column is where it is said which ones are categories."""
    if not seen.known:
        return Column(seen.name, "left out", "it is empty")
    if seen.raw.declared == "date" and not category:
        return Column(seen.name, "date", "by its type", "iso")
    kind: ColumnKind = "category" if category else "number"
    return column_as(seen, kind, ASKED)


def named(categorical: Any, names: Sequence[str]) -> set[str]:
    """The columns that are categories.

    Raises:
        SettingsError: if one of them is not there.
    """
    given = [] if categorical is None else np.asarray(categorical, object).ravel().tolist()
    if given and all(isinstance(one, bool | np.bool_) for one in given):
        if len(given) != len(names):
            raise SettingsError(
                f"`categorical` is a mask of {len(given):,} columns, and X has {len(names):,}.",
                setting="categorical",
            )
        return {name for name, yes in zip(names, given, strict=True) if yes}
    found: set[str] = set()
    for one in given:
        before = len(found)
        if isinstance(one, str) and one in names:
            found.add(one)
        elif isinstance(one, int | np.integer) and 0 <= one < len(names):
            found.add(names[int(one)])
        else:
            raise SettingsError(
                f"`categorical` names {one!r}, and X has the columns "
                f"{', '.join(map(repr, names[:20]))}.",
                setting="categorical",
            )
        if len(found) == before:
            raise SettingsError(
                f"`categorical` names the column {one!r} twice.",
                hint="Name each column once.",
                setting="categorical",
            )
    return found


def frame_in(mapper: Mapper, x: Any, missing: Any = ()) -> Frame:
    """Checked X as the mapper of `fit` reads it: by place, for names were compared."""
    names = [column.name for column in mapper.columns]
    table = as_written(mapper, table_of(x, names, missing))
    tell_zones(table, mapper.needed)
    return Frame(table.n, {one.name: read(table, one, mapper) for one in mapper.needed})


def held_out(
    n: int,
    classes: npt.NDArray[Any] | None,
    early_stopping: Any,
    fraction: float,
    random: np.random.RandomState,
) -> npt.NDArray[np.bool_]:
    """Which rows are held out to end training early, shape (n,).

    Args:
        n: number of rows.
        classes: of the rows by number, of each of which a part is held out; None: there are none.
        early_stopping: whether; `auto`: from 200 rows on.
        fraction: how much of all.
        random: draws them.

    Raises:
        SettingsError: if a parameter is not allowed.
    """
    if not isinstance(early_stopping, bool | np.bool_) and early_stopping != "auto":
        raise SettingsError(
            f"`early_stopping` must be true, false or auto; it is {early_stopping!r}.",
            setting="early_stopping",
        )
    if not 0 < fraction < 1:
        raise SettingsError(
            f"`validation_fraction` must be above 0 and below 1; it is {fraction!r}.",
            setting="validation_fraction",
        )
    dev = np.zeros(n, bool)
    if early_stopping == "auto":
        early_stopping = n >= STOPPING
    if not early_stopping:
        return dev
    drawn = random.permutation(n)
    if classes is None:
        dev[drawn[: min(n - 2, max(1, round(n * fraction)))]] = True
        return dev
    for one in range(int(classes.max()) + 1):
        rows = drawn[classes[drawn] == one]
        dev[rows[: int(len(rows) * fraction)]] = True
    return dev
