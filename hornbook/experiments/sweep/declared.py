"""The ranges that families declare beside their settings' limits."""

from __future__ import annotations

import typing
from typing import Any

from hornbook.ranges import Around, Choices, Range, spelled
from hornbook.settings import Bounds
from hornbook.tasks import Family
from hornbook.training.settings import TrainingSettings

__all__ = ["declared", "declared_by"]


def declared_by(line: Family) -> dict[str, str]:
    """The ranges that a family declares, as they are written, where no data are known."""
    suited = line.training_for("").as_dict() if line.trained else {}
    found = {}
    for kind in (line.load().Settings, *([TrainingSettings] if line.trained else [])):
        for name, hint in typing.get_type_hints(kind, include_extras=True).items():
            if (span := declared(hint, suited.get(name))) is not None:
                found[name] = spelled(span)
    return found


def declared(hint: Any, suited: Any) -> Range | Choices | None:
    """The range that stands beside a setting's limits; None if none does.

    Args:
        hint: its type.
        suited: the value that is recommended.
    """
    extras = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
    for one in extras:
        if isinstance(one, Range | Choices):
            return one
        if isinstance(one, Around) and suited:
            bounds = next((other for other in extras if isinstance(other, Bounds)), None)
            high = suited * one.factor
            ends = [
                rounded(suited / one.factor),
                rounded(min(high, bounds.high if bounds else high)),
            ]
            return Range(ends[0], ends[1], log=True)
    return None


def rounded(value: float) -> float:
    """A number of two digits: where a range ends matters no more than that."""
    return float(f"{value:.2g}")
