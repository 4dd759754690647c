"""Products as kernels call them, compiled once for all: see `hornbook.kernels.products`."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic

from hornbook.kernels import products
from hornbook.kernels.compiled import calling, kernel, linked

__all__ = ["add_dots", "add_product", "give_product", "make_dots", "make_product"]

Array = Any
WHOLE = types.int64


def of_product(number: Any) -> Any:
    """The types of `products.product`."""
    array = number[::1]
    begin = [array, WHOLE, array, *[WHOLE] * 2]
    return types.void(*begin, array, *[WHOLE] * 3, array, *[WHOLE] * 4)


def of_dots(number: Any) -> Any:
    """Those of `products.dots`."""
    array = number[::1]
    begin = [array, WHOLE, array, *[WHOLE] * 2]
    return types.void(*begin, array, WHOLE, array, *[WHOLE] * 4)


@linked("product", of_product)
def compiled_product(
    c: Array, co: int, f: Array, fo: int, far: int, a: Array, ao: int, row: int, column: int,
    b: Array, bo: int, n: int, k: int, m: int,
) -> None:  # fmt: skip
    """What is compiled."""
    products.product(c, co, f, fo, far, a, ao, row, column, b, bo, n, k, m)


@linked("dots", of_dots)
def compiled_dots(
    c: Array, co: int, f: Array, fo: int, far: int, a: Array, ao: int, b: Array, bo: int, n: int,
    k: int, m: int,
) -> None:  # fmt: skip
    """The same."""
    products.dots(c, co, f, fo, far, a, ao, b, bo, n, k, m)


@intrinsic  # type: ignore[untyped-decorator]
def product(
    typing: Any, c: Any, co: Any, f: Any, fo: Any, far: Any, a: Any, ao: Any, row: Any,
    column: Any, b: Any, bo: Any, n: Any, k: Any, m: Any,
) -> Any:  # fmt: skip
    """See `products.product`."""
    return calling("product", c)


@intrinsic  # type: ignore[untyped-decorator]
def dots(
    typing: Any, c: Any, co: Any, f: Any, fo: Any, far: Any, a: Any, ao: Any, b: Any, bo: Any,
    n: Any, k: Any, m: Any,
) -> Any:  # fmt: skip
    """See `products.dots`."""
    return calling("dots", c)


@kernel
def add_product(
    c: Array, co: int, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C += A B; arguments are as of `products.product`."""
    product(c, co, c, co, m, a, ao, row, column, b, bo, n, k, m)


@kernel
def make_product(
    c: Array, co: int, p: Array, bias: int, a: Array, ao: int, row: int, column: int, b: Array,
    bo: int, n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C = A B, and to each row the bias at `bias` in p, if that is not negative."""
    product(c, co, p, max(bias, 0), min(bias, 0), a, ao, row, column, b, bo, n, k, m)


@kernel
def give_product(
    c: Array, co: int, fresh: bool, a: Array, ao: int, row: int, column: int, b: Array, bo: int,
    n: int, k: int, m: int,
) -> None:  # fmt: skip
    """C = A B if it is to be `fresh`, else C += A B."""
    product(c, co, c, co, -1 if fresh else m, a, ao, row, column, b, bo, n, k, m)


@kernel
def add_dots(
    c: Array, co: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int, m: int
) -> None:
    """C += A Bᵀ; arguments are as of `products.dots`."""
    dots(c, co, c, co, m, a, ao, b, bo, n, k, m)


@kernel
def make_dots(
    c: Array, co: int, p: Array, bias: int, a: Array, ao: int, b: Array, bo: int, n: int, k: int,
    m: int,
) -> None:  # fmt: skip
    """C = A Bᵀ, and to each row the bias at `bias` in p, if that is not negative."""
    dots(c, co, p, max(bias, 0), min(bias, 0), a, ao, b, bo, n, k, m)
