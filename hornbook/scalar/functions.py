"""The functions of one number that values and tapes compute with, and how each one fails.

Where Python's own message is a riddle ("math domain error"), or its answer a complex number, these
say what is wrong instead. In + − * / floats go their own way: too large becomes infinite, and
infinity minus infinity is not a number.
"""

from __future__ import annotations

import math

__all__ = ["exp", "log", "power", "power_slope", "relu", "sigmoid"]


def exp(x: float) -> float:
    """e to the x.

    Raises:
        OverflowError: above 709.78, where the result is beyond the largest float.
    """
    try:
        return math.exp(x)
    except OverflowError:
        raise OverflowError(f"exp({x:g}) is too large for a float") from None


def log(x: float) -> float:
    """The natural logarithm.

    Raises:
        ValueError: if x is zero or negative.
    """
    try:
        return math.log(x)
    except ValueError:
        raise ValueError(f"log({x:g}) is not a number: the argument must be positive") from None


def power(a: float, b: float) -> float:
    """a to the b; 0 ** 0 is 1.

    Raises:
        ValueError: if a is negative and b is not whole, which has no real result.
        ZeroDivisionError: if a is zero and b negative.
        OverflowError: if the result is beyond the largest float.
    """
    if a < 0.0 and not float(b).is_integer():
        raise ValueError(
            f"({a:g}) ** {b:g} is not a real number: a negative base needs an integer exponent"
        )
    try:
        return float(a**b)
    except ZeroDivisionError:
        raise ZeroDivisionError(f"0 ** {b:g} divides by zero") from None
    except OverflowError:
        raise OverflowError(f"({a:g}) ** {b:g} is too large for a float") from None


def power_slope(a: float, b: float) -> float:
    """d(a ** b)/da = b · a ** (b - 1), and 0 for b = 0.

    Raises:
        ZeroDivisionError: if a is zero and b below 1, where the slope is infinite.
        OverflowError: as `power`.
    """
    return b * power(a, b - 1.0) if b else 0.0


def relu(x: float) -> float:
    """x above zero, else 0; what is not a number stays so."""
    return 0.0 if x <= 0.0 else x


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), of |x| first, so that nothing overflows."""
    e = math.exp(-abs(x))
    return 1.0 / (1.0 + e) if x >= 0.0 else e / (1.0 + e)
