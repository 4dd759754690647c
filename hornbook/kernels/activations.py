"""The nonlinearities of transformers; arguments are as of `layers`.

On the way there their slope takes the place of the input, so that the way back is one product. The
net as it is used needs no slope.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from hornbook.kernels.compiled import kernel
from hornbook.kernels.exponential import constants, exponential

__all__ = [
    "gelu", "slope_back", "soft_cap", "soft_cap_back", "squared_relu", "swiglu", "swiglu_back",
    "tanh_gelu",
]  # fmt: skip

Array = Any


def tail(z: Any) -> Any:
    """exp(z²) erfc(z) / 2 for z of at least 0, to rounding.

    In float64 a polynomial in t = 1 / (1 + c z) without a constant, which vanishes as this does at
    infinity: fitted at Chebyshev's points of t, weighted by the inverse of the function, and off by
    5e-15 of itself.
    """
    raise NotImplementedError("this is called in compiled code only")


# Of (1 + 2z) exp(z²) erfc(z) in t = (z - 2) / (z + 2), for z of at least 0 (Shepherd and
# Laframboise 1981): Chebyshev's series of degree 10, within 4e-8 of it, in powers of t.
E0, E1, E2, E3, E4, E5, E6, E7, E8, E9, E10 = constants(
    np.float32,
    (
        1.276978394e+00, -9.276389689e-02, -1.660315385e-01, 1.640529459e-01,
        -5.420296939e-02, -8.041135321e-03, 8.630989691e-03, 1.258056389e-03,
        -1.249528485e-03, -3.446927031e-04, 3.594109963e-05,
    ),
)  # fmt: skip
C64 = np.float64(0.28)
FIT64 = (
    0.15797308339337196, 0.1579730833933318, 0.151780538540777, 0.13939544745800564,
    0.12154610638440876, 0.09968780812312372, 0.07588029261252245, 0.05227901824377365,
    0.032588862042542334, 0.009932731063681255, 0.02522534298232587, -0.06859924573843468,
    0.15966290925988513, -0.3144621154259446, 0.45920206363450133, -0.5161300849607688,
    0.43009709199689855, -0.24959432547431837, 0.09443607610331312, -0.020948878632735424,
    0.002074194999742052,
)  # fmt: skip
HALF32, ONE32, TWO32 = constants(np.float32, (0.5, 1.0, 2.0))
HALF64, ONE64 = np.float64(0.5), np.float64(1)


@kernel
def tail_in_float32(z: Any) -> Any:
    """Of a float32."""
    t = (z - TWO32) / (z + TWO32)
    series = E6 + t * (E7 + t * (E8 + t * (E9 + t * E10)))
    series = E0 + t * (E1 + t * (E2 + t * (E3 + t * (E4 + t * (E5 + t * series)))))
    return HALF32 * series / (ONE32 + TWO32 * z)


@kernel
def tail_in_float64(z: Any) -> Any:
    """Of a float64."""
    t = ONE64 / (ONE64 + C64 * z)
    series = 0.0
    for i in range(len(FIT64) - 1, -1, -1):
        series = FIT64[i] + t * series
    return HALF64 * t * series


@overload(tail, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def choose_tail(z: Any) -> Any:
    """By the precision of z."""
    compute = {types.float32: tail_in_float32, types.float64: tail_in_float64}.get(z)
    if compute is None:
        return None

    def chosen(z: Any) -> Any:
        return compute(z)

    return chosen


@kernel
def gelu(v: Array, x: int, y: int, count: int) -> None:
    """x Φ(x), with the slope Φ(x) + x φ(x).

    Φ and the density φ have e^(-x²/2) in common: for x below 0, Φ(x) is that times `tail(-x / √2)`.
    """
    kind = v.dtype.type
    one, half, zero = kind(1), kind(0.5), kind(0)
    root, density = kind(math.sqrt(0.5)), kind(1 / math.sqrt(2 * math.pi))
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        at = given[j]
        bell = exponential(-half * at * at)
        beyond = bell * tail(abs(at) * root)
        share = beyond if at < zero else one - beyond
        made[j] = at * share
        given[j] = share + at * bell * density


@kernel
def tanh_gelu(v: Array, x: int, y: int, count: int) -> None:
    """x (1 + t) / 2 for t = tanh(s (x + c x³)) = 1 - 2 / (e^(2 s (x + c x³)) + 1)."""
    kind = v.dtype.type
    one, two, half, three = kind(1), kind(2), kind(0.5), kind(3)
    scale, cube = kind(math.sqrt(2 / math.pi)), kind(0.044715)
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        at = given[j]
        square = at * at
        t = one - two / (exponential(two * scale * at * (one + cube * square)) + one)
        share = half * (one + t)
        made[j] = at * share
        given[j] = share + half * at * (one - t * t) * scale * (one + three * cube * square)


@kernel
def squared_relu(v: Array, x: int, y: int, count: int) -> None:
    """max(x, 0)², with the slope 2 max(x, 0); NaN stays NaN."""
    zero, two = v.dtype.type(0), v.dtype.type(2)
    given, made = v[x : x + count], v[y : y + count]
    for j in range(count):
        positive = zero if given[j] < zero else given[j]
        made[j] = positive * positive
        given[j] = two * positive


@kernel
def slope_back(d: Array, v: Array, x: int, y: int, count: int) -> None:
    """dx = dy · slope."""
    dx, dy, slope = d[x : x + count], d[y : y + count], v[x : x + count]
    for j in range(count):
        dx[j] = dy[j] * slope[j]


@kernel
def swiglu(v: Array, x: int, y: int, n: int, m: int) -> None:
    """silu(a) b for the halves of each row: with σ the sigmoid of a, silu is a σ.

    The slopes, b (σ + silu (1 - σ)) and silu, take the places of a and b.
    """
    one = v.dtype.type(1)
    for i in range(n):
        at = x + 2 * i * m
        first, second = v[at : at + m], v[at + m : at + 2 * m]
        made = v[y + i * m : y + (i + 1) * m]
        for j in range(m):
            a, b = first[j], second[j]
            gate = one / (one + exponential(-a))
            silu = a * gate
            made[j] = silu * b
            first[j] = b * (gate + silu * (one - gate))
            second[j] = silu


@kernel
def swiglu_back(d: Array, v: Array, x: int, y: int, n: int, m: int) -> None:
    """Each half of dx is dy times its slope."""
    for i in range(n):
        at, dy = x + 2 * i * m, d[y + i * m : y + (i + 1) * m]
        da, db, by_a, by_b = (
            d[at : at + m], d[at + m : at + 2 * m], v[at : at + m], v[at + m : at + 2 * m]
        )  # fmt: skip
        for j in range(m):
            da[j] = dy[j] * by_a[j]
        for j in range(m):
            db[j] = dy[j] * by_b[j]


@kernel
def soft_cap(v: Array, x: int, count: int, cap: Any, inverse: Any) -> None:
    """In place: cap · tanh(x / cap)."""
    one, two = v.dtype.type(1), v.dtype.type(2)
    part = v[x : x + count]
    for j in range(count):
        part[j] = cap * (one - two / (exponential(two * inverse * part[j]) + one))


@kernel
def soft_cap_back(d: Array, v: Array, x: int, count: int, inverse: Any) -> None:
    """In place: dy (1 - (y / cap)²)."""
    part, y = d[x : x + count], v[x : x + count]
    for j in range(count):
        bent = y[j] * inverse
        part[j] = part[j] - part[j] * bent * bent
