"""Sums of two numbers, written out: 1234+567 is 1801."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Annotated

from hornbook.errors import SettingsError
from hornbook.made.kind import Kind, Pair, Part
from hornbook.settings import Bounds, Settings

__all__ = ["ADDITION", "AdditionSettings"]


@dataclass(frozen=True)
class AdditionSettings(Settings):
    """Two numbers. How many digits each has is drawn first, then the number: short ones are seen
    as often as long ones.
    """

    digits: Annotated[int, Bounds(1, 100)] = 4
    "Most digits of a number."
    least_digits: Annotated[int, Bounds(1, 100)] = 1
    "Least digits of a number."
    backwards: bool = False
    "Write the digits of the sum from the last to the first, in the order in which they are found."

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.least_digits > self.digits:
            raise SettingsError(
                f"`least_digits` must be at most `digits`, {self.digits}; it is "
                f"{self.least_digits}.",
                hint="Raise `digits`, or lower `least_digits`.",
                setting="least_digits",
            )


def least_of(digits: int) -> int:
    """The smallest number with as many digits."""
    return 10 ** (digits - 1) if digits > 1 else 0


def columns(settings: AdditionSettings) -> Pair:
    """The names of the columns."""
    return "addition", "sum backwards" if settings.backwards else "sum"


def parts(settings: AdditionSettings) -> Sequence[Part]:
    """A part for each pair of numbers of digits."""
    found = []
    counts = range(settings.least_digits, settings.digits + 1)
    for first, second in product(map(least_of, counts), repeat=2):
        across = (10 * second or 10) - second  # how many numbers have as many digits
        size = ((10 * first or 10) - first) * across
        make = partial(pair, low=(first, second), across=across, backwards=settings.backwards)
        found.append(Part(size, make))
    return found


def pair(number: int, *, low: tuple[int, int], across: int, backwards: bool) -> Pair:
    """The sum of a number.

    Args:
        number: of the sum among those of its part.
        low: the least that each summand can be.
        across: how many numbers the second one can be.
        backwards: as the setting.
    """
    one, other = (least + more for least, more in zip(low, divmod(number, across), strict=True))
    total = str(one + other)
    return f"{one}+{other}", total[::-1] if backwards else total


ADDITION = Kind(AdditionSettings, columns, parts)
