"""Weights of the rows that an estimator learns from, as scikit-learn's `sample_weight`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hornbook.extras import needing

with needing("sklearn", "An estimator"):
    from sklearn.utils import check_array

__all__ = ["weighted_rows"]

Floats = npt.NDArray[np.float64]


def weighted_rows(
    x: Any, y: npt.NDArray[Any], sample_weight: Any
) -> tuple[Any, npt.NDArray[Any], Floats | None]:
    """Rows that count, and how much.

    Args:
        x: checked, shape (n, columns).
        y: checked, shape (n,).
        sample_weight: of the rows, at least 0, shape (n,); None: all count alike.

    Returns:
        X and y without the rows of weight 0, which are as if they were not there; and the weights
        of the others, None where they are equal.

    Raises:
        ValueError: if these are not weights of these rows.
    """
    if sample_weight is None:
        return x, y, None
    weights: Floats = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != y.shape:
        raise ValueError(
            f"sample_weight must have one weight for each of the {len(y):,} rows, shape ({len(y)},)"
            f"; its shape is {weights.shape}."
        )
    if (weights < 0).any():
        row = int(np.flatnonzero(weights < 0)[0])
        raise ValueError(
            f"sample_weight[{row}] is {weights[row]:g}: weights must be 0 or more. To leave a row "
            "out, give it the weight 0."
        )
    counts = weights > 0
    if counts.sum() < 2:
        raise ValueError(
            f"sample_weight is zero for all rows but {int(counts.sum())}: at least two rows with a "
            "weight above zero are needed."
        )
    if not counts.all():
        x, y, weights = taken(x, counts), y[counts], weights[counts]
    return x, y, None if (weights == weights[0]).all() else weights


def taken(x: Any, rows: npt.NDArray[np.bool_]) -> Any:
    """Some rows of an array, or of a data frame of pandas or Polars."""
    if hasattr(x, "iloc"):
        return x.iloc[np.flatnonzero(rows)]
    return x.filter(rows) if hasattr(x, "get_column") else x[rows]
