"""Checked columns and targets of an estimator as data to train on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.errors import DataError
from hornbook.tables.data import TableData, TableRows
from hornbook.tables.frame import Frame, Typed
from hornbook.tables.kinds import Column
from hornbook.tables.mapper import Mapper
from hornbook.tables.target import Target
from hornbook.tables.written import as_label

__all__ = ["data_of", "target_of_classes", "target_of_numbers"]

Floats = npt.NDArray[np.float64]


def target_of_numbers(values: Floats, *, log: bool = False) -> Target:
    """What is learned of numbers; of equal ones, that they are equal.

    Raises:
        ValueError: if one has no logarithm, and that is to be learned.
    """
    if log and values.min() <= 0:
        raise ValueError(f"log_target needs y above 0; the lowest is {values.min():g}.")
    moved = np.log(values) if log else values
    std = float(moved.std())
    spread = std if std > 1e-12 * max(1.0, float(np.abs(moved).max())) else 1.0
    low, high = float(values.min()), float(values.max())
    kind = "logarithm" if log else "number"
    return Target("y", kind, (), float(moved.mean()), spread, low, high)  # type: ignore[arg-type]


def target_of_classes(
    classes: npt.NDArray[Any], numbers: npt.NDArray[Any], weights: Floats
) -> Target:
    """What is learned of classes.

    Args:
        classes: by number, at least two.
        numbers: of the rows.
        weights: of the classes in the loss.
    """
    labels = [as_label(float(one)) if classes.dtype.kind in "iuf" else str(one) for one in classes]
    if len(set(labels)) < len(labels):  # numbers too large to differ as floats
        labels = [f"{place}: {label}" for place, label in enumerate(labels)]
    mean = float(weights[numbers].mean())
    scaled = () if (weights == weights[0]).all() or not mean > 0 else tuple(weights / mean)
    return Target("y", "class", tuple(labels), weights=tuple(map(float, scaled)))


def data_of(
    columns: Mapping[str, tuple[Column, Typed | None]],
    target: Target,
    y: npt.NDArray[Any],
    dev: npt.NDArray[np.bool_],
    min_count: int,
    weights: Floats | None = None,
) -> TableData:
    """Typed columns as data, mapped by what train says.

    Args:
        columns: by name; None of those that are left out.
        target: what is learned.
        y: as it is, shape (n,).
        dev: which rows are held out, shape (n,).
        min_count: a category with fewer rows is read as an unseen one.
        weights: of the rows in the loss, shape (n,); None: all count alike.

    Raises:
        DataError: if no column tells anything.
    """
    known = [column for column, _ in columns.values()]
    frame = Frame(len(y), {name: held for name, (_, held) in columns.items() if held is not None})
    mapper = Mapper.fit(known, frame.take(~dev), min_count)
    if not mapper.categories and not mapper.numbers:
        raise DataError(
            "X has no column to learn from: "
            + "; ".join(f"{column.name!r}: {column.reason}" for column in known[:6])
            + ".",
            hint="Give columns in which rows differ.",
        )
    mapped = mapper.apply(frame)
    splits = {
        name: TableRows(mapped.take(rows), y[rows], None, scaled(weights, rows))
        for name, rows in (("train", ~dev), ("dev", dev))
    }
    return TableData("arrays", "arrays in memory", splits, mapper, target)


def scaled(weights: Floats | None, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32] | None:
    """The weights of some rows, so that their mean is 1; None if there are none, or no rows."""
    if weights is None or not rows.any():
        return None
    found: npt.NDArray[np.float32] = (weights[rows] / weights[rows].mean()).astype(np.float32)
    return found
