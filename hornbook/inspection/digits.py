"""Numbers for people, in the digits that tell something: no finer than what is uncertain."""

from __future__ import annotations

import math

__all__ = ["percent", "rounded", "with_error"]

WHOLE = 0.005  # error of a share, from which on whole percents are told
FINEST, LARGEST = 6, 1e15  # decimals, and size, from which on a power of ten is easier to read


def decimals(error: float) -> int:
    """The decimals of a number that is uncertain by an error: one digit of it, of 1 a second."""
    size = math.floor(math.log10(error))
    return 1 - size if error < 1.95 * 10.0**size else -size


def rounded(value: float, error: float = 0.0) -> str:
    """A number in the digits that its error leaves: 5.26 ± 0.4 is 5.3.

    Args:
        value: the number.
        error: how far it may be off, or the least difference that matters; where it is 0 or not
            known, three digits are told.
    """
    if not math.isfinite(value):
        return str(value)
    if math.isfinite(error) and error > 0:
        places = decimals(max(error, 1e-300))
    else:
        places = 2 - math.floor(math.log10(abs(value))) if value else 0
    if abs(value) >= LARGEST or (places > FINEST and abs(value) < 10.0**-FINEST / 2):
        return f"{value:.1e}" if value else "0"
    return f"{round(value, places) + 0.0:,.{max(0, places)}f}"


def with_error(value: float, error: float) -> str:
    """A number with its error, both as `rounded`; without one that is not known."""
    if not (math.isfinite(error) and error > 0):
        return rounded(value)
    return f"{rounded(value, error)} ± {rounded(error, error)}"


def percent(share: float, error: float = 0.02) -> str:
    """A share in percent, in the digits that its error leaves, whole ones at least."""
    return f"{rounded(100 * share, 2.0 if error >= WHOLE else 100 * error)}%"
