"""Products as kernels call them, compiled once for all: see `hornbook.kernels.products`."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from hornbook.kernels import products
from hornbook.kernels.compiled import calling, linked

__all__ = ["add_dots", "add_product"]

Array = Any
WHOLE = types.int64


def of_product(number: Any) -> Any:
    """The types of `products.add_product`."""
    array = number[::1]
    return types.void(array, WHOLE, array, *[WHOLE] * 3, array, *[WHOLE] * 4)


def of_dots(number: Any) -> Any:
    """Those of `products.add_dots`."""
    array = number[::1]
    return types.void(array, WHOLE, array, WHOLE, array, *[WHOLE] * 4)


@linked("add_product", of_product)
def product(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """What is compiled."""
    products.add_product(c, co, a, ao, row, column, b, bo, n, k, m)


@linked("add_dots", of_dots)
def dots(c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int) -> None:
    """The same."""
    products.add_dots(c, co, a, ao, b, bo, n, k, m)


@intrinsic  # type: ignore[untyped-decorator]
def add_product(
    typing: Any, c: Any, co: Any, a: Any, ao: Any, row: Any, column: Any, b: Any, bo: Any,
    n: Any, k: Any, m: Any,
) -> Any:  # fmt: skip
    """See `products.add_product`."""
    return calling("add_product", c)


@intrinsic  # type: ignore[untyped-decorator]
def add_dots(
    typing: Any, c: Any, co: Any, a: Any, ao: Any, b: Any, bo: Any, n: Any, k: Any, m: Any
) -> Any:
    """See `products.add_dots`."""
    return calling("add_dots", c)
