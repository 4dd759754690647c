"""e to the x, in operations that the compiler can do for many numbers at once: libm's cannot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from hornbook.kernels.compiled import kernel, power_of_two

__all__ = ["exponential"]


def exponential(x: Any) -> Any:
    """eˣ to rounding; beyond what a normal number can hold, the last one that can be.

    With n the whole number nearest to x / ln 2, eˣ = 2ⁿ eʳ for r = x - n ln 2, |r| at most 0.35,
    where a few terms of Taylor's series are exact to rounding: r⁸/8! and r¹⁴/14! are below it in
    float32 and float64. ln 2 is subtracted in two parts, of which n times the first is exact. NaN
    stays NaN. n is NumPy's floor, a float: Python's is an int64 in between, which without AVX-512
    no instruction makes of several numbers.
    """
    raise NotImplementedError("this is called in compiled code only")


def constants(kind: Any, parts: tuple[float, ...]) -> tuple[Any, ...]:
    """The same numbers in one precision: a kernel computes in that of its constants."""
    return tuple(kind(part) for part in parts)


LOW32, HIGH32 = constants(np.float32, (-87.0, 88.0))
LOW64, HIGH64 = constants(np.float64, (-708.0, 709.0))
PER32, FIRST32, SECOND32 = constants(np.float32, (1 / math.log(2), 0.693359375, -2.12194440e-4))
PER64, FIRST64, SECOND64 = constants(
    np.float64, (1 / math.log(2), 6.93145751953125e-1, 1.42860682030941723212e-6)
)
HALF32, HALF64 = np.float32(0.5), np.float64(0.5)
A2, A3, A4, A5, A6, A7 = constants(np.float32, tuple(1 / math.factorial(i) for i in range(2, 8)))
B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13 = constants(
    np.float64, tuple(1 / math.factorial(i) for i in range(2, 14))
)
ONE32, ONE64 = np.float32(1), np.float64(1)


@kernel
def in_float32(x: Any) -> Any:
    """Of a float32."""
    x = LOW32 if x < LOW32 else x
    x = HIGH32 if x > HIGH32 else x
    n = np.floor(x * PER32 + HALF32)
    r = (x - n * FIRST32) - n * SECOND32
    series = A2 + r * (A3 + r * (A4 + r * (A5 + r * (A6 + r * A7))))
    return (ONE32 + r + r * r * series) * power_of_two(n)


@kernel
def in_float64(x: Any) -> Any:
    """Of a float64."""
    x = LOW64 if x < LOW64 else x
    x = HIGH64 if x > HIGH64 else x
    n = np.floor(x * PER64 + HALF64)
    r = (x - n * FIRST64) - n * SECOND64
    series = B8 + r * (B9 + r * (B10 + r * (B11 + r * (B12 + r * B13))))
    series = B2 + r * (B3 + r * (B4 + r * (B5 + r * (B6 + r * (B7 + r * series)))))
    return (ONE64 + r + r * r * series) * power_of_two(n)


@overload(exponential, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def choose_exponential(x: Any) -> Any:
    """By the precision of x."""
    compute = {types.float32: in_float32, types.float64: in_float64}.get(x)
    if compute is None:
        return None

    def chosen(x: Any) -> Any:
        return compute(x)

    return chosen
