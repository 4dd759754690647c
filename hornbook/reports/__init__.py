"""Findings, tables and figures in one form for the terminal and the HTML page.

finding    one problem with data or a training run
table      rows of cells with a header
section    a heading with its contents
page       sections as one HTML file
report     what is known about data before training on it
view       a figure of a model, or why there is none
"""

from hornbook.reports.finding import Finding
from hornbook.reports.page import Page
from hornbook.reports.report import Report
from hornbook.reports.section import Section
from hornbook.reports.table import Table
from hornbook.reports.view import View

__all__ = ["Finding", "Page", "Report", "Section", "Table", "View"]
