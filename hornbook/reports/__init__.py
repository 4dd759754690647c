"""Findings, tables, figures and samples in one form for the terminal and the HTML page.

finding    one problem with data or a training run
table      rows of cells with a header
bars       several models by one measure
samples    what a model made, each marked
shaded     a text with shades, for a terminal
advice     something to try
section    a heading with its contents
page       sections as one HTML file
wording    how an interface writes settings and calls
report     what is known about data before training on it
view       a figure of a model, or why there is none

The names are imported when they are first used: a training tells findings, and writes no page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hornbook.first_use import on_first_use

if TYPE_CHECKING:
    from hornbook.reports.advice import Advice
    from hornbook.reports.bars import Bar, Bars
    from hornbook.reports.finding import Finding
    from hornbook.reports.page import Page
    from hornbook.reports.report import Report
    from hornbook.reports.samples import MarkedSample, Samples
    from hornbook.reports.section import Section
    from hornbook.reports.shaded import Shaded
    from hornbook.reports.table import Table
    from hornbook.reports.view import View
    from hornbook.reports.wording import Wording

__all__ = [
    "Advice",
    "Bar",
    "Bars",
    "Finding",
    "MarkedSample",
    "Page",
    "Report",
    "Samples",
    "Section",
    "Shaded",
    "Table",
    "View",
    "Wording",
]

HOMES = {
    "Advice": "hornbook.reports.advice",
    "Bar": "hornbook.reports.bars",
    "Bars": "hornbook.reports.bars",
    "Finding": "hornbook.reports.finding",
    "MarkedSample": "hornbook.reports.samples",
    "Page": "hornbook.reports.page",
    "Report": "hornbook.reports.report",
    "Samples": "hornbook.reports.samples",
    "Section": "hornbook.reports.section",
    "Shaded": "hornbook.reports.shaded",
    "Table": "hornbook.reports.table",
    "View": "hornbook.reports.view",
    "Wording": "hornbook.reports.wording",
}

if not TYPE_CHECKING:  # a checker would take it that every name is there
    __getattr__, __dir__ = on_first_use(__name__, HOMES)
