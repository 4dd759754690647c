"""A figure of a model, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.compute.pinned import pinned
from hornbook.errors import SettingsError
from hornbook.plots.drawing import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hornbook.reports.table import Table

__all__ = ["View"]


@dataclass(frozen=True)
class View:
    """A figure of a model; the model is not evaluated before the figure is drawn or written."""

    name: str
    "One word, usable as a file name."
    shows: str
    "What the figure shows, in one line."
    drawn: Callable[[], Figure]
    why_not: str = ""
    "Why this model does not have it; empty if it does."
    written: Callable[[], str] | None = None
    "The same as text for a terminal, if possible."
    tabled: Callable[[], Table] | None = None
    "A table that stands below the figure."

    def draw(self) -> Figure:
        """Draw it.

        Raises:
            SettingsError: if this model does not have it, or it cannot be drawn as requested.
        """
        if self.why_not:
            raise SettingsError(f"Cannot draw the figure {self.name!r}: {self.why_not}.")
        with pinned(), drawing():
            return self.drawn()

    def tabulate(self) -> Table | None:
        """The table below it; None if there is none, or it has no rows."""
        if self.why_not or self.tabled is None:
            return None
        with pinned():
            table = self.tabled()
        return table if table.rows else None

    def write(self) -> str:
        """It as text.

        Raises:
            HornbookError: if this model does not have it, or not as text.
        """
        if self.why_not or self.written is None:
            raise SettingsError(
                f"Cannot write the figure {self.name!r} as text: "
                f"{self.why_not or 'it is only drawn'}."
            )
        with pinned():
            return self.written()
