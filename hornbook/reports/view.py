"""A picture of a model, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.errors import SettingsError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["View"]


@dataclass(frozen=True)
class View:
    """Something to see of a model; nothing is asked of the model before it is drawn or written."""

    name: str
    "A word, fit for a file's name."
    shows: str
    "What is to be seen, in a line."
    drawn: Callable[[], Figure]
    why_not: str = ""
    "Why this model has none; empty if it has one."
    written: Callable[[], str] | None = None
    "The same for a terminal, where it can be."

    def draw(self) -> Figure:
        """Draw it.

        Raises:
            SettingsError: if this model has none, or what was asked cannot be drawn.
        """
        if self.why_not:
            raise SettingsError(f"There is no picture {self.name}: {self.why_not}.")
        return self.drawn()
