"""A part of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hornbook.actions import Action
from hornbook.reports.advice import Advice
from hornbook.reports.bars import Bars
from hornbook.reports.finding import Finding
from hornbook.reports.samples import Samples
from hornbook.reports.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """A heading, and the contents under it."""

    title: str
    text: str = ""
    "What it shows, for a reader who does not know the field."
    figure: Figure | None = None
    table: Table | None = None
    findings: tuple[Finding, ...] | None = None
    "Empty if no problems were found; None if nothing was checked."
    alt: str = ""
    "The figure in words, for who cannot see it; by default what its axes and lines say."
    bars: Bars | None = None
    samples: Samples | None = None
    advice: tuple[Advice, ...] = ()
    "What to try."
    calls: tuple[Action, ...] = ()
    "Calls to copy."
    note: str = ""
    "A remark on all of this, under it."
    parts: tuple[Section, ...] = ()
    "Sections within this one."
    points: tuple[str, ...] = ()
    "Remarks, one below the other."
