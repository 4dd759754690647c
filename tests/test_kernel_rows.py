"""Rows of numbers by vectors against NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("numba")

import numba

from hornbook.kernels.compiled import BARE
from hornbook.kernels.rows import (
    add_row,
    add_rows,
    copy_row,
    largest,
    scale_row,
    shift_row,
    total,
)
from hornbook.kernels.vectors import WIDTH

Floats = npt.NDArray[Any]
LANES = WIDTH // 4
COUNTS = (1, 2, LANES - 1, LANES, LANES + 11, 5 * LANES + 7)


@numba.njit(**BARE)  # type: ignore[untyped-decorator]
def each(to: Any, given: Any, count: int, by: Any) -> Any:
    """Each kind, in the midst of other numbers; of the last two what they join."""
    copy_row(to[0], 3, given, 2, count)
    add_row(to[1], 3, given, 2, count)
    shift_row(to[2], 3, given, 2, count, by)
    scale_row(to[3], 3, given, 2, count, by)
    return largest(given, 2, count), total(given, 2, count)


@numba.njit(**BARE)  # type: ignore[untyped-decorator]
def several(to: Any, given: Any, n: int, m: int, added: int) -> None:
    add_rows(to, 3, given, 2, n, m, added)


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_row_is_moved_and_joined(count: int, kind: Any) -> None:
    given = np.full(count + 4, np.nan, kind)
    row = given[2:-2] = np.random.default_rng(count).standard_normal(count) - 9
    by, to = kind(1.5), np.ones((4, count + 8), kind)
    highest, whole = each(to, given, count, by)
    row = row.astype(kind)
    np.testing.assert_array_equal(to[:, 3:-5], [row, row + kind(1), row - by, row * by])
    assert (np.delete(to, np.s_[3:-5], 1) == 1).all(), "what is beside it stays"
    assert highest == row.max(), "all are below 0, which stands for what is not there"
    exact = row.astype(float).sum()
    np.testing.assert_allclose(whole, exact, rtol=1e-6 if kind is np.float32 else 1e-13)


@pytest.mark.parametrize("m", COUNTS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_rows_are_added_up_one_after_the_other(m: int, kind: Any) -> None:
    rows = np.random.default_rng(m).standard_normal((5, m)).astype(kind)
    given = np.concatenate([np.full(2, np.nan, kind), rows.ravel()])
    for added, first in ((1, kind(1)), (0, kind(0))):
        to = np.ones(m + 5, kind)
        several(to, given, 5, m, added)
        expected = np.full(m, first)
        for row in rows:
            expected += row
        np.testing.assert_array_equal(to[3:-2], expected)
        assert (np.delete(to, np.s_[3:-2]) == 1).all()
