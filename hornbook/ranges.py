"""Ranges of settings: which values of each are worth trying, and how a range is written.

    16..64           every whole number, or any number, from 16 to 64
    1e-3..3e-2:log   each factor as likely: for sizes and rates
    16..64:step=16   16, 32, 48, 64
    relu,tanh        one of these

A settings dataclass declares beside the limits of a field what a search tries where nothing is
asked for:

    n_embd: Annotated[int, Bounds(1, 4096), Range(16, 128, log=True)] = 48
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hornbook.errors import SettingsError

__all__ = ["Around", "Choices", "Range", "spelled", "word"]


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, both included.

    Raises:
        SettingsError: if it is empty, a single value, or cannot be logarithmic.
    """

    low: float
    high: float
    log: bool = False
    "Whether each factor is as likely as another, and not each difference."
    step: float | None = None
    "Distance between two values; None: 1 of whole numbers, none of others."

    def __post_init__(self) -> None:
        told = spelled(self)
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise SettingsError(f"The range {told} has no end.", hint="Give two numbers.")
        if self.low > self.high:
            raise SettingsError(
                f"The range {told} is empty: it begins above its end.",
                hint=f"Write {spelled_number(self.high)}..{spelled_number(self.low)}.",
            )
        if self.low == self.high:
            raise SettingsError(
                f"The range {told} is a single value.",
                hint="Set it as it is set for one training, or give a wider range.",
            )
        if self.log and self.low <= 0:
            raise SettingsError(
                f"The range {told} is logarithmic and does not begin above 0.",
                hint="Begin it above 0, or leave `:log` out.",
            )
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise SettingsError(
                f"The step of the range {told} must be above 0 and at most "
                f"{spelled_number(self.high - self.low)}.",
                hint="Give a smaller step.",
            )
        if self.step is not None and self.log:
            raise SettingsError(
                f"The range {told} has a step and is logarithmic.", hint="Leave one of them out."
            )


@dataclass(frozen=True)
class Choices:
    """Some values, of which none is nearer to another.

    Raises:
        SettingsError: if there are fewer than two, or one twice.
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self.values) < 2:
            raise SettingsError(
                f"There is nothing to choose from in {spelled(self)!r}.",
                hint="Give two values or more, as a,b, or a range, as 16..64.",
            )
        words = list(map(word, self.values))
        twice = next((one for at, one in enumerate(words) if one in words[:at]), None)
        if twice is not None:
            raise SettingsError(f"{twice} stands twice in {spelled(self)}.", hint="Give it once.")


@dataclass(frozen=True)
class Around:
    """Numbers around what is recommended, which hangs on the family and the data: from it divided
    by `factor` to it times `factor`, each factor as likely.
    """

    factor: float


def word(value: Any) -> str:
    """A value as it is written in a list of choices."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "x".join(map(word, value))
    return spelled_number(value) if isinstance(value, int | float) else str(value)


def spelled_number(value: float) -> str:
    """A number, short and exact."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e6):
        return str(int(value))
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def spelled(span: Range | Choices) -> str:
    """A range as it is written."""
    return "".join(parts(span))


def parts(span: Range | Choices) -> Iterator[str]:
    """The parts of a written range."""
    if isinstance(span, Choices):
        yield ",".join(map(word, span.values))
        return
    yield f"{spelled_number(span.low)}..{spelled_number(span.high)}"
    if span.log:
        yield ":log"
    if span.step is not None:
        yield f":step={spelled_number(span.step)}"
