"""Products of compiled steps against NumPy's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("numba")

from hornbook.kernels.panels import DEEP
from hornbook.kernels.products import (
    EACH,
    FAR,
    MANY,
    SOME,
    TALL,
    add_dots,
    add_product,
    dots,
    product,
)
from hornbook.kernels.vectors import VECTORS, WIDTH

Floats = npt.NDArray[np.float64]
WIDE = FAR // 8 + VECTORS * WIDTH // 8 + 1  # columns in float64, of rows that are far apart
# Rows, what is summed, and columns: of each kind of strip, where B is read as it lies; by panels,
# of all kinds; deeper than a panel; more rows than at a time; no column of a tile left over.
SIZES = [
    (1, 1, 1), (3, 5, 4), (13, 7, WIDTH // 8 + 1), (16, 9, 2 * WIDTH // 8 + 3),
    (8, 0, 5), (0, 4, 5),
    (SOME, 11, 3 * VECTORS * WIDTH // 8), (SOME + 3, 8 * EACH + 1, 31), (MANY + 5, 3, WIDE),
    (MANY, DEEP + 7, WIDE + 2 * WIDTH // 8), (MANY + 1, 6, WIDE + WIDTH // 8), (7, 4, WIDE),
    (TALL + MANY + 2, 5, WIDE), (TALL + 2, DEEP + 3, 33), (2 * SOME, 2 * DEEP, 26),
]  # fmt: skip


def drawn(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


@pytest.mark.parametrize(("n", "k", "m"), SIZES)
def test_products_are_numpys(n: int, k: int, m: int) -> None:
    """Each in the midst of other numbers, which stay."""
    a, b, before = drawn(n, k), drawn(k, m), drawn(n, m)
    exact = before + a @ b
    flat = np.concatenate([np.ones(3), before.ravel(), np.ones(5)])
    held = np.concatenate([np.full(2, np.nan), a.ravel(), np.full(1, np.nan)])
    turned = np.concatenate([np.full(2, np.nan), a.T.ravel(), np.full(1, np.nan)])
    of_b = np.concatenate([np.full(4, np.nan), b.ravel(), np.full(1, np.nan)])
    b_turned = np.concatenate([np.full(4, np.nan), b.T.ravel(), np.full(1, np.nan)])
    straight, crossed, dots = (flat.copy() for _ in range(3))
    add_product(straight, 3, held, 2, k, 1, of_b, 4, n, k, m)
    add_product(crossed, 3, turned, 2, 1, n, of_b, 4, n, k, m)
    add_dots(dots, 3, held, 2, b_turned, 4, n, k, m)
    for found in (straight, crossed, dots):
        np.testing.assert_allclose(found[3:-5].reshape(n, m), exact, rtol=1e-12, atol=1e-12)
        assert (found[:3] == 1).all()
        assert (found[-5:] == 1).all()
    assert (straight == crossed).all()


@pytest.mark.parametrize(("n", "k", "m"), SIZES)
@pytest.mark.parametrize("far", [0, -1], ids=["a bias", "zeros"])
def test_products_begin_from_something_else(n: int, k: int, m: int, far: int) -> None:
    """What was there before is not read."""
    a, b, bias = drawn(n, k), drawn(k, m), drawn(m)
    exact = a @ b + (bias if far == 0 else 0)
    held = np.concatenate([np.full(2, np.nan), bias])
    straight, turned = (np.full(n * m + 2, np.nan) for _ in range(2))
    product(straight, 1, held, 2, far, a.ravel(), 0, k, 1, b.ravel(), 0, n, k, m)
    dots(turned, 1, held, 2, far, a.ravel(), 0, b.T.ravel(), 0, n, k, m)
    for found in (straight, turned):
        np.testing.assert_allclose(found[1:-1].reshape(n, m), exact, rtol=1e-12, atol=1e-12)
        assert np.isnan(found[[0, -1]]).all()


def test_a_row_is_the_same_by_panels_and_without() -> None:
    n, k, m = MANY + 3, DEEP + 5, WIDE
    a, b = drawn(n, k).ravel(), drawn(k, m).ravel()
    together, apart = np.zeros((2, n * m))
    add_product(together, 0, a, 0, k, 1, b, 0, n, k, m)
    for i in range(n):
        add_product(apart, i * m, a, i * k, k, 1, b, 0, 1, k, m)
    assert (together == apart).all()
