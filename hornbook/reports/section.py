"""A part of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.reports.finding import Finding
from hornbook.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """A heading, and the contents under it."""

    title: str
    text: str = ""
    figure: Figure | None = None
    table: Table | None = None
    findings: tuple[Finding, ...] | None = None
    "Empty if no problems were found; None if nothing was checked."
