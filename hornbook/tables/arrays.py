"""Tables that a program has at hand: arrays, lists, mappings of columns, or data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError, SettingsError
from hornbook.runs import Run, train
from hornbook.runs.events import Listener, nobody
from hornbook.runs.prepare import Prepared, Training, refuse_misplaced
from hornbook.settings import Settings
from hornbook.sources.cells import Declared
from hornbook.tables.data import TableData
from hornbook.tables.loading import table_data
from hornbook.tables.marks import marks_named
from hornbook.tables.options import TableOptions
from hornbook.tables.table_in_memory import columns_in, table_in_memory
from hornbook.tasks import task_named
from hornbook.tasks.splits import Parts

__all__ = ["fit", "named_columns", "table_of"]

NAME = "arrays"
WHERE = "arrays in memory"


def fit(
    x_cat: Any = None,
    x_cont: Any = None,
    y: Any = None,
    *,
    dev_rows: Any = None,
    model: str | None = None,
    out: str | Path | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    training: Training = None,
    minutes: float | None = None,
    overwrite: bool = False,
    baseline: bool = True,
    listen: Listener = nobody,
    **options: Any,
) -> Run:
    """Train a model on a table in memory, and save it in a run directory.

        run = hornbook.tables.fit(x_cat, x_cont, y)
        run = hornbook.tables.fit(frame, target="price")

    Numbers are never written as text. What a column of a data frame is, is told by its type
    (categories, dates), and else found as in a file; `categorical`, `numerical`, `dates` and
    `ignore` say it. Texts that mean that nothing is known (NA, null, ?) do so here too, so that a
    file that comes later is read in the same way; `missing` names further ones, texts or numbers
    (`missing=[-999, "k.A."]`).

    Args:
        x_cat: categories, shape (N, columns) or (N,): an array, lists, a data frame, or a mapping
            of columns. Or, without `y`, a whole table: then `target` names the column to predict.
        x_cont: numbers, shape (N, columns) or (N,).
        y: what is predicted, shape (N,): numbers, or classes.
        dev_rows: places of the rows of dev, or a mask of them; all others are train.
        model: the family; by default that of the task.
        out: the run directory, as of `hornbook.train`; so are the settings after it.
        settings: of the family.
        training: training settings.
        minutes: train for so long.
        overwrite: replace an existing run in `out`.
        baseline: evaluate what needs no training on the same data too.
        listen: called with events as they happen.
        options: of the task: `target="price"`, `log_target=True`, `split="80/20"`, `ignore=["id"]`.

    Returns:
        The run. Columns of arrays are called `cat 1`, `cat 2`, ..., `cont 1`, ... and `y` there.

    Raises:
        HornbookError: whatever is wrong with the arrays, the settings or the directory.
    """
    task = task_named("tables")
    if "missing" in options:
        options["missing"] = marks_named(options["missing"])
    refuse_misplaced(options, TableOptions, task.family(model or task.default))
    data = table_of(x_cat, x_cont, y, dev_rows=dev_rows, options=options)
    return train(
        Prepared(task.for_data(data.details), data, options),
        model=model,
        out=out,
        settings=settings,
        training=training,
        minutes=minutes,
        overwrite=overwrite,
        baseline=baseline,
        listen=listen,
    )


def table_of(
    x_cat: Any = None,
    x_cont: Any = None,
    y: Any = None,
    *,
    dev_rows: Any = None,
    options: Mapping[str, Any] | None = None,
) -> TableData:
    """Arrays or a data frame as data, split and mapped; the arguments are those of `fit`.

    Raises:
        DataError: if columns are missing or not of one length, or there is nothing to learn from.
        SettingsError: if the settings do not fit the data.
    """
    given = dict(options or {})
    if "missing" in given:
        given["missing"] = marks_named(given["missing"])
    declared: dict[str, Declared] = {}
    if y is None:
        columns = whole_table(x_cat, x_cont, given)
        where = "the data frame" if hasattr(x_cat, "columns") else "the table"
    else:
        columns, where = named_columns(x_cat, x_cont), "the arrays"
        target = str(given.setdefault("target", getattr(y, "name", None) or "y"))
        if target in columns:
            raise SettingsError(
                f"The target would be called {target!r}, as a column of the data is.",
                hint="Set `target` to another name.",
                setting="target",
            )
        declared = dict.fromkeys(named_columns(x_cat, None), "category")
        numbers = [name for name in columns if name not in declared]
        given["numerical"] = [*given.get("numerical", ()), *numbers]
        columns[target] = y
    how = TableOptions.from_dict(given)
    if how.only:
        raise SettingsError(
            "`only` chooses rows of a file.", hint="Give these rows alone.", setting="only"
        )
    table = table_in_memory(columns, where, missing=how.missing, declared=declared)
    parts = None if dev_rows is None else parts_of(dev_rows, table.n, how)
    return table_data(table, how, NAME, WHERE, parts)


def whole_table(data: Any, x_cont: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a table, the target among them.

    Raises:
        DataError: if there is none.
        SettingsError: if it is not said which column to predict.
    """
    if data is None or x_cont is not None:
        raise DataError(
            "`y` is missing: it is not known what to predict.",
            hint="Give x_cat, x_cont and y; or a data frame alone, with `target`.",
        )
    columns = columns_in(data, "The table")
    if options.get("target") is None:
        raise SettingsError(
            f"It is not said which column to predict; there are {', '.join(map(repr, columns))}.",
            hint="Set `target` to one of them, or give it as `y`.",
            setting="target",
        )
    return columns


def named_columns(x_cat: Any, x_cont: Any) -> dict[str, Any]:
    """The columns of two arrays by name: their own, or `cat 1`, ... and `cont 1`, ...

    Args:
        x_cat: shape (N, columns), (N,), a data frame or a mapping; None: there is none.
        x_cont: as well.

    Raises:
        DataError: if one has another shape, or a name is in both.
    """
    found: dict[str, Any] = {}
    for data, what, prefix in ((x_cat, "x_cat", "cat"), (x_cont, "x_cont", "cont")):
        if data is None:
            continue
        columns = columns_of(data, what, prefix)
        both = sorted(columns.keys() & found.keys())
        if both:
            raise DataError(
                f"x_cat and x_cont both have a column {both[0]!r}.", hint="Rename one of them."
            )
        found |= columns
    return found


def columns_of(data: Any, what: str, prefix: str) -> dict[str, Any]:
    """The columns of an array by name."""
    if isinstance(data, Mapping) or hasattr(data, "columns"):
        return columns_in(data, what)
    if getattr(getattr(data, "dtype", None), "names", None):
        return columns_in(data, what)
    if hasattr(data, "dtype") and not isinstance(data, np.ndarray) and hasattr(data, "to_numpy"):
        return {str(getattr(data, "name", None) or f"{prefix} 1"): data}  # a column of a frame
    array = data if isinstance(data, np.ndarray) else rows_of(data)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise DataError(
            f"{what} must have the shape (rows, columns); its shape is {array.shape}.",
            hint="Give an array with two dimensions, or a data frame.",
        )
    return {f"{prefix} {place + 1}": array[:, place] for place in range(array.shape[1])}


def rows_of(data: Any) -> npt.NDArray[Any]:
    """Lists as an array, in which texts and numbers stay what they are.

    Raises:
        DataError: if rows have different lengths.
    """
    rows: Sequence[Any] = list(data) if hasattr(data, "__iter__") else [data]
    lists = [isinstance(row, list | tuple | np.ndarray) for row in rows]
    lengths = {len(row) for row, is_list in zip(rows, lists, strict=True) if is_list}
    if any(lists) and (len(lengths) > 1 or not all(lists)):
        raise DataError(
            "Rows have different lengths: each needs a value in every column.",
            hint="Give an array of shape (rows, columns).",
        )
    made = np.empty((len(rows), *lengths), object)
    made[:] = rows
    return made


def parts_of(dev_rows: Any, n: int, options: TableOptions) -> Parts:
    """The split of each row.

    Args:
        dev_rows: places of the rows of dev, negative ones from the end; or a mask.
        n: number of rows.
        options: that must not split too.

    Raises:
        DataError: if one is not there, or train would be empty.
        SettingsError: if the options split too.
    """
    splitting = ("split", "split_by", "split_seed", "time", "dev_from", "test_from")
    options.refuse_unless(False, splitting, "data without `dev_rows`")
    rows = np.asarray(dev_rows)
    parts = np.zeros(n, np.int8)
    if rows.dtype == bool and rows.shape == (n,):
        parts[rows] = 1
    elif rows.dtype.kind in "iu" and rows.ndim == 1 and len(rows):
        wrong = rows[(rows < -n) | (rows >= n)]
        if len(wrong):
            raise DataError(
                f"`dev_rows` names row {int(wrong[0]):,}, and there are {n:,} rows (from 0)."
            )
        parts[rows] = 1
    else:
        raise DataError(
            f"`dev_rows` must be places of rows, or a mask of {n:,} truth values; its shape is "
            f"{rows.shape} and its type {rows.dtype}."
        )
    if parts.all() or not parts.any():
        raise DataError(f"`dev_rows` names {'all' if parts.any() else 'no'} rows.")
    return parts
